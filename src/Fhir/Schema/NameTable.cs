namespace HealthChain.Fhir.Schema;

/// <summary>
/// A small open-addressing hash table from UTF-8 member names to members. Looking a name up costs a few nanoseconds, and the
/// parser does it for every member of every object.
/// </summary>
internal sealed class NameTable
{
    private readonly byte[]?[] _keys;
    private readonly Member[] _members;
    private readonly int _mask;

    private NameTable(int capacity)
    {
        _keys = new byte[capacity][];
        _members = new Member[capacity];
        _mask = capacity - 1;
    }

    public static NameTable Of(ElementSchema[] elements)
    {
        int count = 0;
        foreach (ElementSchema element in elements)
        {
            count += element.Types.Count;
        }

        int capacity = 4;
        while (capacity < count * 2)
        {
            capacity *= 2;
        }

        var table = new NameTable(capacity);
        foreach (ElementSchema element in elements)
        {
            foreach (ElementType type in element.Types)
            {
                table.Add(type.Utf8, new Member(element, type.Type));
            }
        }

        return table;
    }

    /// <summary>A table of the concrete resource types by name; their members have no element.</summary>
    public static NameTable OfResources(TypeSchema[] types)
    {
        var table = new NameTable(512);
        foreach (TypeSchema type in types)
        {
            if (type is { IsResource: true, IsAbstract: false })
            {
                table.Add(System.Text.Encoding.UTF8.GetBytes(type.Name), new Member(null!, type));
            }
        }

        return table;
    }

    public bool TryGet(ReadOnlySpan<byte> name, out Member member)
    {
        int slot = Hash(name) & _mask;
        while (_keys[slot] is { } key)
        {
            if (name.SequenceEqual(key))
            {
                member = _members[slot];
                return true;
            }

            slot = (slot + 1) & _mask;
        }

        member = default;
        return false;
    }

    private void Add(byte[] name, Member member)
    {
        int slot = Hash(name) & _mask;
        while (_keys[slot] is { } key)
        {
            if (name.AsSpan().SequenceEqual(key))
            {
                // A choice may list one type several times, with different profiles.
                return;
            }

            slot = (slot + 1) & _mask;
        }

        _keys[slot] = name;
        _members[slot] = member;
    }

    // Length, ends and middle tell FHIR's names apart well; collisions only cost a comparison.
    private static int Hash(ReadOnlySpan<byte> name)
    {
        int length = name.Length;
        if (length == 0)
        {
            return 0;
        }

        uint hash = (uint)length * 0x9E3779B1u;
        hash ^= name[0] * 0x85EBCA6Bu;
        hash ^= name[length - 1] * 0xC2B2AE35u;
        hash ^= name[length >> 1] * 0x27D4EB2Fu;
        hash ^= name[length >> 2] * 0x165667B1u;
        return (int)(hash ^ (hash >> 15));
    }
}
