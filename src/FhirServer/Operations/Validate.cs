using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$validate</c>: whether a resource is sound, and whether it would be accepted as a create, an update or a delete.
/// https://hl7.org/fhir/R4/resource-operation-validate.html
/// </summary>
/// <remarks>Answers 200 with what was found, good or bad; an error means that nothing could be validated.</remarks>
internal sealed class Validate(IResourceStore store, StoredDefinitions stored) : IOperation
{
    private static readonly string[] Modes = ["create", "update", "delete", "profile"];
    private static readonly string[] Names = ["resource", "mode", "profile"];

    public string Name => "validate";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Resource-validate";

    public OperationLevels Levels => OperationLevels.System | OperationLevels.Type | OperationLevels.Instance;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<Question> question = ReadQuestion(request);
        if (!question.IsOk)
        {
            return question.Error;
        }

        if (question.Value.Mode == "delete")
        {
            return await CheckDeleteAsync(request, cancellationToken);
        }

        StoredVersion[] disclosed = [];
        if (question.Value.Resource is not { } resource)
        {
            // R4: without content a resource of the server is meant, which mode=profile asks for by name.
            Result<StoredVersion> version = await Read.FindAsync(store, request, cancellationToken);
            if (!version.IsOk)
            {
                return version.Error;
            }

            resource = FhirJson.Read(version.Value.Json).Root;
            disclosed = [version.Value];
        }

        List<Issue> issues = [.. question.Value.Faults, .. CheckTarget(request, question.Value, resource)];
        if (question.Value.Mode == "update" && request.Conditions.IfMatch is not null && await CheckVersionAsync(request, cancellationToken) is { } conflict)
        {
            issues.Add(conflict);
        }

        Result<IReadOnlyList<Issue>> found = await ValidateAsync(request, question.Value, resource, cancellationToken);
        return found.IsOk ? FhirResponse.Of(OperationOutcome.ToJson([.. issues, .. found.Value])) with { Disclosed = disclosed } : found.Error;
    }

    /// <param name="Resource">Null when a stored resource is meant.</param>
    /// <param name="Faults">What its text has against it already.</param>
    private sealed record Question(Element? Resource, IReadOnlyList<Issue> Faults, string? Mode, string? Profile);

    private async ValueTask<Result<IReadOnlyList<Issue>>> ValidateAsync(FhirRequest request, Question question, Element resource, CancellationToken cancellationToken)
    {
        string[] claimed = [.. resource.Child("meta") is { Exists: true } meta ? meta.ChildrenOf("profile").ToList().Select(profile => profile.Text).OfType<string>() : []];
        string[] asked = question.Profile is { } profile ? [profile] : [];
        Result<Knowledge> knowledge = await stored.ForAsync(
            request.Requester.Scope, [.. asked.Concat(claimed).Select(canonical => new Needed(DefinitionKind.StructureDefinition, canonical))], [], cancellationToken);
        if (!knowledge.IsOk)
        {
            return knowledge.Error;
        }

        if (question.Profile is not null && knowledge.Value.Definitions.Structure(question.Profile) is null)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.NotFound, $"The profile {SearchPath.Shown(question.Profile)} is not known here, so nothing can be validated against it.");
        }

        var options = new ValidationRequest
        {
            Profiles = asked,
            Mode = question.Mode switch { "create" => ValidationMode.Create, "update" => ValidationMode.Update, _ => ValidationMode.Resource },
        };
        return Result.Of(knowledge.Value.Validator.Validate(resource, options));
    }

    private static IEnumerable<Issue> CheckTarget(FhirRequest request, Question question, Element resource)
    {
        if (request.Target.Type is { } type && resource.Type != type)
        {
            yield return Issue.Error(IssueType.Invalid, $"The resource is a {resource.Type.Name}; this url is for {type.Name}.", resource.Type.Name);
        }

        string? id = resource.Child("id") is { Exists: true } child ? child.Text : null;
        if (request.Target.Id is { } expected && question is { Resource: not null, Mode: "update" } && id is not null && id != expected)
        {
            yield return Issue.Error(IssueType.Value, "The resource has another id than the url; an update would be refused.", $"{resource.Type.Name}.id");
        }
    }

    private async ValueTask<Issue?> CheckVersionAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<StoredVersion> current = await Read.FindAsync(store, request, cancellationToken);
        return current.IsOk && EntityTags.Includes(request.Conditions.IfMatch, current.Value.Version)
            ? null
            : Issue.Error(IssueType.Conflict, "The resource does not stand at the version that If-Match names; an update would be refused.");
    }

    /// <summary>Nothing stands in the way of a delete but that there is nothing to delete, which makes it succeed without effect.</summary>
    private async ValueTask<Result<FhirResponse>> CheckDeleteAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<StoredVersion> current = await Read.FindAsync(store, request, cancellationToken);
        return current.IsOk ? FhirResponse.Of(OperationOutcome.ToJson([])) with { Disclosed = [current.Value] } : current.Error;
    }

    private static Result<Question> ReadQuestion(FhirRequest request)
    {
        var question = new Question(null, [], null, null);
        foreach (QueryParameter parameter in request.Query)
        {
            if (Set(ref question, parameter.Name, parameter.Value) is { } error)
            {
                return error;
            }
        }

        if (request.Verb == HttpVerb.Post && !request.Body.IsEmpty)
        {
            Result<ReadResult> content = ResourceBody.ReadWithFaults(request.Body);
            if (!content.IsOk)
            {
                return content.Error;
            }

            Result<Question> read = ReadContent(request, question, content.Value);
            if (!read.IsOk)
            {
                return read.Error;
            }

            question = read.Value;
        }

        return Check(request, question) is { } fault ? fault : question;
    }

    private static FhirError? Check(FhirRequest request, Question question)
    {
        bool isInstance = request.Target.Id is not null;
        return question switch
        {
            { Mode: "update" or "delete" or "profile" } when !isInstance =>
                FhirError.Invalid($"The mode '{question.Mode}' speaks of a resource that exists: call $validate on it, as Type/id/$validate."),
            { Mode: "profile", Resource: not null } => FhirError.Invalid("With the mode 'profile' the resource of the url is validated; send none."),
            { Mode: "profile", Profile: null } => FhirError.Of(ErrorKind.Invalid, IssueType.Required, "The mode 'profile' needs the parameter 'profile'."),
            { Mode: "create" or "update", Resource: null } or { Mode: null, Resource: null } when !isInstance || question.Mode is not null =>
                FhirError.Of(ErrorKind.Invalid, IssueType.Required, "There is no resource to validate: send it as the content, or as 'resource' in a Parameters resource."),
            _ => null,
        };
    }

    private static Result<Question> ReadContent(FhirRequest request, Question question, ReadResult content)
    {
        Element root = content.Tree!.Root;
        List<Element> parameters = root.Type.Name == "Parameters" ? root.ChildrenOf("parameter").ToList() : [];
        bool isEnvelope = parameters.Exists(parameter => Names.Contains(NameOf(parameter)));
        if (!isEnvelope && (root.Type.Name != "Parameters" || request.Target.Type?.Name == "Parameters" || content.Issues.Count > 0 || parameters.Count > 0))
        {
            return question with { Resource = root, Faults = content.Issues };
        }

        string? inside = null;
        foreach (Element parameter in parameters)
        {
            if (NameOf(parameter) == "resource" && parameter.Child("resource") is { Exists: true } resource)
            {
                if (question.Resource is not null)
                {
                    return FhirError.Invalid("The parameter 'resource' may stand only once.");
                }

                // On its own, so that expressions start at the resource and not at its envelope.
                inside = resource.Expression;
                question = question with { Resource = FhirJson.Read(FhirJson.ToBytes(resource)).Tree!.Root, Faults = FaultsWithin(content.Issues, inside, resource.Type.Name) };
            }
            else if (Set(ref question, NameOf(parameter), parameter.Child("value") is { Exists: true } value ? value.Text : null) is { } error)
            {
                return error;
            }
        }

        Issue[] outside = [.. content.Issues.Where(issue => inside is null || !IsWithin(issue, inside))];
        return outside.Length == 0 ? question : new FhirError(ErrorKind.Invalid, outside);
    }

    private static FhirError? Set(ref Question question, string name, string? value)
    {
        switch (name)
        {
            case "mode" when value is not null && Modes.Contains(value):
                question = question with { Mode = value };
                return null;
            case "mode":
                return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"'{SearchPath.Shown(value ?? "")}' is no mode; there are {string.Join(", ", Modes)}.");
            case "profile" when !string.IsNullOrEmpty(value):
                question = question with { Profile = value };
                return null;
            default:
                return FhirError.Of(ErrorKind.Invalid, IssueType.NotSupported, $"There is no parameter '{SearchPath.Shown(name)}' with such a value; there are {string.Join(", ", Names)}.");
        }
    }

    private static bool IsWithin(Issue issue, string place) =>
        issue.Expression is { } expression && (expression == place || expression.StartsWith(place + ".", StringComparison.Ordinal));

    private static Issue[] FaultsWithin(IReadOnlyList<Issue> issues, string place, string type) =>
        [.. issues.Where(issue => IsWithin(issue, place)).Select(issue => issue with { Expression = type + issue.Expression![place.Length..] })];

    private static string NameOf(Element parameter) => parameter.Child("name") is { Exists: true } name ? name.Text ?? "" : "";
}
