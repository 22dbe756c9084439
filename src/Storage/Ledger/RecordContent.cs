using HealthChain.LedgerProofs;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Ledger;

/// <summary>The sealed part of a record: all of its statement that only whoever may open it should learn.</summary>
/// <remarks>
/// The bytes: format 1 = 2 | salt 16 | consent as varint | number of sequence numbers as varint | their differences as varints | body. The salt is
/// that of the record's commitment: random, and sealed with what it salts, so it goes with it. Format 1 had none; there the salt is made from
/// the subject's secret (<see cref="Sealing.KeyStore.GetCommitmentSalt"/>), which costs as much as the commitment.
/// </remarks>
/// <param name="Salt">Null in format 1.</param>
internal readonly record struct RecordContent(byte[]? Salt, long Consent, long[] Mentioned, ReadOnlyMemory<byte> Body)
{
    private const byte Format = 2;
    private const byte FormatWithoutSalt = 1;

    /// <param name="mentioned">The sequence numbers that it names, ascending.</param>
    public static byte[] Write(long consent, ReadOnlySpan<long> mentioned, ReadOnlySpan<byte> body)
    {
        const int LikelyBytes = 4;
        const int SaltEnd = 1 + Commitment.SaltBytes;
        int most = Varint.MostBytes * (2 + mentioned.Length);
        Span<byte> named = mentioned.Length <= LikelyBytes ? stackalloc byte[Varint.MostBytes * (2 + LikelyBytes)] : new byte[most];
        int at = 0;
        at += Varint.Write(named[at..], (ulong)consent);
        at += Varint.Write(named[at..], (ulong)mentioned.Length);
        long last = 0;
        foreach (long sequence in mentioned)
        {
            at += Varint.Write(named[at..], (ulong)(sequence - last));
            last = sequence;
        }

        byte[] bytes = new byte[SaltEnd + at + body.Length];
        bytes[0] = Format;
        Nonces.Next(bytes.AsSpan(1, Commitment.SaltBytes));
        named[..at].CopyTo(bytes.AsSpan(SaltEnd));
        body.CopyTo(bytes.AsSpan(SaltEnd + at));
        return bytes;
    }

    /// <summary>The salt in bytes that <see cref="Write"/> made.</summary>
    public static ReadOnlySpan<byte> SaltIn(ReadOnlySpan<byte> written) => written.Slice(1, Commitment.SaltBytes);

    /// <summary>What the bytes say; null when they are not of a format that this program knows.</summary>
    public static RecordContent? Read(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        bool hasSalt = span is [Format, ..];
        int at = hasSalt ? 1 + Commitment.SaltBytes : 1;
        if (span is not [Format or FormatWithoutSalt, ..]
            || span.Length < at
            || !Varint.TryRead(span, ref at, out ulong consent)
            || !Varint.TryRead(span, ref at, out ulong count)
            || count > (ulong)(span.Length - at))
        {
            return null;
        }

        long[] mentioned = new long[count];
        long last = 0;
        foreach (ref long sequence in mentioned.AsSpan())
        {
            if (!Varint.TryRead(span, ref at, out ulong difference))
            {
                return null;
            }

            sequence = last += (long)difference;
        }

        return new RecordContent(hasSalt ? span.Slice(1, Commitment.SaltBytes).ToArray() : null, (long)consent, mentioned, bytes[at..]);
    }

    /// <summary>The statement of which a record with this content is the opening.</summary>
    /// <param name="previousOfPatients">For each patient whom it concerns.</param>
    /// <exception cref="ArgumentException">What it mentions does not ascend: these are no contents of a record.</exception>
    public Statement StatementOf(string origin, long sequence, StatementKind kind, long instant, ReadOnlySpan<long> previousOfPatients) =>
        StatementOf(origin, sequence, kind, instant, Hash256.Of(Body.Span), SequenceSet.Of(Mentioned), Consent, previousOfPatients);

    public static Statement StatementOf(
        string origin, long sequence, StatementKind kind, long instant, Hash256 body, SequenceSet mentioned, long consent, ReadOnlySpan<long> previousOfPatients) =>
        kind switch
        {
            StatementKind.Access => new AccessStatement(origin, sequence, instant, body, mentioned, consent, new SequenceList(previousOfPatients)),
            StatementKind.Erasure => new ErasureStatement(origin, sequence, instant, body, mentioned, previousOfPatients is [var previous] ? previous : 0),
            _ => new EventStatement(origin, sequence, instant, body),
        };
}
