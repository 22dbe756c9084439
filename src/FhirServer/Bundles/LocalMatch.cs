using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Bundles;

/// <summary>
/// Judges resources of a transaction by search criteria before they are in the store: conditional references are resolved last, and so
/// may mean what the same transaction writes.
/// </summary>
internal sealed class LocalMatch(SearchParameterSet parameters)
{
    public IndexValues ValuesOf(Element resource)
    {
        var values = new IndexValues();

        // An extractor keeps the state of its run, and requests share this object.
        new SearchExtractor(parameters).Extract(resource, values);
        return values;
    }

    /// <summary>Whether criteria are met; null when that cannot be told from the resource alone, as with chains.</summary>
    public static bool? Meets(IndexValues values, Criterion criterion) => criterion switch
    {
        HasValue value => SearchMatcher.Matches(values, value.Parameter.Id, value.Modifier, value.Alternatives),
        AllOf all => All(values, all.Parts),
        OneOf one => !All(values, [.. one.Parts.Select(part => new NoneOf(part))]),
        NoneOf none => !Meets(values, none.Part),
        _ => null,
    };

    private static bool? All(IndexValues values, IReadOnlyList<Criterion> parts)
    {
        bool? all = true;
        foreach (Criterion part in parts)
        {
            switch (Meets(values, part))
            {
                case false:
                    return false;
                case null:
                    all = null;
                    break;
            }
        }

        return all;
    }
}
