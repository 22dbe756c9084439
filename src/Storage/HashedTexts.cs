using System.Text;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>
/// Hashes of the texts of one resource. The same code or reference stands under several parameters, in their composites and among the facts: each text is
/// known by its place in the resource, and hashed once. One thread at a time.
/// </summary>
internal sealed class HashedTexts(IndexHasher hasher)
{
    private const int Slots = 64;

    private static readonly byte[][] TypeNames = [.. FhirSchema.R4.Types.Select(type => Encoding.UTF8.GetBytes(type.Name))];

    // What was hashed last of those that share a slot; of another resource when its number is another.
    private readonly Entry[] _entries = new Entry[Slots];
    private IndexValues? _values;
    private long _resource;

    private enum Sort : byte
    {
        Token,
        Code,
        System,
        Reference,
    }

    /// <summary>Begins with another resource.</summary>
    public void Start(IndexValues values)
    {
        _values = values;
        _resource++;
    }

    public long Token(TextSlice system, TextSlice code) => Find(Sort.Token, 0, system, code);

    public long Code(TextSlice code) => Find(Sort.Code, 0, default, code);

    public long System(TextSlice system) => Find(Sort.System, 0, system, default);

    /// <param name="type">Id of the target's type, or <see cref="SearchValue.NoType"/>.</param>
    public long Reference(TextSlice server, ushort type, TextSlice id) => Find(Sort.Reference, type, server, id);

    private long Find(Sort sort, ushort type, TextSlice first, TextSlice second)
    {
        ref Entry entry = ref _entries[((first.GetHashCode() * 31) + second.GetHashCode() + type + (int)sort) & (Slots - 1)];
        if (entry.Resource != _resource || entry.Sort != sort || entry.Type != type || entry.First != first || entry.Second != second)
        {
            entry = new Entry(_resource, sort, type, first, second, Hash(sort, type, _values!.Text(first), _values.Text(second)));
        }

        return entry.Hash;
    }

    private long Hash(Sort sort, ushort type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => sort switch
    {
        Sort.Token => hasher.Token(first, second),
        Sort.Code => hasher.Code(second),
        Sort.System => hasher.System(first),
        _ => hasher.Reference(first, type == SearchValue.NoType ? default : TypeNames[type], second),
    };

    private readonly record struct Entry(long Resource, Sort Sort, ushort Type, TextSlice First, TextSlice Second, long Hash);
}
