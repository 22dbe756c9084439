using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$lastn</c>: the last observations of each code. https://hl7.org/fhir/R4/observation-operation-lastn.html
/// </summary>
/// <remarks>
/// Observations belong to one group when they share a coding (system and code), directly or by way of others: two laboratories' own
/// codes beside one LOINC code are the same measurement. Those with words alone are grouped by their words.
/// </remarks>
internal sealed class LastN(
    IResourceStore store, SearchReader searches, SearchTerminology terminology, SearchParameterSet parameters, DefinitionSet definitions) : IOperation
{
    /// <summary>Most observations that are looked through.</summary>
    private const int MaxObservations = 20_000;

    private const int PageSize = 500;

    private static readonly string[] Refused = ["_sort", "_count", "_total", "_include", "_revinclude", "_contained", "_containedType", "_summary", "_elements"];

    public string Name => "lastn";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Observation-lastn";

    public OperationLevels Levels => OperationLevels.Type;

    public IReadOnlyList<string> Types { get; } = ["Observation"];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!, static _ => true);
        if (!input.IsOk)
        {
            return input.Error;
        }

        IReadOnlyList<QueryParameter> query = input.Value.Further;
        if (Check(query) is { } error)
        {
            return error;
        }

        Result<TerminologyService?> codes = await terminology.ForAsync(request.Requester.Scope, query, cancellationToken);
        if (!codes.IsOk)
        {
            return codes.Error;
        }

        var context = new SearchContext { Types = [request.Target.Type!], Handling = request.Prefer.Handling, ServerBase = request.BaseUrl, Terminology = codes.Value };
        Result<SearchPlan> plan = searches.Read(context, query);
        if (!plan.IsOk)
        {
            return plan.Error;
        }

        IndexedParameter date = parameters.Find(request.Target.Type!, "date")!;
        var search = new SearchRequest
        {
            Types = plan.Value.Request.Types,
            Criterion = plan.Value.Request.Criterion,
            Sort = [new SortKey(date, descending: true)],
            Count = PageSize,
        };
        Result<List<StoredVersion>> observations = await AllAsync(request, search, cancellationToken);
        return observations.IsOk
            ? Answer(request, query, input.Value.Integer("max") ?? 1, observations.Value, plan.Value.Ignored)
            : observations.Error;
    }

    private static FhirError? Check(IReadOnlyList<QueryParameter> query)
    {
        static string CodeOf(QueryParameter parameter) => parameter.Name.Split(':', '.')[0];

        if (query.FirstOrDefault(parameter => Refused.Contains(CodeOf(parameter))) is { Name: not null } refused)
        {
            return FhirError.Unsupported($"'{refused.Name}' has no meaning for $lastn, which orders by date and groups by code; 'max' says how many of each group to give.");
        }

        if (!query.Any(parameter => CodeOf(parameter) is "patient" or "subject"))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "$lastn needs a 'patient' or a 'subject'.");
        }

        bool hasCode = query.Any(parameter => CodeOf(parameter) is "category" or "code" or "combo-code" or "component-code"
            || CodeOf(parameter).StartsWith("code-value-", StringComparison.Ordinal)
            || CodeOf(parameter).StartsWith("combo-code-value-", StringComparison.Ordinal)
            || CodeOf(parameter).StartsWith("component-code-value-", StringComparison.Ordinal));
        return hasCode ? null : FhirError.Of(ErrorKind.Invalid, IssueType.Required, "$lastn needs a 'category' or a parameter with a code, such as 'code'.");
    }

    /// <summary>All that match, newest first.</summary>
    private async ValueTask<Result<List<StoredVersion>>> AllAsync(FhirRequest request, SearchRequest search, CancellationToken cancellationToken)
    {
        var all = new List<StoredVersion>();
        while (true)
        {
            Result<SearchPage> page = await store.SearchAsync(request.Requester.Scope, search, cancellationToken);
            if (!page.IsOk)
            {
                return page.Error;
            }

            all.AddRange(page.Value.Matches);
            if (page.Value.Next is not { } next)
            {
                return all;
            }

            if (all.Count >= MaxObservations)
            {
                return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"More than {MaxObservations} observations match; ask for fewer, such as those of one code.");
            }

            search = search with { After = next };
        }
    }

    private static FhirResponse Answer(FhirRequest request, IReadOnlyList<QueryParameter> query, int max, List<StoredVersion> observations, IReadOnlyList<Issue> ignored)
    {
        var groups = new Groups();
        int[] groupOf = [.. observations.Select(observation => groups.Join(KeysOf(observation)))];
        var taken = new Dictionary<int, int>();
        var last = new List<BundleEntry>();
        for (int i = 0; i < groupOf.Length; i++)
        {
            int group = groups.Root(groupOf[i]);
            int before = taken.GetValueOrDefault(group);
            if (before < max)
            {
                taken[group] = before + 1;
                last.Add(BundleEntry.Of(EntryRole.Match, observations[i]));
            }
        }

        int total = last.Count;
        if (ignored.Count > 0)
        {
            last.Add(BundleEntry.Outcome(OperationOutcome.ToJson(ignored)));
        }

        var links = new PageLinks(request, "Observation/$lastn", query.Prepend(new QueryParameter("max", max.ToString())));
        return FhirResponse.Of(new Bundle { Type = "searchset", BaseUrl = request.BaseUrl, Total = total, Links = [links.Link("self", null)], Entries = last });
    }

    private static List<string> KeysOf(StoredVersion observation)
    {
        Element code = FhirJson.Read(observation.Json).Root.Child("code");
        List<string> keys = [.. code.ChildrenOf("coding").ToList().Where(coding => TextOf(coding, "code") is not null).Select(coding => $"{TextOf(coding, "system")}|{TextOf(coding, "code")}")];
        return keys.Count > 0 ? keys : [$"text {TextOf(code, "text")}"];
    }

    private static string? TextOf(Element element, string name) => element.Exists && element.Child(name) is { Exists: true } child ? child.Text : null;

    /// <summary>Sets of keys that belong together (union-find).</summary>
    private sealed class Groups
    {
        private readonly Dictionary<string, int> _byKey = [];
        private readonly List<int> _parents = [];

        /// <summary>Makes the keys members of one group and gives it.</summary>
        public int Join(IReadOnlyList<string> keys)
        {
            int group = -1;
            foreach (string key in keys)
            {
                if (!_byKey.TryGetValue(key, out int known))
                {
                    _byKey.Add(key, known = _parents.Count);
                    _parents.Add(known);
                }

                int root = Root(known);
                if (group < 0)
                {
                    group = root;
                }

                _parents[root] = group;
            }

            return group;
        }

        public int Root(int group)
        {
            while (_parents[group] != group)
            {
                group = _parents[group] = _parents[_parents[group]];
            }

            return group;
        }
    }
}
