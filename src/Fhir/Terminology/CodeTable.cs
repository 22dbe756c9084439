using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// A frozen list of codes with a hash over their UTF-8, so that a code can be looked up as it stands in a resource: no string, no
/// allocation. Open addressing, at most half full.
/// </summary>
internal sealed class CodeTable
{
    private const int LongestFoldedOnStack = 256;

    private readonly byte[] _text;
    private readonly int[] _ends;
    private readonly int[] _slots;
    private readonly bool _isCaseSensitive;

    /// <param name="codes">In order; where one occurs twice, the first counts.</param>
    public CodeTable(IReadOnlyList<string> codes, bool isCaseSensitive = true)
    {
        _isCaseSensitive = isCaseSensitive;
        _ends = new int[codes.Count];
        var text = new ArrayBufferWriter<byte>(Math.Max(16, codes.Count * 8));
        for (int i = 0; i < codes.Count; i++)
        {
            Encoding.UTF8.GetBytes(isCaseSensitive ? codes[i] : codes[i].ToLowerInvariant(), text);
            _ends[i] = text.WrittenCount;
        }

        _text = text.WrittenSpan.ToArray();
        int capacity = 4;
        while (capacity < codes.Count * 2)
        {
            capacity *= 2;
        }

        _slots = new int[capacity];
        for (int i = 0; i < codes.Count; i++)
        {
            Insert(i);
        }
    }

    public int Count => _ends.Length;

    /// <summary>The position of the code in the list, or -1.</summary>
    public int Find(ReadOnlySpan<byte> code) => _isCaseSensitive ? FindExact(code) : FindFolded(code);

    public int Find(string code) => Find(Encoding.UTF8.GetBytes(code));

    private int FindExact(ReadOnlySpan<byte> code)
    {
        int mask = _slots.Length - 1;
        for (uint slot = Hash(code) & (uint)mask; ; slot = (slot + 1) & (uint)mask)
        {
            int index = _slots[slot] - 1;
            if (index < 0 || code.SequenceEqual(At(index)))
            {
                return index;
            }
        }
    }

    // Few code systems ignore case and their codes are ASCII; anything else takes the way over strings.
    private int FindFolded(ReadOnlySpan<byte> code)
    {
        Span<byte> folded = stackalloc byte[LongestFoldedOnStack];
        return code.Length <= LongestFoldedOnStack && Ascii.ToLower(code, folded, out int written) == OperationStatus.Done
            ? FindExact(folded[..written])
            : FindExact(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(code).ToLowerInvariant()));
    }

    private void Insert(int index)
    {
        ReadOnlySpan<byte> code = At(index);
        int mask = _slots.Length - 1;
        uint slot = Hash(code) & (uint)mask;
        while (_slots[slot] != 0)
        {
            if (code.SequenceEqual(At(_slots[slot] - 1)))
            {
                return;
            }

            slot = (slot + 1) & (uint)mask;
        }

        _slots[slot] = index + 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> At(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return _text.AsSpan(start, _ends[index] - start);
    }

    // The keys come from definitions, not from requests: a request cannot make chains longer than the definitions make them.
    private static uint Hash(ReadOnlySpan<byte> code)
    {
        const ulong mixer = 0x9E3779B97F4A7C15;
        ulong hash = (uint)code.Length;
        while (code.Length >= sizeof(ulong))
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(code)) * mixer;
            hash ^= hash >> 32;
            code = code[sizeof(ulong)..];
        }

        ulong tail = 0;
        foreach (byte part in code)
        {
            tail = (tail << 8) | part;
        }

        hash = (hash ^ tail) * mixer;
        return (uint)(hash >> 32);
    }
}
