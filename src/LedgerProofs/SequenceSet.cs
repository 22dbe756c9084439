using System.Buffers.Binary;
using System.Collections;
using System.Numerics;
using System.Security.Cryptography;

namespace HealthChain.LedgerProofs;

/// <summary>
/// Sequence numbers that a statement speaks of, such as those of versions that were read: each of them, or, when they are many, how many they
/// are and a hash that commits to all.
/// </summary>
/// <remarks>In a statement: count 4 | up to <see cref="MostListed"/>: each 8, ascending; more: root 32.</remarks>
public sealed record SequenceSet
{
    /// <summary>Most that a statement names one by one.</summary>
    public const int MostListed = 64;

    private SequenceSet(int count, SequenceList listed, Hash256 root) => (Count, Listed, Root) = (count, listed, root);

    public static SequenceSet None { get; } = Of([]);

    public int Count { get; }

    /// <summary>All of them in order, unless they are more than <see cref="MostListed"/>.</summary>
    public SequenceList Listed { get; }

    /// <summary>The RFC 6962 hash over all of them in order, each as 8 bytes big-endian, when they are not listed; else zero.</summary>
    public Hash256 Root { get; }

    internal int Length => 4 + (Count > MostListed ? Hash256.Bytes : 8 * Count);

    /// <param name="sequences">Sequence numbers in ascending order, none twice.</param>
    public static SequenceSet Of(ReadOnlySpan<long> sequences)
    {
        for (int i = 0; i < sequences.Length; i++)
        {
            if (sequences[i] <= (i == 0 ? 0 : sequences[i - 1]))
            {
                throw new ArgumentException("Sequence numbers ascend, and begin with 1.", nameof(sequences));
            }
        }

        return sequences.Length > MostListed
            ? new SequenceSet(sequences.Length, SequenceList.Empty, RootOf(sequences))
            : new SequenceSet(sequences.Length, new SequenceList(sequences), default);
    }

    internal static SequenceSet? Read(ref StatementReader reader)
    {
        int count = reader.Int32();
        if (count is < 0 or > MostListed)
        {
            Hash256 root = reader.Hash();
            return count < 0 ? null : new SequenceSet(count, SequenceList.Empty, root);
        }

        return new SequenceSet(count, reader.Sequences(count), default);
    }

    internal void Write(ref StatementWriter writer)
    {
        writer.Int32(Count);
        if (Count > MostListed)
        {
            writer.Hash(Root);
        }
        else
        {
            writer.Sequences(Listed);
        }
    }

    /// <summary>Whether all were written before that one, and are in order.</summary>
    internal bool IsBefore(long sequence)
    {
        long last = 0;
        foreach (long accessed in Listed)
        {
            if (accessed <= last || accessed >= sequence)
            {
                return false;
            }

            last = accessed;
        }

        return Count < sequence;
    }

    // RFC 6962 §2.1. The stack holds the hash of a full subtree for each bit of the number of leaves so far.
    private static Hash256 RootOf(ReadOnlySpan<long> sequences)
    {
        Span<byte> stack = stackalloc byte[32 * Hash256.Bytes];
        Span<byte> node = stackalloc byte[1 + (2 * Hash256.Bytes)];
        Span<byte> leaf = stackalloc byte[1 + 8];
        int depth = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            leaf[0] = 0;
            BinaryPrimitives.WriteInt64BigEndian(leaf[1..], sequences[i]);
            SHA256.HashData(leaf, stack.Slice(depth * Hash256.Bytes, Hash256.Bytes));
            depth++;
            for (int merges = BitOperations.TrailingZeroCount(i + 1); merges > 0; merges--)
            {
                Merge(stack, node, ref depth);
            }
        }

        while (depth > 1)
        {
            Merge(stack, node, ref depth);
        }

        return new Hash256(stack[..Hash256.Bytes]);
    }

    private static void Merge(Span<byte> stack, Span<byte> node, ref int depth)
    {
        Span<byte> pair = stack.Slice((depth - 2) * Hash256.Bytes, 2 * Hash256.Bytes);
        node[0] = 1;
        pair.CopyTo(node[1..]);
        SHA256.HashData(node, pair[..Hash256.Bytes]);
        depth--;
    }
}

/// <summary>Sequence numbers in an order that matters. Immutable; equal when all are equal.</summary>
public sealed class SequenceList : IReadOnlyList<long>, IEquatable<SequenceList>
{
    private readonly long[] _sequences;

    public SequenceList(params ReadOnlySpan<long> sequences) => _sequences = sequences.ToArray();

    public static SequenceList Empty { get; } = new();

    public int Count => _sequences.Length;

    public long this[int index] => _sequences[index];

    public bool Equals(SequenceList? other) => other is not null && _sequences.AsSpan().SequenceEqual(other._sequences);

    public override bool Equals(object? obj) => Equals(obj as SequenceList);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (long sequence in _sequences)
        {
            hash.Add(sequence);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)_sequences).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
