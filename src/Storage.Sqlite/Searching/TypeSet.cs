using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>The types that are looked for, asked of each candidate. Immutable.</summary>
internal sealed class TypeSet
{
    private const int BitsOfWord = 64;

    private readonly ulong[] _bits = new ulong[(FhirSchema.R4.Types.Count / BitsOfWord) + 1];

    public TypeSet(params IReadOnlyList<TypeSchema> types)
    {
        for (int i = 0; i < types.Count; i++)
        {
            _bits[types[i].Id / BitsOfWord] |= 1UL << (types[i].Id % BitsOfWord);
        }
    }

    /// <param name="type">Id of the type.</param>
    public bool Contains(ushort type) => (_bits[type / BitsOfWord] >> (type % BitsOfWord) & 1) != 0;
}
