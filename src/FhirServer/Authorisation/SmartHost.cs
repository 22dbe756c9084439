using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;

namespace HealthChain.FhirServer.Authorisation;

/// <summary>The FHIR server as the authorisation server sees it. What it reads for a user, it reads as that user, by the same way in as all requests.</summary>
internal sealed class SmartHost(FhirService service, AccessDecisions decisions, AccessLog log, IOrganisationStatus organisations, ServerOptions options) : ISmartHost
{
    private const string PageSize = "20";
    private const string PatientPath = "Patient";

    private static readonly ScopeSet ChoosingPatients = ScopeSet.Parse("user/Patient.rs");

    public async ValueTask<IReadOnlyList<PatientChoice>> FindPatientsAsync(Person user, string text, CancellationToken cancellationToken)
    {
        string asked = text.Trim();
        IReadOnlyList<PatientChoice> found = await SearchAsync(user, asked.Length == 0 ? null : new QueryParameter("name", asked), cancellationToken);
        return found.Count > 0 || asked.Length == 0 ? found : await SearchAsync(user, new QueryParameter("identifier", asked), cancellationToken);
    }

    public async ValueTask<PatientChoice?> FindPatientAsync(Person user, string id, CancellationToken cancellationToken)
    {
        if (RequestTarget.Read($"{PatientPath}/{id}") is not { Kind: TargetKind.Instance } target)
        {
            return null;
        }

        Result<FhirResponse> read = await service.AnswerAsync(Request(user, target), cancellationToken);
        return read.IsOk ? ChoiceOf(read.Value.Json) : null;
    }

    public bool IsVerified(string organisation) => organisations.IsCurrent(organisation);

    public string? RefuseScope(ResourceScope scope) => decisions.Scopes.Refuse(scope);

    public ValueTask<bool> RecordAsync(SmartEvent happened, CancellationToken cancellationToken) => log.RecordAsync(happened);

    private async ValueTask<IReadOnlyList<PatientChoice>> SearchAsync(Person user, QueryParameter? criterion, CancellationToken cancellationToken)
    {
        FhirRequest request = Request(user, RequestTarget.Read(PatientPath)!.Value) with
        {
            Query = [.. criterion is { } narrowing ? [narrowing] : Array.Empty<QueryParameter>(), new("_count", PageSize), new("_sort", "name")],
        };
        Result<FhirResponse> found = await service.AnswerAsync(request, cancellationToken);
        return found is { IsOk: true, Value.Bundle: { } bundle }
            ? [.. bundle.Entries.Where(entry => entry.Role == EntryRole.Match).Select(entry => ChoiceOf(entry.Resource)).OfType<PatientChoice>()]
            : [];
    }

    private FhirRequest Request(Person user, RequestTarget target) => new()
    {
        Verb = HttpVerb.Get,
        Target = target,
        Requester = decisions.Of(
            new Requester(user.Account, new ClosedScope(user.Account)) { Role = user.Role, FhirUser = user.FhirUser, Organisation = user.Organisation },
            user.Role,
            ChoosingPatients,
            patientInContext: null).Requester,
        BaseUrl = options.BaseUrl ?? "",
    };

    private static PatientChoice? ChoiceOf(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement patient = document.RootElement;
        return patient.TryGetProperty("id", out JsonElement id) && id.GetString() is { } text
            ? new PatientChoice(text, NameOf(patient), Text(patient, "birthDate"), Text(patient, "gender"))
            : null;
    }

    /// <summary>The name as one reads it: the text that somebody wrote, or its parts.</summary>
    private static string NameOf(JsonElement patient)
    {
        if (!patient.TryGetProperty("name", out JsonElement names) || names.ValueKind != JsonValueKind.Array || names.GetArrayLength() == 0)
        {
            return "A patient without name";
        }

        JsonElement name = names[0];
        if (Text(name, "text") is { } whole)
        {
            return whole;
        }

        IEnumerable<string?> given = name.TryGetProperty("given", out JsonElement parts) && parts.ValueKind == JsonValueKind.Array ? parts.EnumerateArray().Select(part => part.GetString()) : [];
        return string.Join(' ', given.Append(Text(name, "family")).OfType<string>());
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
