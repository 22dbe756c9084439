using System.Text;
using System.Text.RegularExpressions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.ContractTests.Model;

/// <summary>The current resources that one scope sees, and searches among them.</summary>
internal sealed partial class ModelView(SearchParameterSet parameters, AccessScope scope, IReadOnlyList<ModelVersion> current)
{
    private readonly Dictionary<ResourceKey, ModelVersion> _byKey = current.ToDictionary(version => version.Stored.Key);

    public IEnumerable<ResourceKey> Find(string type, Criterion criterion) =>
        current.Where(version => version.Stored.Key.Type == type && Meets(version, criterion)).Select(version => version.Stored.Key);

    /// <param name="bySequence">Finds the version at which the page before ended.</param>
    public SearchPage Search(SearchRequest request, long newest, Func<long, ModelVersion> bySequence)
    {
        newest = request.After?.Newest ?? newest;
        var order = Comparer<ModelVersion>.Create((left, right) => Compare(left, right, request.Sort));
        ModelVersion[] all =
        [
            .. current
                .Where(version => version.Created <= newest
                    && (request.Types.Count == 0 || request.Types.Contains(version.Type))
                    && Meets(version, request.Criterion))
                .Order(order),
        ];
        ModelVersion[] rest = request.After is { } after
            ? [.. all.Where(version => order.Compare(version, bySequence(after.Last)) > 0)]
            : all;
        ModelVersion[] page = [.. rest.Take(request.Count)];
        (IReadOnlyList<StoredVersion> included, bool isTruncated) = Include(page, request);
        return new SearchPage(
            [.. page.Select(version => version.Stored)],
            included,
            request.CountTotal ? all.Length : null,
            page.Length > 0 && rest.Length > page.Length ? new SearchPosition(page[^1].Stored.Sequence, newest) : null,
            isTruncated);
    }

    private static int Compare(ModelVersion left, ModelVersion right, IReadOnlyList<SortKey> keys)
    {
        foreach (SortKey key in keys)
        {
            SortValue? a = SortValue.Of(left.Values, key);
            SortValue? b = SortValue.Of(right.Values, key);
            int order = a is { } x && b is { } y ? (key.Descending ? y.CompareTo(x) : x.CompareTo(y)) : (a is null).CompareTo(b is null);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Created.CompareTo(right.Created);
    }

    private bool Meets(ModelVersion version, Criterion criterion) => criterion switch
    {
        AllOf all => all.Parts.All(part => Meets(version, part)),
        OneOf one => one.Parts.Any(part => Meets(version, part)),
        NoneOf none => !Meets(version, none.Part),
        HasValue value => SearchMatcher.Matches(version.Values, value.Parameter.Id, value.Modifier, value.Alternatives),
        PointsAt at => version.Targets(at.Reference).Any(
            key => _byKey.TryGetValue(key, out ModelVersion? target) && at.Targets.Contains(target.Type) && Meets(target, at.Target))
            || current.Any(target => at.Targets.Contains(target.Type) && Urls(version, at.Reference).Intersect(UrlOf(target)).Any() && Meets(target, at.Target))
            || Contained(version, at.Reference).Any(contained => at.Targets.Contains(contained.Type) && Meets(contained, at.Target)),
        PointedAtBy by => current.Any(
            source => source.Type == by.Source
                && (source.Targets(by.Reference).Contains(version.Stored.Key) || Urls(source, by.Reference).Intersect(UrlOf(version)).Any())
                && Meets(source, by.Condition)),
        InCompartment compartment => IsIn(version, compartment),
        HasWords words => Has(version, words),
        _ => throw new ArgumentException($"Unknown criterion {criterion.GetType().Name}.", nameof(criterion)),
    };

    /// <summary>The resources contained in one at which it points by a parameter, as if they stood for themselves under no name.</summary>
    private IEnumerable<ModelVersion> Contained(ModelVersion version, IndexedParameter parameter)
    {
        for (int i = 0; i < version.Values.Count; i++)
        {
            SearchValue value = version.Values[i];
            if (value.Parameter != parameter.Id || value.Kind != SearchValueKind.Reference || (value.Traits & SearchValueTraits.Contained) == 0)
            {
                continue;
            }

            string id = Encoding.UTF8.GetString(version.Values.Text(value.Code))[1..];
            foreach (Element contained in InlineLabels.Open(version.Tree.Root).ChildrenOf("contained").ToList().Where(contained => contained.Child("id") is { Exists: true } own && own.Text == id))
            {
                ElementTree tree = new ResourceEdit(contained).ToTree();
                var values = new IndexValues();
                new SearchExtractor(parameters).Extract(tree.Root, values);
                yield return new ModelVersion(version.Stored with { Key = default }, 0, tree, values, []);
            }
        }
    }

    private bool IsIn(ModelVersion version, InCompartment compartment)
    {
        CompartmentMembership? membership = parameters.Compartment(compartment.Compartment, version.Type);
        var owner = new ResourceKey(compartment.Compartment, compartment.Id);
        return membership is not null
            && ((membership.IsSelf && version.Stored.Key == owner)
                || membership.Parameters.Any(parameter => version.Targets(parameter).Contains(owner)));
    }

    private bool Has(ModelVersion version, HasWords words)
    {
        Element root = InlineLabels.Open(version.Tree.Root);
        string[] texts = words.InNarrativeOnly
            ? root.Child("text") is { Exists: true } narrative && narrative.Child("div") is { Exists: true } div ? [div.Text ?? ""] : []
            : [.. Texts(root)];
        HashSet<string> found = [.. texts.SelectMany(text => Words(Tags().Replace(text, " ")))];
        return words.Words.SelectMany(Words).All(found.Contains);
    }

    /// <summary>What a reference says of what is withheld is left out.</summary>
    private IEnumerable<string> Texts(Element element)
    {
        IEnumerable<string> own = element is { HasValue: true, IsText: true } ? [element.Text!] : [];
        List<Element> children = [];
        foreach (Element child in element.Children)
        {
            if (child.Name != "display" || !Withholds(element))
            {
                children.Add(child);
            }
        }

        return own.Concat(children.SelectMany(Texts));
    }

    private bool Withholds(Element element) =>
        !scope.SeesEverything && element.Type.Name == "Reference" && element.Child("reference") is { Exists: true, Text: { } text } && text.Split('/') is [var type, var id, ..]
        && FhirSchema.R4.Type(type) is { IsResource: true } && !scope.SeesAll(type) && !_byKey.ContainsKey(new ResourceKey(type, id));

    private static string[] Words(string text) =>
        Encoding.UTF8.GetString(SearchText.Fold(Encoding.UTF8.GetBytes(text))).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private (IReadOnlyList<StoredVersion> Included, bool IsTruncated) Include(ModelVersion[] matches, SearchRequest request)
    {
        var included = new List<StoredVersion>();
        HashSet<ResourceKey> seen = [.. matches.Select(match => match.Stored.Key)];
        var waiting = new Queue<(ModelVersion Version, bool IsMatch)>(matches.Select(match => (match, true)));
        while (waiting.TryDequeue(out (ModelVersion Version, bool IsMatch) from))
        {
            foreach (ModelVersion found in request.Includes.Where(include => from.IsMatch || include.Iterates).SelectMany(include => Follow(from.Version, include)))
            {
                if (!seen.Add(found.Stored.Key))
                {
                    continue;
                }

                if (included.Count == request.MaxIncluded)
                {
                    return (included, true);
                }

                included.Add(found.Stored);
                waiting.Enqueue((found, false));
            }
        }

        return (included, false);
    }

    private IEnumerable<ModelVersion> Follow(ModelVersion from, Include include)
    {
        if (include.IsReverse)
        {
            return include.Target is { } wanted && wanted != from.Type
                ? []
                : current.Where(source => source.Type == include.Source
                    && (source.Targets(include.Reference).Contains(from.Stored.Key) || Urls(source, include.Reference).Intersect(UrlOf(from)).Any()));
        }

        return from.Type != include.Source
            ? []
            : from.Targets(include.Reference)
                .Select(key => _byKey.GetValueOrDefault(key))
                .OfType<ModelVersion>()
                .Concat(current.Where(target => Urls(from, include.Reference).Intersect(UrlOf(target)).Any()))
                .Where(target => include.Target is null || target.Type == include.Target);
    }

    private IEnumerable<string> UrlOf(ModelVersion version) => parameters.Find(version.Type, "url") is { } url ? Urls(version, url) : [];

    /// <summary>Canonicals that a resource has under a parameter, or under all its references when none is named.</summary>
    private IEnumerable<string> Urls(ModelVersion version, IndexedParameter? parameter)
    {
        for (int i = 0; i < version.Values.Count; i++)
        {
            SearchValue value = version.Values[i];
            if (value.Kind == SearchValueKind.Uri && value.Component == 0
                && (parameter is null ? parameters.Parameters[value.Parameter].Type == Fhir.Definitions.SearchParameterType.Reference : value.Parameter == parameter.Id))
            {
                yield return Encoding.UTF8.GetString(version.Values.Text(value.Code));
            }
        }
    }

    [GeneratedRegex("<[^>]*>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Tags();
}
