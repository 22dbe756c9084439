using System.Text;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// The entries of a Bundle by their identity, and how references between them resolve: an absolute reference is looked up among
/// the fullUrls, a relative one is made absolute with the base of the entry it stands in. See R4 bundle.html#references.
/// </summary>
internal sealed class BundleIndex
{
    private readonly Dictionary<string, List<Element>> _byFullUrl = [];
    private readonly Dictionary<string, List<Element>> _byTypeAndId = [];

    public BundleIndex(Element bundle)
    {
        Bundle = bundle;
        foreach (Element entry in bundle.ChildrenOf("entry"))
        {
            Element fullUrl = entry.Child("fullUrl");
            Element resource = entry.Child("resource");
            if (fullUrl.HasLiteral())
            {
                Add(_byFullUrl, fullUrl.Text!, entry);
            }

            if (resource.Exists && resource.Child("id") is { Exists: true, HasValue: true } id)
            {
                Add(_byTypeAndId, $"{resource.Type.Name}/{id.Text}", entry);
            }
        }
    }

    public Element Bundle { get; }

    /// <summary>The resource that a literal in this Bundle refers to; does not exist when the Bundle does not hold it.</summary>
    public Element Find(Element literal, ReferenceLiteral parsed)
    {
        List<Element>? entries = FindEntries(literal, parsed);
        return entries is null ? default : entries[0].Child("resource");
    }

    /// <summary>The entries that a literal refers to; null for none.</summary>
    public List<Element>? FindEntries(Element literal, ReferenceLiteral parsed)
    {
        string text = literal.Text!;
        string? version = null;
        int history = text.IndexOf("/_history/", StringComparison.Ordinal);
        if (history > 0)
        {
            version = text[(history + 10)..];
            text = text[..history];
        }

        List<Element>? found = null;
        if (parsed.Kind == ReferenceKind.Relative)
        {
            string? fullUrl = EntryOf(literal).Child("fullUrl").TextOrNull();
            if (fullUrl is null)
            {
                // An entry without a fullUrl has no base; the server's own is meant (transactions, batches).
                found = _byTypeAndId.GetValueOrDefault(text);
            }
            else if (ReferenceLiteral.BaseOf(fullUrl) is { } start)
            {
                found = _byFullUrl.GetValueOrDefault(start + text);
            }
        }

        found ??= _byFullUrl.GetValueOrDefault(text);
        return found is null || version is null ? found : OfVersion(found, version);
    }

    /// <summary>The resource whose fullUrl is the uuid that a relative reference gives as id, a common mistake; does not exist when there is none.</summary>
    public Element FindByUuid(ReadOnlySpan<byte> id) =>
        _byFullUrl.TryGetValue("urn:uuid:" + Encoding.UTF8.GetString(id), out List<Element>? entries) ? entries[0].Child("resource") : default;

    /// <summary>True when an entry has the type and id of a relative reference, though not the fullUrl it would need.</summary>
    public bool HasTypeAndId(string reference) => _byTypeAndId.ContainsKey(reference);

    private Element EntryOf(Element element)
    {
        Element current = element;
        while (current.Parent != Bundle)
        {
            current = current.Parent;
        }

        return current;
    }

    private static List<Element>? OfVersion(List<Element> entries, string version)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(version);
        List<Element> matching = entries.FindAll(entry =>
            entry.Child("resource") is { Exists: true } resource && resource.Child("meta") is { Exists: true } meta
            && meta.Child("versionId").Is(wanted));
        return matching.Count == 0 ? null : matching;
    }

    private static void Add(Dictionary<string, List<Element>> index, string key, Element entry)
    {
        if (!index.TryGetValue(key, out List<Element>? entries))
        {
            index.Add(key, entries = []);
        }

        entries.Add(entry);
    }
}
