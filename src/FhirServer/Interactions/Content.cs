using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>A write whose resource was found fit to be stored.</summary>
/// <param name="Issues">Hints and warnings.</param>
internal readonly record struct CheckedPut(Put Put, IReadOnlyList<Issue> Issues);

/// <summary>Reads and checks the resources that are to be stored.</summary>
/// <remarks>
/// R4 on create and update: 400 when "the resource could not be parsed or failed basic FHIR validation rules", 422 when it "violated
/// applicable FHIR profiles or server business rules".
/// </remarks>
internal sealed class Content(Validator validator, Labeller labeller, ActiveConsents consents, SubscriptionWrites subscriptions, ServerOptions options)
{
    private static readonly ValidationRequest BasicRules = new() { ClaimedProfiles = false };

    /// <summary>The resource of a request, which must be of the type that the url names.</summary>
    public static Result<Element> Read(RequestBody body, TypeSchema type)
    {
        Result<Element> resource = ResourceBody.Read(body);
        return !resource.IsOk || ReferenceEquals(resource.Value.Type, type)
            ? resource
            : FhirError.Invalid($"The resource is of type {resource.Value.Type.Name}; the url is that of {type.Name}.", resource.Value.Type.Name);
    }

    public static string? IdOf(Element resource) => resource.Child("id") is { Exists: true } id ? id.Text : null;

    /// <summary>Makes the write of a plan: gives the resource its id, checks it, and gives it the security labels that it has to have.</summary>
    /// <param name="edit">Further changes to the plan's resource, such as references that were resolved.</param>
    /// <param name="request">In whose name it is written, and by which FHIR base the client knows this server.</param>
    public Result<CheckedPut> ToPut(PutPlan plan, ResourceEdit edit, FhirRequest request)
    {
        if (IdOf(plan.Resource) != plan.Key.Id)
        {
            edit.SetId(plan.Key.Id);
        }

        Element resource = options.BaseUrl is null ? WithOwnReferences(edit.ToTree().Root, request.BaseUrl) : edit.ToTree().Root;
        if (plan.NewPatient is not null)
        {
            resource = RecordHolder.Of(resource, request.Requester);
        }

        // Patients answer by what such a Task says of who asks, why and what for.
        if (!plan.IsWorkflow && !request.Requester.Scope.SeesEverything && ConsentRequest.Is(resource))
        {
            return FhirError.Of(
                ErrorKind.Forbidden, IssueType.Forbidden, "Requests for access are made by $request-access, answered by $approve and $reject and withdrawn by $withdraw, and not written otherwise.", "Task.code");
        }

        Result<Element> labelled = labeller.Label(resource, plan.Before, plan.Relabels);
        if (!labelled.IsOk)
        {
            return labelled.Error;
        }

        IReadOnlyList<Issue> issues = options.Validation switch
        {
            ValidationLevel.Structure => [],
            ValidationLevel.Base => validator.Validate(resource, BasicRules),
            _ => validator.Validate(resource),
        };
        if (issues.Any(issue => issue.IsError))
        {
            return new FhirError(KindOf(resource), issues);
        }

        if (consents.Refuse(resource) is { } refusal)
        {
            return refusal;
        }

        var put = new Put(plan.Key, labelled.Value) { IsPosted = plan.IsPosted };
        if (plan.Key.Type != SubscriptionTerms.Type)
        {
            return new CheckedPut(put, issues);
        }

        Result<Put> subscription = subscriptions.Prepare(put, request.Requester);
        return subscription.IsOk ? new CheckedPut(subscription.Value, issues) : subscription.Error;
    }

    /// <summary>
    /// A reference by the full url of this server means the same as a relative one (https://hl7.org/fhir/R4/references.html#literal). A store that is told its
    /// url takes it so; where each client may use another name for the server, only the request knows, so the reference is written as a relative one.
    /// </summary>
    private static Element WithOwnReferences(Element resource, string baseUrl)
    {
        byte[] start = Encoding.UTF8.GetBytes(baseUrl + "/");

        // Some writers escape slashes.
        if (resource.Tree.Json.Span.IndexOf(start) < 0 && resource.Tree.Json.Span.IndexOf("\\/"u8) < 0)
        {
            return resource;
        }

        var edit = new ResourceEdit(resource);
        Relativize(resource, start, edit);
        return edit.ToTree().Root;
    }

    private static void Relativize(Element element, byte[] start, ResourceEdit edit)
    {
        for (Element child = element.FirstChild; child.Exists; child = child.NextSibling)
        {
            if (child.Name == "reference" && element.Type.Name == "Reference" && child.HasValue && child.Text!.StartsWith(Encoding.UTF8.GetString(start), StringComparison.Ordinal)
                && LiteralReference.Parse(child.Value[start.Length..]) is { Type: not null } relative && relative.Server.Equals(..0))
            {
                edit.SetText(child, Encoding.UTF8.GetString(child.Value[start.Length..]));
            }

            if (child.HasChildren)
            {
                Relativize(child, start, edit);
            }
        }
    }

    /// <summary>Validates once more, which only who sent a faulty resource waits for.</summary>
    private ErrorKind KindOf(Element resource) =>
        validator.Validate(resource, BasicRules).Any(issue => issue.IsError) ? ErrorKind.Invalid : ErrorKind.Unprocessable;
}
