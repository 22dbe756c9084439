using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace HealthChain.LedgerProofs;

/// <summary>Where a message lies that is padded to whole blocks.</summary>
internal readonly record struct PaddedMessage(int At, int Blocks)
{
    public const int BlockBytes = 64;
}

/// <summary>
/// SHA-256 of many short messages, side by side as widely as the processor can: one at a time, the call costs several times as much as the hashing. To
/// be filled, run, read and cleared; one thread at a time.
/// </summary>
public sealed class Sha256Batch
{
    // All lanes together take about as long as one and a half calls of the base library.
    private const int FewestForLanes = 3;

    // What stands behind a message: the mark of its end and its length in bits (FIPS 180-4 §5.1.1).
    private const int EndBytes = 1 + sizeof(ulong);

    private readonly HashWidth _width;
    private readonly List<PaddedMessage> _messages = [];
    private readonly List<int> _lengths = [];
    private byte[] _padded = new byte[1 << 14];
    private int _used;
    private byte[] _hashes = [];
    private int[] _order = [];
    private int[] _blocks = [];

    public Sha256Batch()
        : this(Widest)
    {
    }

    internal Sha256Batch(HashWidth width) => _width = width;

    /// <summary>The widest that the processor can.</summary>
    internal static HashWidth Widest { get; } =
        Avx512Lanes.IsSupported ? HashWidth.Avx512 : Avx2Lanes.IsSupported ? HashWidth.Avx2 : HashWidth.Scalar;

    public int Count => _messages.Count;

    /// <summary>The hash of the message that was added at that place, once it was run.</summary>
    public ReadOnlySpan<byte> this[int place] => _hashes.AsSpan(place * Hash256.Bytes, Hash256.Bytes);

    /// <summary>Adds a message.</summary>
    /// <returns>Takes its bytes; valid until the next is added.</returns>
    public Span<byte> Add(int length)
    {
        int blocks = (length + EndBytes + PaddedMessage.BlockBytes - 1) / PaddedMessage.BlockBytes;
        int end = _used + (blocks * PaddedMessage.BlockBytes);
        if (end > _padded.Length)
        {
            Array.Resize(ref _padded, Math.Max(end, _padded.Length * 2));
        }

        Span<byte> message = _padded.AsSpan(_used..end);
        message[length..].Clear();
        message[length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(message[^sizeof(ulong)..], 8 * (ulong)length);
        _messages.Add(new PaddedMessage(_used, blocks));
        _lengths.Add(length);
        _used = end;
        return message[..length];
    }

    public void Run()
    {
        if (_hashes.Length < Count * Hash256.Bytes)
        {
            _hashes = new byte[2 * Count * Hash256.Bytes];
            _order = new int[2 * Count];
            _blocks = new int[2 * Count];
        }

        if (Count < FewestForLanes || _width == HashWidth.Scalar)
        {
            for (int i = 0; i < Count; i++)
            {
                SHA256.HashData(_padded.AsSpan(_messages[i].At, _lengths[i]), _hashes.AsSpan(i * Hash256.Bytes));
            }

            return;
        }

        ReadOnlySpan<PaddedMessage> messages = CollectionsMarshal.AsSpan(_messages);
        Span<int> order = _order.AsSpan(0, Count);
        Span<int> blocks = _blocks.AsSpan(0, Count);
        for (int i = 0; i < Count; i++)
        {
            (order[i], blocks[i]) = (i, messages[i].Blocks);
        }

        blocks.Sort(order);
        Span<PaddedMessage> together = stackalloc PaddedMessage[(int)_width];
        Span<byte> hashes = stackalloc byte[(int)_width * Hash256.Bytes];
        for (; !order.IsEmpty; order = order[Math.Min(order.Length, together.Length)..])
        {
            int count = Math.Min(order.Length, together.Length);
            for (int lane = 0; lane < count; lane++)
            {
                together[lane] = messages[order[lane]];
            }

            Hash(together[..count], hashes);
            for (int lane = 0; lane < count; lane++)
            {
                hashes.Slice(lane * Hash256.Bytes, Hash256.Bytes).CopyTo(_hashes.AsSpan(order[lane] * Hash256.Bytes));
            }
        }
    }

    public void Clear()
    {
        _messages.Clear();
        _lengths.Clear();
        _used = 0;
    }

    private void Hash(ReadOnlySpan<PaddedMessage> messages, Span<byte> hashes)
    {
        if (_width == HashWidth.Avx512)
        {
            Sha256Lanes<Avx512Lanes, Vector512<uint>>.HashMessages(_padded, messages, hashes);
        }
        else
        {
            Sha256Lanes<Avx2Lanes, Vector256<uint>>.HashMessages(_padded, messages, hashes);
        }
    }
}
