using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>What to find, in which order, and how much of it.</summary>
public sealed record SearchRequest
{
    /// <summary>Resource types to look through; empty for all.</summary>
    public required IReadOnlyList<TypeSchema> Types { get; init; }

    public Criterion Criterion { get; init; } = Criterion.Any;

    /// <summary>
    /// First key first, as <see cref="SortValue"/> says. Resources without a value come last, whatever the direction; ties are in order
    /// of their first versions.
    /// </summary>
    public IReadOnlyList<SortKey> Sort { get; init; } = [];

    /// <summary>Most matches on the page. 0 asks for the total alone.</summary>
    public required int Count { get; init; }

    /// <summary>Where the page before ended; null for the first page.</summary>
    public SearchPosition? After { get; init; }

    public bool CountTotal { get; init; }

    public IReadOnlyList<Include> Includes { get; init; } = [];

    /// <summary>Most included resources on the page.</summary>
    public int MaxIncluded { get; init; } = 1000;
}

/// <param name="Parameters">Where several types are searched, the parameter of each: they share a code, not always a definition.</param>
public sealed record SortKey(IReadOnlyList<IndexedParameter> Parameters, bool Descending)
{
    public SortKey(IndexedParameter parameter, bool descending)
        : this([parameter], descending)
    {
    }

    /// <summary>Whether values of that parameter are sorted by.</summary>
    public bool Has(ushort parameter)
    {
        for (int i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Id == parameter)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A page's place in the order of a search: the sequence number of the version that ended it, and the newest one when the search began.</summary>
/// <remarks>
/// Sort values are read again from that version, so a position holds no value of a resource. Pages neither repeat nor skip a resource
/// that stays as it is; resources created after <paramref name="Newest"/> neither appear nor count.
/// </remarks>
public sealed record SearchPosition(long Last, long Newest);

/// <summary>Resources to add to a page.</summary>
/// <param name="Source">Type whose references are followed.</param>
/// <param name="Reference">Parameter to follow; null for all of the type (<c>*</c>).</param>
/// <param name="Target">Only targets of that type; null for any.</param>
/// <param name="IsReverse">Add the sources that point at matches (<c>_revinclude</c>) instead of the targets.</param>
/// <param name="Iterates">Follow from included resources too.</param>
public sealed record Include(TypeSchema Source, IndexedParameter? Reference, TypeSchema? Target, bool IsReverse, bool Iterates);

/// <param name="Total">How many match in all and are visible; null when not asked for.</param>
/// <param name="Next">Where to go on; null on the last page.</param>
/// <param name="IncludesTruncated">More would have been included than the request allows.</param>
public sealed record SearchPage(
    IReadOnlyList<StoredVersion> Matches,
    IReadOnlyList<StoredVersion> Included,
    long? Total,
    SearchPosition? Next,
    bool IncludesTruncated);

/// <summary>Versions of one resource, of a type, or of all, newest first, deletions too.</summary>
public sealed record HistoryRequest
{
    /// <summary>Null for all types.</summary>
    public string? Type { get; init; }

    /// <summary>Null for all resources of the type.</summary>
    public string? Id { get; init; }

    /// <summary>Only versions at or after that instant.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only versions that were current at some time within the period, its ends included.</summary>
    public (DateTimeOffset From, DateTimeOffset To)? At { get; init; }

    public required int Count { get; init; }

    /// <summary>Only versions before that sequence number; null for the first page.</summary>
    public long? Before { get; init; }
}

/// <param name="Total">
/// How many there are on all pages together, those before this one too. Null for a scope that does not see everything, unless they all stand on the first page: to
/// count them each would have to be opened.
/// </param>
/// <param name="Next">Sequence number to go on before; null on the last page.</param>
public sealed record HistoryPage(IReadOnlyList<StoredVersion> Versions, long? Total, long? Next);
