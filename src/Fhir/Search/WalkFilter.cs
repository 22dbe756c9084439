using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>A condition on an element in the middle of a walk. Equal filters are one step, so that parameters share it.</summary>
internal abstract record WalkFilter
{
    public abstract bool Passes(Element element);
}

/// <summary><c>as(T)</c>, <c>ofType(T)</c></summary>
internal sealed record OfTypeFilter(TypeSchema Type) : WalkFilter
{
    public override bool Passes(Element element) => Selects(element.Type, Type);

    /// <summary>As in the FHIRPath engine, a primitive is meant exactly: canonical is not taken for uri, nor code for string.</summary>
    public static bool Selects(TypeSchema candidate, TypeSchema type) => type.IsPrimitive ? candidate == type : candidate.Is(type);
}

/// <summary><c>where(name = 'text')</c> on a child that does not repeat.</summary>
internal sealed record ChildEqualsFilter(ElementSchema Child, string Value) : WalkFilter
{
    private readonly byte[] _value = Encoding.UTF8.GetBytes(Value);

    public override bool Passes(Element element) => element.Child(Child) is { Exists: true } child && child.ValueIs(_value);

    public bool Equals(ChildEqualsFilter? other) => other is not null && Child == other.Child && Value == other.Value;

    public override int GetHashCode() => HashCode.Combine(Child.Id, Value);
}

/// <summary><c>extension(url)</c>, behind the step to the extensions.</summary>
internal sealed record ExtensionFilter(string Url) : WalkFilter
{
    private readonly byte[] _url = Encoding.UTF8.GetBytes(Url);

    public override bool Passes(Element element) =>
        element.Child(DataShapes.ExtensionUrl) is { Exists: true } url && url.ValueIs(_url);

    public bool Equals(ExtensionFilter? other) => other is not null && Url == other.Url;

    public override int GetHashCode() => Url.GetHashCode(StringComparison.Ordinal);
}

/// <summary><c>where(extension(url).exists())</c>, which R4 also writes as <c>where(hasExtension(url))</c>.</summary>
internal sealed record HasExtensionFilter(string Url) : WalkFilter
{
    private readonly ExtensionFilter _extension = new(Url);

    public override bool Passes(Element element)
    {
        foreach (Element extension in element.ChildrenOf("extension"))
        {
            if (_extension.Passes(extension))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>
/// <c>where(resolve() is T)</c>. Decided by what the reference itself says, its text, its type or the contained resource it
/// points at, because what is indexed must not depend on what else is in the store.
/// </summary>
internal sealed record ReferenceToFilter(TypeSchema Type) : WalkFilter
{
    public override bool Passes(Element element) => ReferenceTarget.TypeOf(element)?.Is(Type) == true;
}

/// <summary><c>[0]</c>, on a list whose parent occurs once.</summary>
internal sealed record FirstFilter : WalkFilter
{
    public override bool Passes(Element element) => element.Ordinal == 0;
}

internal static class ReferenceTarget
{
    /// <summary>The type of the resource that a Reference points at; null when neither its text nor its type tells.</summary>
    public static TypeSchema? TypeOf(Element reference)
    {
        if (DataShapes.Of(reference.Type) != DataShape.Reference)
        {
            return null;
        }

        if (reference.Child(DataShapes.ReferenceReference) is { Exists: true, HasValue: true } literal)
        {
            ReadOnlySpan<byte> text = literal.Value;
            TypeSchema? type = text.Length > 0 && text[0] == (byte)'#'
                ? Contained(reference, text[1..])?.Type
                : LiteralReference.Parse(text).Type;
            if (type is not null)
            {
                return type;
            }
        }

        return reference.Child(DataShapes.ReferenceType) is { Exists: true, HasValue: true } named ? FhirSchema.R4.Resource(named.Value) : null;
    }

    /// <summary>The contained resource of that id; the container itself for <c>#</c> alone.</summary>
    private static Element? Contained(Element reference, ReadOnlySpan<byte> id)
    {
        Element container = reference.Container;
        if (id.IsEmpty)
        {
            return container;
        }

        foreach (Element resource in container.ChildrenOf("contained"))
        {
            if (resource.Child("id") is { Exists: true } candidate && candidate.ValueIs(id))
            {
                return resource;
            }
        }

        return null;
    }
}
