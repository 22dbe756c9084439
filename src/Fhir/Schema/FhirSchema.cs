namespace HealthChain.Fhir.Schema;

/// <summary>
/// Every type and element of FHIR R4: what a reader needs to know to accept or refuse a member. Loaded once from the definitions
/// compiled into this assembly; a few thousand small objects.
/// </summary>
public sealed class FhirSchema
{
    private static readonly Lazy<FhirSchema> Embedded = new(SchemaBinary.LoadEmbedded);

    private readonly Dictionary<string, TypeSchema> _byName;
    private readonly TypeSchema[] _types;
    private readonly ElementSchema[] _elements;
    private readonly NameTable _resources;

    internal FhirSchema(TypeSchema[] types, ElementSchema[] elements)
    {
        _types = types;
        _elements = elements;
        _byName = new Dictionary<string, TypeSchema>(types.Length);
        foreach (TypeSchema type in types)
        {
            _byName.Add(type.Name, type);
        }

        _resources = NameTable.OfResources(types);
    }

    /// <summary>The schema of R4 (4.0.1).</summary>
    public static FhirSchema R4 => Embedded.Value;

    public IReadOnlyList<TypeSchema> Types => _types;
    public IReadOnlyList<ElementSchema> Elements => _elements;

    /// <summary>The type of that name (anonymous types by path), or null.</summary>
    public TypeSchema? Type(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The concrete resource type of that name, or null.</summary>
    public TypeSchema? Resource(ReadOnlySpan<byte> name) =>
        _resources.TryGet(name, out Member member) ? member.Type : null;

    internal TypeSchema TypeById(int id) => _types[id];

    internal ElementSchema ElementById(int id) => _elements[id];
}
