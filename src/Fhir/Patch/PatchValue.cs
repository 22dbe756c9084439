using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Xml;

namespace HealthChain.Fhir.Patch;

/// <summary>An element under which a value is put, with the type if its name chose one (<c>valueQuantity</c>).</summary>
internal sealed record PatchMember(ElementSchema Element, TypeSchema? Type)
{
    public IEnumerable<TypeSchema> Types => Type is null ? Element.Types.Select(type => type.Type) : [Type];

    /// <summary>By the name in FHIRPath or JSON: <c>value</c>, <c>value[x]</c> and <c>valueQuantity</c>.</summary>
    public static PatchMember? Find(TypeSchema owner, string name)
    {
        if (owner.TryGetMember(Encoding.UTF8.GetBytes(name), out Member member))
        {
            return new PatchMember(member.Element, member.Type);
        }

        string plain = name.EndsWith("[x]", StringComparison.Ordinal) ? name[..^3] : name;
        return owner.Element(plain) is { } element ? new PatchMember(element, null) : null;
    }
}

/// <summary>The <c>value</c> part of an operation, or a part of it: a value, a resource, or parts that are the elements of one.</summary>
internal sealed class PatchValue(Element part, FhirPathPatchOperation operation, PatchLimits limits)
{
    public bool HasParts => part.Child("part").Exists;

    /// <summary>Makes the element to put there. Its format is checked when the patched resource is read again.</summary>
    public ElementDraft As(PatchMember member) => As(part, member, 1);

    private ElementDraft As(Element source, PatchMember member, int depth)
    {
        Element value = source.Child("value");
        Element resource = source.Child("resource");
        bool hasParts = source.Child("part").Exists;
        if ((value.Exists ? 1 : 0) + (resource.Exists ? 1 : 0) + (hasParts ? 1 : 0) != 1)
        {
            throw operation.Refuse($"'{member.Element.Name}' needs either a value[x], a resource, or parts.");
        }

        return value.Exists ? FromValue(value, member)
            : resource.Exists ? FromResource(resource, member)
            : FromParts(source, member, depth);
    }

    private ElementDraft FromValue(Element value, PatchMember member)
    {
        TypeSchema[] types = [.. member.Types];
        if (types.Contains(value.Type))
        {
            return ElementDraft.Of(value, member.Element);
        }

        // A specialisation may stand for its base (Age for Quantity) and any primitive for another, if its text has the format.
        TypeSchema? type = types.Length == 1 && types[0].IsPrimitive && value.Type.IsPrimitive
            ? types[0]
            : Array.Find(types, candidate => !candidate.IsPrimitive && !candidate.IsResource && (candidate.Is(value.Type) || value.Type.Is(candidate)));
        if (type is null)
        {
            throw operation.Refuse(
                $"'{member.Element.Name}' cannot be a {value.Type.Name}; it is {string.Join(" or ", types.Select(candidate => candidate.Name))}"
                + (types[0].Kind == TypeKind.Backbone ? ", which is given in parts." : "."));
        }

        ElementDraft draft = ElementDraft.Of(value, member.Element);
        draft.Type = type;
        if (type.IsPrimitive && value.HasValue)
        {
            draft.Json = XmlValue.ToJson(value.Text!, type.Primitive)
                ?? throw operation.Refuse($"'{value.Text}' is not {XmlValue.Expected(type.Primitive)}, which '{member.Element.Name}' must be.");
        }

        return draft;
    }

    private ElementDraft FromResource(Element resource, PatchMember member) => member.Types.Any(type => resource.Type.Is(type))
        ? ElementDraft.Of(resource, member.Element)
        : throw operation.Refuse($"'{member.Element.Name}' does not hold a resource.");

    private ElementDraft FromParts(Element source, PatchMember member, int depth)
    {
        TypeSchema[] types = [.. member.Types];
        if (types.Length > 1 || types[0].IsResource || depth > limits.Read.MaxDepth)
        {
            throw operation.Refuse(types.Length > 1
                ? $"'{member.Element.Name}' can have several types; name it with one, such as '{Encoding.UTF8.GetString(member.Element.Types[0].JsonName)}'."
                : $"'{member.Element.Name}' cannot be given in parts.");
        }

        var draft = new ElementDraft(member.Element, types[0]);
        foreach (Element child in source.ChildrenOf("part"))
        {
            string name = child.Child("name") is { Exists: true } text ? text.Text ?? "" : "";
            PatchMember found = PatchMember.Find(draft.Type, name) ?? throw operation.Refuse($"{draft.Type.Name} has no element '{name}'.");
            if (!found.Element.IsList && draft.FirstOf(found.Element) is not null)
            {
                throw operation.Refuse($"'{name}' may not repeat.");
            }

            draft.Append(As(child, found, depth + 1));
        }

        return draft;
    }
}
