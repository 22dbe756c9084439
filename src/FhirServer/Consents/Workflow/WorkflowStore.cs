using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// What the steps of the workflow share. They read and write in the server's name, because each step decides by itself who may take it: a requester writes
/// no Consent of a patient whom she does not see, and a patient no Task. Nothing that is read here reaches anybody but by such a decision.
/// </summary>
internal sealed class WorkflowStore(
    IResourceStore store, Commits commits, Content content, SearchReader reader, Vocabulary vocabulary, OrganisationDirectory organisations, ServerOptions options, TimeProvider time)
{
    private static readonly AccessScope Scope = AccessScope.System("consent workflow");

    public DateTimeOffset Now => time.GetUtcNow();

    public string? ServerBase => options.BaseUrl;

    /// <summary>Compares what is agreed to with what was asked for.</summary>
    public Narrowing Narrowing { get; } = new(vocabulary, reference => organisations.Find(reference)?.PartOf);

    /// <summary>What a Consent says, or would say once it is active.</summary>
    public ConsentRules RulesOf(System.Text.Json.Nodes.JsonObject consent)
    {
        var active = consent.DeepClone().AsObject();
        active["status"] = "active";
        return ConsentRules.Read(ConsentTexts.Read(active), vocabulary, options.BaseUrl);
    }

    /// <summary>The current version; null when there is none.</summary>
    public async ValueTask<StoredVersion?> ReadAsync(ResourceKey key, CancellationToken cancellationToken) =>
        await store.ReadAsync(Scope, key, cancellationToken) is { IsDeleted: false } version ? version : null;

    /// <summary>The one patient who has that identifier, and was born on that day if one is given; null for none, or several.</summary>
    public async ValueTask<StoredVersion?> FindPatientAsync(string system, string value, string? birthDate, CancellationToken cancellationToken)
    {
        QueryParameter[] query = [new("identifier", $"{Escaped(system)}|{Escaped(value)}"), .. birthDate is null ? Array.Empty<QueryParameter>() : [new("birthdate", birthDate)]];
        return await SearchAsync("Patient", query, 2, cancellationToken) is [var only] && IsKnownBy(only, system, value, birthDate) ? only : null;
    }

    /// <summary>What an organisation proposed to a patient and waits for her answer.</summary>
    public ValueTask<Result<Match>> ProposalsAsync(string patient, string organisation, int most, CancellationToken cancellationToken) =>
        FindAsync(ConsentRequest.ConsentType, [new("patient", patient), new("status", "proposed"), new("organization", organisation)], most, cancellationToken);

    /// <summary>The request by which a Consent was proposed, as long as it can be answered; null when there is none.</summary>
    public async ValueTask<ConsentRequest?> FindOpenAsync(StoredVersion proposal, CancellationToken cancellationToken) =>
        await SearchAsync(ConsentRequest.Type, [new("focus", proposal.Key.ToString()), new("status", ConsentRequest.Open)], 1, cancellationToken) is [var task]
        && ConsentRequest.Read(task, options.BaseUrl) is { } request
        && request.Proposes(proposal, options.BaseUrl)
        && request.Until > Now.UtcTicks ? request : null;

    /// <summary>Whether a patient has that identifier and was born on that day.</summary>
    public static bool IsKnownBy(StoredVersion patient, string system, string value, string? birthDate)
    {
        Element root = FhirJson.Read(patient.Json).Root;
        if (birthDate is not null && root.TextOf("birthDate") != birthDate)
        {
            return false;
        }

        foreach (Element identifier in root.ChildrenOf("identifier"))
        {
            if (identifier.TextOf("system") == system && identifier.TextOf("value") == value)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Commits what a step thought out; when others were faster, it is thought out again.</summary>
    public ValueTask<Result<FhirResponse>> CommitAsync(FhirRequest request, Func<CancellationToken, ValueTask<Result<Draft>>> think, CancellationToken cancellationToken) =>
        commits.CommitAsync(request with { Requester = request.Requester with { Scope = Scope } }, think, cancellationToken);

    /// <summary>A resource as it will be stored, checked as everything that is stored.</summary>
    public Result<CheckedPut> ToPut(FhirRequest request, ResourceKey key, System.Text.Json.Nodes.JsonObject resource, bool isNew = false)
    {
        Element root = ConsentTexts.Read(resource);
        return content.ToPut(new PutPlan(key, root, []) { IsPosted = isNew, IsWorkflow = true }, new ResourceEdit(root), request);
    }

    /// <summary>Why somebody may not ask for access: only who acts for an organisation that is verified may, and not in every role.</summary>
    public static FhirError? RefuseAsking(Requester requester) =>
        requester.Role is not (Role.Practitioner or Role.Backend or Role.Insurer or Role.Researcher) ? Forbidden("Practitioners, insurers, researchers and systems ask patients for access.")
        : requester.Organisation is null || requester.Rights is not { MayActForOrganisation: true } ? Forbidden("Only who acts for a verified organisation asks patients for access.")
        : null;

    private async ValueTask<IReadOnlyList<StoredVersion>> SearchAsync(string type, QueryParameter[] query, int count, CancellationToken cancellationToken) =>
        await FindAsync(type, query, count, cancellationToken) is { IsOk: true } found ? found.Value.Found : [];

    private async ValueTask<Result<Match>> FindAsync(string type, QueryParameter[] query, int count, CancellationToken cancellationToken)
    {
        Result<SearchPlan> plan = reader.Read(new SearchContext { Types = [ResourceTypes.Find(type)!], Handling = SearchHandling.Strict, ServerBase = options.BaseUrl }, query);
        if (!plan.IsOk)
        {
            return plan.Error;
        }

        Result<SearchPage> found = await store.SearchAsync(Scope, plan.Value.Request with { Count = count }, cancellationToken);
        return found.IsOk
            ? new Match(new Finds(type, plan.Value.Request.Criterion, [.. found.Value.Matches.Select(version => version.Key)]), found.Value.Matches)
            : found.Error;
    }

    public static FhirError Forbidden(string message) => FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, message);

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char letter in text)
        {
            // https://hl7.org/fhir/R4/search.html#escaping
            escaped.Append(letter is '\\' or ',' or '$' or '|' ? "\\" : "").Append(letter);
        }

        return escaped.ToString();
    }
}
