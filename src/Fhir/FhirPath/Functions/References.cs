using System.Diagnostics.CodeAnalysis;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>Finding what a reference points to: in the resource, in its Bundle, or through the context.</summary>
internal static class References
{
    /// <summary>The text of a Reference, canonical or uri; null when there is none.</summary>
    public static string? TextOf(in FhirPathValue value)
    {
        if (!value.IsElement)
        {
            return value.Kind == FhirPathKind.String ? value.String : null;
        }

        Element element = value.Element;
        return element.Type.IsPrimitive ? element.Text
            : element.Type.Is(FhirTypes.Reference) && element.Child(FhirTypes.ReferenceText) is { Exists: true } reference ? reference.Text
            : null;
    }

    /// <summary>The resource; does not exist when it cannot be had.</summary>
    public static Element Resolve(Evaluation run, in FhirPathValue value)
    {
        if (TextOf(value) is not { } text)
        {
            return default;
        }

        Element from = value.IsElement ? value.Element : run.Resource;
        if (!from.Exists)
        {
            return run.Context.Services.Resolve(text, from);
        }

        if (text.StartsWith('#'))
        {
            return Contained(from.Container, text.AsSpan(1));
        }

        Element found = InBundle(from, text);
        return found.Exists ? found : run.Context.Services.Resolve(text, from);
    }

    /// <summary>
    /// The type of the resource that a reference points to, without fetching it where the text tells: <c>Patient/1</c>,
    /// <c>http://server/Patient/1</c>, or <c>Reference.type</c>.
    /// </summary>
    public static TypeSchema? TargetType(Evaluation run, in FhirPathValue value)
    {
        if (TryParse(Utf8Of(value), out TypeSchema? named, out _))
        {
            return named;
        }

        Element target = Resolve(run, value);
        if (target.Exists)
        {
            return target.Type;
        }

        return value.IsElement && value.Element.Child("type") is { Exists: true, HasValue: true } type
            ? FhirSchema.R4.Type(type.Text!)
            : null;
    }

    /// <summary>The text of a Reference, canonical or uri in UTF-8; empty when there is none.</summary>
    public static ReadOnlySpan<byte> Utf8Of(in FhirPathValue value)
    {
        if (!value.IsElement)
        {
            return value.Kind == FhirPathKind.String ? Encoding.UTF8.GetBytes(value.String) : default;
        }

        Element element = value.Element;
        return element.Type.IsPrimitive ? element.Value
            : element.Type.Is(FhirTypes.Reference) && element.Child(FhirTypes.ReferenceText) is { Exists: true } reference ? reference.Value
            : default;
    }

    /// <summary>Type and id of a reference of the form <c>[base]/Type/id[/_history/version]</c>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> reference, [NotNullWhen(true)] out TypeSchema? type, out ReadOnlySpan<byte> id)
    {
        int version = reference.IndexOf("/_history/"u8);
        reference = version < 0 ? reference : reference[..version];
        int slash = reference.LastIndexOf((byte)'/');
        id = reference[(slash + 1)..];
        type = null;
        if (slash <= 0 || id.IsEmpty)
        {
            return false;
        }

        ReadOnlySpan<byte> before = reference[..slash];
        type = FhirSchema.R4.Resource(before[(before.LastIndexOf((byte)'/') + 1)..]);
        return type is not null;
    }

    private static Element Contained(Element container, ReadOnlySpan<char> id)
    {
        if (id.IsEmpty)
        {
            return container;
        }

        byte[] utf8 = Encoding.UTF8.GetBytes(id.ToString());
        foreach (Element resource in container.ChildrenOf("contained"))
        {
            if (resource.Child("id") is { Exists: true } candidate && candidate.ValueIs(utf8))
            {
                return resource;
            }
        }

        return default;
    }

    /// <summary>FHIR R4, Bundle, "Resolving references in Bundles": by fullUrl, a relative one against the fullUrl of its own entry.</summary>
    private static Element InBundle(Element from, string text)
    {
        Element resource = from.Container;
        Element entry = resource.Parent;
        Element bundle = entry.Exists ? entry.Parent : default;
        if (!bundle.Exists || !bundle.Type.Is(FhirTypes.Bundle))
        {
            return default;
        }

        string version = StripVersion(ref text);
        string absolute = text.Contains(':') ? text : BaseOf(entry) + text;
        byte[] utf8 = Encoding.UTF8.GetBytes(absolute);
        foreach (Element candidate in bundle.ChildrenOf("entry"))
        {
            if (candidate.Child("fullUrl") is { Exists: true } url && url.ValueIs(utf8)
                && candidate.Child("resource") is { Exists: true } target
                && (version.Length == 0 || target.Child("meta") is { Exists: true } meta && meta.Child("versionId") is { Exists: true } id && id.Text == version))
            {
                return target;
            }
        }

        return default;
    }

    private static string StripVersion(ref string text)
    {
        int at = text.IndexOf("/_history/", StringComparison.Ordinal);
        if (at < 0)
        {
            return "";
        }

        string version = text[(at + "/_history/".Length)..];
        text = text[..at];
        return version;
    }

    // The fullUrl without its last two segments, the type and the id.
    private static string BaseOf(Element entry)
    {
        string url = entry.Child("fullUrl") is { Exists: true } fullUrl ? fullUrl.Text ?? "" : "";
        int id = url.LastIndexOf('/');
        int type = id > 0 ? url.LastIndexOf('/', id - 1) : -1;
        return type < 0 ? "" : url[..(type + 1)];
    }
}
