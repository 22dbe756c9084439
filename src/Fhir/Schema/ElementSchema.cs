using System.Diagnostics;

namespace HealthChain.Fhir.Schema;

/// <summary>One element of a type. Immutable; compare by reference.</summary>
[DebuggerDisplay("{Path}")]
public sealed class ElementSchema
{
    internal ElementSchema(ushort id, string name, string path, string basePath, int index, int min, int max, ElementTraits traits)
    {
        Id = id;
        Name = name;
        Path = path;
        BasePath = basePath;
        Index = index;
        Min = min;
        Max = max;
        Traits = traits;
    }

    /// <summary>Position in <see cref="FhirSchema.Elements"/>.</summary>
    public ushort Id { get; }

    /// <summary>FHIRPath name: <c>birthDate</c>; <c>value</c> for <c>value[x]</c>.</summary>
    public string Name { get; }

    /// <summary>Path in the specification: <c>Patient.contact.name</c>, <c>Observation.value[x]</c>.</summary>
    public string Path { get; }

    /// <summary>Path where the element was first introduced: <c>DomainResource.extension</c> for <c>Patient.extension</c>.</summary>
    public string BasePath { get; }

    /// <summary>The type it belongs to.</summary>
    public TypeSchema Owner { get; internal set; } = null!;

    /// <summary>Position in <see cref="TypeSchema.Elements"/> of its owner.</summary>
    public int Index { get; }

    public int Min { get; }

    /// <summary>Greatest number of occurrences; <see cref="int.MaxValue"/> for <c>*</c>.</summary>
    public int Max { get; }

    public bool IsList => Max > 1;
    public bool IsChoice => (Traits & ElementTraits.Choice) != 0;
    public bool IsSummary => (Traits & ElementTraits.Summary) != 0;
    public bool IsModifier => (Traits & ElementTraits.Modifier) != 0;

    /// <summary>Written as an attribute in XML: <c>id</c> of data types and <c>Extension.url</c>.</summary>
    public bool IsXmlAttribute => (Traits & ElementTraits.XmlAttribute) != 0;

    /// <summary>The types it can have, each with the JSON name that chooses it. One, unless <see cref="IsChoice"/>.</summary>
    public IReadOnlyList<ElementType> Types { get; internal set; } = [];

    internal ElementTraits Traits { get; }

    /// <summary>The JSON (and XML) name under which a value of that type is written.</summary>
    public ReadOnlySpan<byte> JsonName(TypeSchema type)
    {
        IReadOnlyList<ElementType> types = Types;
        if (types.Count == 1)
        {
            return types[0].JsonName;
        }

        foreach (ElementType candidate in types)
        {
            if (ReferenceEquals(candidate.Type, type))
            {
                return candidate.JsonName;
            }
        }

        return types[0].JsonName;
    }

    public override string ToString() => Path;
}

[Flags]
internal enum ElementTraits : byte
{
    None = 0,
    Choice = 1,
    Summary = 2,
    Modifier = 4,
    XmlAttribute = 8,
}

/// <summary>A type that an element can have.</summary>
public sealed class ElementType
{
    internal ElementType(TypeSchema type, byte[] jsonName)
    {
        Type = type;
        Utf8 = jsonName;
    }

    public TypeSchema Type { get; }
    public ReadOnlySpan<byte> JsonName => Utf8;
    internal byte[] Utf8 { get; }
}
