using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
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
internal sealed class Content(Validator validator, ServerOptions options)
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

    /// <summary>Makes the write of a plan: gives the resource its id and checks it as it will be stored.</summary>
    /// <param name="edit">Further changes to the plan's resource, such as references that were resolved.</param>
    public Result<CheckedPut> ToPut(PutPlan plan, ResourceEdit edit)
    {
        if (IdOf(plan.Resource) != plan.Key.Id)
        {
            edit.SetId(plan.Key.Id);
        }

        Element resource = edit.ToTree().Root;
        IReadOnlyList<Issue> issues = options.Validation switch
        {
            ValidationLevel.Structure => [],
            ValidationLevel.Base => validator.Validate(resource, BasicRules),
            _ => validator.Validate(resource),
        };
        return issues.Any(issue => issue.IsError)
            ? new FhirError(KindOf(resource), issues)
            : new CheckedPut(new Put(plan.Key, resource) { IsPosted = plan.IsPosted }, issues);
    }

    /// <summary>Validates once more, which only who sent a faulty resource waits for.</summary>
    private ErrorKind KindOf(Element resource) =>
        validator.Validate(resource, BasicRules).Any(issue => issue.IsError) ? ErrorKind.Invalid : ErrorKind.Unprocessable;
}
