using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations.Matching;

/// <summary>
/// <c>$match</c>: the patients who may be the one described. https://hl7.org/fhir/R4/patient-operation-match.html
/// </summary>
/// <remarks>
/// Candidates come from a few searches by what is hardly ever wrong together (an identifier, a name and a birth date, a telephone
/// number ...); <see cref="MatchWeights"/> says how likely each is.
/// </remarks>
internal sealed class PatientMatch(IResourceStore store, SearchReader searches, DefinitionSet definitions) : IOperation
{
    /// <summary>Most candidates of one search; a name that is shared by more tells too little.</summary>
    private const int MaxCandidates = 200;

    private const int MaxSearches = 24;
    private const int DefaultCount = 20;

    /// <summary>Letters of a family name that a typing error rarely hits.</summary>
    private const int SafeLetters = 2;

    public string Name => "match";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Patient-match";

    public OperationLevels Levels => OperationLevels.Type;

    public IReadOnlyList<string> Types { get; } = ["Patient"];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        Element patient = input.Value.Value("resource");
        if (patient.Type.Name != "Patient")
        {
            return FhirError.Invalid($"A patient is expected to be matched, not a {patient.Type.Name}.");
        }

        int count = input.Value.Integer("count") ?? DefaultCount;
        if (count < 1)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, "'count' must be 1 or more.");
        }

        Demographics asked = Demographics.Of(patient);
        QueryParameter[][] queries = [.. Queries(asked).Take(MaxSearches)];
        if (queries.Length == 0)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "There is too little to match by: give an identifier, a family name, a telephone number or a mail address.");
        }

        Result<Candidates> found = await FindAsync(request, queries, cancellationToken);
        return found.IsOk
            ? Answer(request, asked, found.Value, input.Value.Boolean("onlyCertainMatches") ?? false, count)
            : found.Error;
    }

    private sealed record Candidates(IReadOnlyCollection<StoredVersion> Patients, bool AreAll);

    private async ValueTask<Result<Candidates>> FindAsync(FhirRequest request, QueryParameter[][] queries, CancellationToken cancellationToken)
    {
        var patients = new Dictionary<ResourceKey, StoredVersion>();
        bool areAll = true;
        foreach (QueryParameter[] query in queries)
        {
            Result<SearchPlan> plan = searches.Read(new SearchContext { Types = [request.Target.Type!], Handling = SearchHandling.Strict }, query);
            if (!plan.IsOk)
            {
                // A value that makes no search, such as an incomplete date, is none that candidates can be found by.
                continue;
            }

            Result<SearchPage> page = await store.SearchAsync(request.Requester.Scope, plan.Value.Request with { Count = MaxCandidates, CountTotal = false }, cancellationToken);
            if (!page.IsOk)
            {
                return page.Error;
            }

            areAll &= page.Value.Next is null;
            foreach (StoredVersion match in page.Value.Matches)
            {
                patients[match.Key] = match;
            }
        }

        return new Candidates(patients.Values, areAll);
    }

    /// <summary>The searches that candidates come from, the most telling first.</summary>
    private static IEnumerable<QueryParameter[]> Queries(Demographics asked)
    {
        foreach ((string? system, string value) in asked.Identifiers)
        {
            yield return [Query("identifier", system is null ? Escaped(value) : $"{Escaped(system)}|{Escaped(value)}")];
        }

        foreach (string telecom in asked.Telecoms)
        {
            yield return [Query("telecom", Escaped(telecom))];
        }

        foreach (string family in asked.Families)
        {
            string start = family[..Math.Min(family.Length, SafeLetters)];
            foreach (string date in new[] { asked.BirthDate, asked.BirthDate is null ? null : MatchWeights.Exchanged(asked.BirthDate) }.OfType<string>())
            {
                yield return [Query("birthdate", date), Query("family", Escaped(start))];
            }

            foreach (string given in asked.Givens)
            {
                yield return [Query("family", Escaped(family)), Query("given", Escaped(given))];
            }

            foreach (string postalCode in asked.PostalCodes)
            {
                yield return [Query("family", Escaped(family)), Query("address-postalcode", Escaped(postalCode))];
            }

            if (asked.Givens.Count == 0 && asked.BirthDate is null)
            {
                yield return [Query("family", Escaped(family))];
            }
        }

        if (asked.BirthDate is { } birthDate)
        {
            foreach (string given in asked.Givens)
            {
                yield return [Query("birthdate", birthDate), Query("given", Escaped(given))];
            }
        }
    }

    private static QueryParameter Query(string name, string value) => new(name, value);

    /// <summary>https://hl7.org/fhir/R4/search.html#escaping</summary>
    private static string Escaped(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)
        .Replace("|", "\\|", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);

    private static FhirResponse Answer(FhirRequest request, Demographics asked, Candidates candidates, bool onlyCertain, int count)
    {
        BundleEntry[] scored =
        [
            .. candidates.Patients
                .Select(version => BundleEntry.Of(EntryRole.Match, version) with { Score = MatchWeights.Compare(asked, Demographics.Of(FhirJson.Read(version.Json).Root)) })
                .Where(entry => entry.Score is not null)
                .OrderByDescending(entry => entry.Score!.Score).ThenBy(entry => entry.Version!.Sequence),
        ];
        var notes = new List<Issue>();
        if (!candidates.AreAll)
        {
            notes.Add(Issue.Warning(IssueType.Incomplete, "So many patients share what was given that not all could be looked at; give more to match by."));
        }

        BundleEntry[] certain = [.. scored.Where(entry => entry.Score!.Grade == "certain")];
        if (onlyCertain && scored.Length > 0 && certain.Length != 1)
        {
            // R4: if there are several potential matches, none of them is certain.
            notes.Add(new Issue(IssueSeverity.Information, IssueType.MultipleMatches, $"{scored.Length} patients may be meant, but none is it for certain."));
            scored = [];
        }
        else if (onlyCertain)
        {
            scored = certain;
        }

        BundleEntry[] given = [.. scored.Take(count)];
        BundleEntry[] outcome = notes.Count > 0 ? [BundleEntry.Outcome(OperationOutcome.ToJson(notes))] : [];
        return FhirResponse.Of(new Bundle
        {
            Type = "searchset",
            BaseUrl = request.BaseUrl,
            Total = given.Length,
            Entries = [.. given, .. outcome],
        });
    }
}
