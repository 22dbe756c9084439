using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>What criteria found, and the guard that it is still so.</summary>
internal sealed record Match(Finds Guard, IReadOnlyList<StoredVersion> Found)
{
    /// <summary>The one match; null when there is none.</summary>
    public StoredVersion? Single => Found.Count == 0 ? null : Found[0];
}

/// <summary>
/// Finds what the criteria of a conditional write mean: https://hl7.org/fhir/R4/http.html#cond-update. Always strict: an unknown
/// parameter that a search would pass over could here change the wrong record.
/// </summary>
internal sealed class ConditionalSearch(SearchReader reader, SearchTerminology terminology, IResourceStore store)
{
    /// <summary>The matches; an error when there are more than allowed.</summary>
    public async ValueTask<Result<Match>> FindAsync(
        FhirRequest request, TypeSchema type, IReadOnlyList<QueryParameter> criteria, int atMost, CancellationToken cancellationToken)
    {
        Result<TerminologyService?> codes = await terminology.ForAsync(request.Requester.Scope, criteria, cancellationToken);
        if (!codes.IsOk)
        {
            return codes.Error;
        }

        var context = new SearchContext { Types = [type], Handling = SearchHandling.Strict, ServerBase = request.BaseUrl, Terminology = codes.Value };
        Result<SearchPlan> plan = reader.Read(context, criteria);
        if (!plan.IsOk)
        {
            return plan.Error;
        }

        Criterion criterion = plan.Value.Request.Criterion;
        if (criterion is AllOf { Parts.Count: 0 })
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, $"There are no criteria that say which {type.Name} is meant: name an id, or search parameters.");
        }

        // Sorting, counting and including say nothing about what is meant.
        Result<SearchPage> page = await store.SearchAsync(
            request.Requester.Scope,
            new SearchRequest { Types = [type], Criterion = criterion, Count = atMost + 1 },
            cancellationToken);
        return !page.IsOk ? page.Error
            : page.Value.Matches.Count > atMost ? NotSelective(type, atMost)
            : new Match(new Finds(type.Name, criterion, [.. page.Value.Matches.Select(found => found.Key)]), page.Value.Matches);
    }

    private static FhirError NotSelective(TypeSchema type, int atMost) => FhirError.Of(
        ErrorKind.PreconditionFailed,
        IssueType.MultipleMatches,
        atMost == 1 ? $"The criteria are not selective enough: they match several resources of type {type.Name}." : $"The criteria match more than {atMost} resources of type {type.Name}.");
}
