using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;

namespace HealthChain.FhirServer.Organisations;

/// <summary>
/// <c>$verify</c> and <c>$suspend</c> of an Organization: an administrator declares that it is verified, or not any more. Each makes a
/// VerificationResult, as one could by a create; these leave nothing out and nothing to misspell.
/// </summary>
internal sealed class Declare(string name, SingleWrite write, OrganisationDirectory organisations, DefinitionSet definitions, TimeProvider time) : IOperation
{
    public const string Verify = "verify";
    public const string Suspend = "suspend";

    public string Name => name;

    public string Definition => $"{OwnDefinitions.Canonical}Organization-{name}";

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [Organisation.Type];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (Administrators.Refuse(request.Requester) is { } refusal)
        {
            return refusal;
        }

        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        string organisation = $"{Organisation.Type}/{request.Target.Id}";
        if (organisations.Find(organisation) is null)
        {
            return FhirError.NotFound("There is no such Organization.");
        }

        string json = StatementOf(organisation, request.Requester, input.Value).ToJsonString();
        Result<FhirRequest> create = await Admission.DecideAsync(
            request with
            {
                Verb = HttpVerb.Post,
                Target = RequestTarget.Read(Verification.Type)!.Value,
                Query = [],
                Conditions = Preconditions.None,
                Body = RequestBody.Of(FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root),
            },
            cancellationToken);
        return create.IsOk ? await write.AnswerAsync(create.Value, cancellationToken) : create.Error;
    }

    private JsonObject StatementOf(string organisation, Requester requester, OperationInput input)
    {
        DateTimeOffset now = time.GetUtcNow();
        var attestation = new JsonObject { ["date"] = now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) };
        if (requester.FhirUser is { } user && (user.StartsWith("Practitioner", StringComparison.Ordinal) || user.StartsWith(Organisation.Type + "/", StringComparison.Ordinal)))
        {
            attestation["who"] = new JsonObject { ["reference"] = user };
        }

        var statement = new JsonObject
        {
            ["resourceType"] = Verification.Type,
            ["target"] = new JsonArray(new JsonObject { ["reference"] = organisation }),
            ["status"] = name == Verify ? "validated" : "reval-fail",
            ["statusDate"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["attestation"] = attestation,
        };
        if (input.Text(name == Verify ? "process" : "reason") is { } process)
        {
            statement["validationProcess"] = new JsonArray(new JsonObject { ["text"] = process });
        }

        if (name == Verify && input.Text("until") is { } until)
        {
            statement["nextScheduled"] = until;
        }

        return statement;
    }
}
