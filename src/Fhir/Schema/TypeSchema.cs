using System.Diagnostics;

namespace HealthChain.Fhir.Schema;

/// <summary>The sort of a type, which decides how its values are written.</summary>
public enum TypeKind : byte
{
    Primitive,
    Complex,

    /// <summary>An anonymous type inside a resource or data type, such as <c>Patient.contact</c>.</summary>
    Backbone,
    Resource,
}

/// <summary>The primitive types of R4; <see cref="None"/> for every other type.</summary>
public enum PrimitiveKind : byte
{
    None,
    Boolean,
    Integer,
    UnsignedInt,
    PositiveInt,
    Decimal,
    String,
    Markdown,
    Code,
    Id,
    Uri,
    Url,
    Canonical,
    Oid,
    Uuid,
    Base64Binary,
    Instant,
    Date,
    DateTime,
    Time,
    Xhtml,
}

/// <summary>A type of FHIR R4 with its elements, inherited ones included. Immutable once the schema is loaded; compare by reference.</summary>
[DebuggerDisplay("{Name}")]
public sealed class TypeSchema
{
    private ElementSchema[] _elements = [];

    // Made when first needed: a process that reads one Patient never touches most types. Two threads may make the same table.
    private NameTable? _names;
    private Dictionary<string, ElementSchema>? _byName;

    internal TypeSchema(ushort id, string name, TypeKind kind, PrimitiveKind primitive, bool isAbstract)
    {
        Id = id;
        Name = name;
        Kind = kind;
        Primitive = primitive;
        IsAbstract = isAbstract;
    }

    /// <summary>Position in <see cref="FhirSchema.Types"/>.</summary>
    public ushort Id { get; }

    /// <summary>FHIR's name: <c>Patient</c>, <c>HumanName</c>, <c>string</c>; the path for an anonymous type: <c>Patient.contact</c>.</summary>
    public string Name { get; }

    public TypeKind Kind { get; }
    public PrimitiveKind Primitive { get; }
    public bool IsAbstract { get; }
    public bool IsPrimitive => Primitive != PrimitiveKind.None;
    public bool IsResource => Kind == TypeKind.Resource;

    /// <summary>The type it specialises: <c>DomainResource</c> for <c>Patient</c>, <c>BackboneElement</c> for <c>Patient.contact</c>.</summary>
    public TypeSchema? Base { get; private set; }

    /// <summary>All elements in the order of the specification, which is the order of XML. A primitive has <c>id</c> and <c>extension</c> only.</summary>
    public IReadOnlyList<ElementSchema> Elements => _elements;

    /// <summary>The element of that FHIRPath name (<c>value</c> for <c>value[x]</c>), or null.</summary>
    public ElementSchema? Element(string name) =>
        (_byName ??= _elements.ToDictionary(element => element.Name)).GetValueOrDefault(name);

    /// <summary>True when it is <paramref name="other"/> or derives from it.</summary>
    public bool Is(TypeSchema other)
    {
        for (TypeSchema? type = this; type is not null; type = type.Base)
        {
            if (ReferenceEquals(type, other))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Finds the member of that JSON name: <c>birthDate</c>, <c>valueQuantity</c>; without the underscore that marks the
    /// extensions of a primitive. XML uses the same names.
    /// </summary>
    public bool TryGetMember(ReadOnlySpan<byte> name, out Member member) =>
        (_names ??= NameTable.Of(_elements)).TryGet(name, out member);

    public override string ToString() => Name;

    internal void Complete(TypeSchema? baseType, ElementSchema[] elements)
    {
        Base = baseType;
        _elements = elements;
    }
}

/// <summary>What a JSON or XML name stands for: an element, and for choices the type that the name chose.</summary>
public readonly record struct Member(ElementSchema Element, TypeSchema Type);
