using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace HealthChain.Storage;

/// <summary>
/// Keyed 64-bit hashes (SipHash-2-4) of what is searched for. The key lives outside the database, so that a stolen file shows no
/// code, name or identifier and nobody can choose values that collide.
/// </summary>
/// <remarks>
/// A chance collision of one query with one of 10^9 rows has a probability of about 5·10^-11; engines take a hash for the value.
/// Each sort of hash has a domain byte of its own, so that a token never equals a reference of the same text. Thread-safe.
/// </remarks>
public sealed class IndexHasher
{
    public const int KeyBytes = 16;

    private readonly ulong _k0;
    private readonly ulong _k1;

    public IndexHasher(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes)
        {
            throw new ArgumentException($"The key must have {KeyBytes} bytes.", nameof(key));
        }

        _k0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _k1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
    }

    /// <summary>A code within a system; an empty system stands for "no system".</summary>
    public long Token(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code) => Pair(Domain.Token, system, code);

    /// <summary>A code in whatever system.</summary>
    public long Code(ReadOnlySpan<byte> code) => One(Domain.Code, code);

    /// <summary>Any code of a system.</summary>
    public long System(ReadOnlySpan<byte> system) => One(Domain.System, system);

    /// <summary>A resource by type and id.</summary>
    public long Reference(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id) => Pair(Domain.Reference, type, id);

    /// <summary>A resource by type and id.</summary>
    public long Reference(ResourceKey key)
    {
        const int StackLimit = 384;
        int most = Encoding.UTF8.GetMaxByteCount(key.Type.Length) + Encoding.UTF8.GetMaxByteCount(key.Id.Length);
        Span<byte> text = most <= StackLimit ? stackalloc byte[StackLimit] : new byte[most];
        int type = Encoding.UTF8.GetBytes(key.Type, text);
        int id = Encoding.UTF8.GetBytes(key.Id, text[type..]);
        return Reference(text[..type], text.Slice(type, id));
    }

    /// <summary>A resource by the parts of a reference to it.</summary>
    /// <param name="server">Empty for this one.</param>
    /// <param name="type">Empty when the reference does not tell.</param>
    public long Reference(ReadOnlySpan<byte> server, ReadOnlySpan<byte> type, ReadOnlySpan<byte> id)
    {
        long resource = type.IsEmpty ? ReferenceId(id) : Reference(type, id);
        return server.IsEmpty ? resource : Combine(Uri(server), resource);
    }

    /// <summary>A resource by id alone, of whatever type.</summary>
    public long ReferenceId(ReadOnlySpan<byte> id) => One(Domain.ReferenceId, id);

    public long Uri(ReadOnlySpan<byte> uri) => One(Domain.Uri, uri);

    /// <summary>The first letters of a folded text.</summary>
    public long TextPrefix(ReadOnlySpan<byte> letters) => One(Domain.TextPrefix, letters);

    /// <summary>A whole text as written.</summary>
    public long ExactText(ReadOnlySpan<byte> text) => One(Domain.ExactText, text);

    /// <summary>A prefix of a uri that ends at a segment, for <c>:below</c>.</summary>
    public long UriTop(ReadOnlySpan<byte> top) => One(Domain.UriTop, top);

    /// <summary>UCUM base units of a canonical quantity.</summary>
    public long CanonicalUnit(ReadOnlySpan<byte> unit) => One(Domain.CanonicalUnit, unit);

    /// <summary>Several hashes as one, in their order.</summary>
    public long Combine(long first, long second)
    {
        Span<byte> both = stackalloc byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(both, first);
        BinaryPrimitives.WriteInt64LittleEndian(both[sizeof(long)..], second);
        return One(Domain.Combined, both);
    }

    private long One(Domain domain, ReadOnlySpan<byte> text) => Pair(domain, text, default);

    // Length of the first part in front of both: ("ab","c") and ("a","bc") must differ.
    private long Pair(Domain domain, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        const int StackLimit = 512;
        int length = 5 + first.Length + second.Length;
        Span<byte> text = length <= StackLimit ? stackalloc byte[StackLimit] : new byte[length];
        text[0] = (byte)domain;
        BinaryPrimitives.WriteInt32LittleEndian(text[1..], first.Length);
        first.CopyTo(text[5..]);
        second.CopyTo(text[(5 + first.Length)..]);
        return (long)SipHash(text[..length]);
    }

    internal ulong SipHash(ReadOnlySpan<byte> text)
    {
        ulong v0 = _k0 ^ 0x736f6d6570736575;
        ulong v1 = _k1 ^ 0x646f72616e646f6d;
        ulong v2 = _k0 ^ 0x6c7967656e657261;
        ulong v3 = _k1 ^ 0x7465646279746573;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(text);
        foreach (ulong word in words)
        {
            ulong m = BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
            v3 ^= m;
            Round(ref v0, ref v1, ref v2, ref v3);
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= m;
        }

        ulong last = (ulong)text.Length << 56;
        ReadOnlySpan<byte> rest = text[(words.Length * 8)..];
        for (int i = 0; i < rest.Length; i++)
        {
            last |= (ulong)rest[i] << (8 * i);
        }

        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xFF;
        for (int i = 0; i < 4; i++)
        {
            Round(ref v0, ref v1, ref v2, ref v3);
        }

        return v0 ^ v1 ^ v2 ^ v3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }

    private enum Domain : byte
    {
        Token = 1,
        Code,
        System,
        Reference,
        ReferenceId,
        Uri,
        TextPrefix,
        ExactText,
        UriTop,
        CanonicalUnit,
        Combined,
    }
}
