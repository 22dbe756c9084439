using System.Net;
using System.Text.RegularExpressions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Bundles;

/// <summary>What to do with a link of a resource in a transaction.</summary>
internal enum LinkKind
{
    /// <summary>It leads to an entry of the bundle.</summary>
    Entry,

    /// <summary>A reference by search: <c>Patient?identifier=…</c></summary>
    Conditional,

    /// <summary>A narrative, in which links to entries stand.</summary>
    Narrative,
}

/// <summary>A text of a resource that must change before the resource is stored.</summary>
internal readonly record struct Link(LinkKind Kind, Element Element, string Text, Identities.Target Target);

/// <summary>
/// Finds the links that a transaction resolves: "whether they are found in the resource ids, resource references, elements of type uri, url,
/// oid, uuid, and &lt;a href="" &amp; &lt;img src="" in the narrative. Elements of type canonical are not replaced." A reference would
/// be no valid value of type oid or uuid, so those stay too.
/// </summary>
internal static partial class Links
{
    private static readonly ElementSchema Reference = FhirSchema.R4.Types.First(type => type.Name == "Reference").Element("reference")!;

    /// <summary>Adds the links of a resource to a list.</summary>
    /// <param name="root">Base url of the resource's entry, see <see cref="Identities.Resolve"/>.</param>
    public static void Find(Element element, Identities identities, string? root, List<Link> links)
    {
        for (Element child = element.FirstChild; child.Exists; child = child.NextSibling)
        {
            if (child.IsText)
            {
                FindIn(child, identities, root, links);
            }

            if (child.HasChildren)
            {
                Find(child, identities, root, links);
            }
        }
    }

    /// <summary>The narrative with its links resolved; the same text when there are none to resolve.</summary>
    public static string Resolve(string narrative, Func<string, string?> resolve) => Attribute().Replace(narrative, match =>
    {
        Group url = match.Groups["url"];
        return resolve(WebUtility.HtmlDecode(url.Value)) is { } resolved
            ? string.Concat(match.Value.AsSpan(0, url.Index - match.Index), WebUtility.HtmlEncode(resolved), match.Value.AsSpan(url.Index - match.Index + url.Length))
            : match.Value;
    });

    private static void FindIn(Element element, Identities identities, string? root, List<Link> links)
    {
        if (ReferenceEquals(element.Schema, Reference))
        {
            string text = element.Text!;
            if (identities.Resolve(text, root) is { } target)
            {
                links.Add(new Link(LinkKind.Entry, element, text, target));
            }
            else if (IsConditional(text))
            {
                links.Add(new Link(LinkKind.Conditional, element, text, default));
            }

            return;
        }

        switch (element.Type.Primitive)
        {
            case PrimitiveKind.Uri or PrimitiveKind.Url when !identities.IsEmpty && identities.Resolve(element.Text, root: null) is { } target:
                links.Add(new Link(LinkKind.Entry, element, element.Text!, target));
                break;
            case PrimitiveKind.Xhtml when !identities.IsEmpty && HasLinks(element.RawValue):
                links.Add(new Link(LinkKind.Narrative, element, element.Text!, default));
                break;
        }
    }

    private static bool HasLinks(ReadOnlySpan<byte> narrative) => narrative.IndexOf("href"u8) >= 0 || narrative.IndexOf("src"u8) >= 0;

    private static bool IsConditional(string reference)
    {
        int question = reference.IndexOf('?', StringComparison.Ordinal);
        return question > 0 && ResourceTypes.Find(reference.AsSpan(0, question)) is not null;
    }

    [GeneratedRegex("""\s(href|src)\s*=\s*("(?<url>[^"]*)"|'(?<url>[^']*)')""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Attribute();
}
