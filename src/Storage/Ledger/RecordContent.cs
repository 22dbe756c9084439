using HealthChain.LedgerProofs;

namespace HealthChain.Storage.Ledger;

/// <summary>The sealed part of a record: all of its statement that only whoever may open it should learn.</summary>
/// <remarks>The bytes: format 1 = 1 | consent as varint | number of sequence numbers as varint | their differences as varints | body.</remarks>
internal readonly record struct RecordContent(long Consent, long[] Mentioned, ReadOnlyMemory<byte> Body)
{
    private const byte Format = 1;

    /// <param name="mentioned">The sequence numbers that it names, ascending.</param>
    public static byte[] Write(long consent, ReadOnlySpan<long> mentioned, ReadOnlySpan<byte> body)
    {
        byte[] bytes = new byte[1 + (Varint.MostBytes * (2 + mentioned.Length)) + body.Length];
        bytes[0] = Format;
        int at = 1;
        at += Varint.Write(bytes.AsSpan(at), (ulong)consent);
        at += Varint.Write(bytes.AsSpan(at), (ulong)mentioned.Length);
        long last = 0;
        foreach (long sequence in mentioned)
        {
            at += Varint.Write(bytes.AsSpan(at), (ulong)(sequence - last));
            last = sequence;
        }

        body.CopyTo(bytes.AsSpan(at));
        return bytes[..(at + body.Length)];
    }

    /// <summary>What the bytes say; null when they are not of a format that this program knows.</summary>
    public static RecordContent? Read(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        int at = 1;
        if (span.IsEmpty
            || span[0] != Format
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

        return new RecordContent((long)consent, mentioned, bytes[at..]);
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
