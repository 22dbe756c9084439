using System.Runtime.CompilerServices;

namespace HealthChain.LedgerProofs;

/// <summary>Vectors of 32-bit words, one word of each message that is hashed side by side: what SHA-256 needs of them (FIPS 180-4 §4.1.2).</summary>
internal interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>How many messages.</summary>
    static abstract int Count { get; }

    static abstract TVector Broadcast(uint word);

    static abstract TVector Add(TVector x, TVector y);

    static abstract TVector Choose(TVector x, TVector y, TVector z);

    static abstract TVector Majority(TVector x, TVector y, TVector z);

    static abstract TVector BigSigma0(TVector x);

    static abstract TVector BigSigma1(TVector x);

    static abstract TVector SmallSigma0(TVector x);

    static abstract TVector SmallSigma1(TVector x);

    /// <summary>The words at three bytes of one and a byte of the word before: <c>before &lt;&lt; 24 | word &gt;&gt; 8</c>.</summary>
    static abstract TVector Join(TVector before, TVector word);

    /// <summary>Turns rows of 8 big-endian words, one for each message, into 8 vectors.</summary>
    static abstract void Read(ReadOnlySpan<byte> rows, Span<TVector> words);

    /// <summary>The same with rows of 16 words.</summary>
    static abstract void ReadPairs(ReadOnlySpan<byte> rows, Span<TVector> words);

    /// <summary>Turns 8 vectors back into rows.</summary>
    static abstract void Write(ReadOnlySpan<TVector> words, Span<byte> rows);
}

/// <summary>
/// SHA-256 of as many messages at once as a vector has words. One at a time the call alone would cost more than the hashing.
/// </summary>
internal static class Sha256Lanes<TLanes, TVector>
    where TLanes : ILanes<TVector>
    where TVector : struct
{
    private const int Words = 8;

    // The message of a leaf is 0x00 and 32 bytes, that of a node 0x01 and 64: then 0x80, zeroes, and the length in bits.
    private const uint NodeMark = 0x01_000000;
    private const uint EndMark = 0x00_800000;
    private const uint LeafBits = 8 * (1 + Hash256.Bytes);
    private const uint NodeBits = 8 * (1 + (2 * Hash256.Bytes));

    private static ReadOnlySpan<uint> InitialState =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <param name="entries">As many of 32 bytes as there are lanes.</param>
    public static void HashLeaves(ReadOnlySpan<byte> entries, Span<byte> hashes)
    {
        Block message = default;
        State state = default;
        TLanes.Read(entries, message[..Words]);
        message[Words] = TLanes.Join(message[Words - 1], TLanes.Broadcast(EndMark << 8));
        ShiftByOneByte(message[..Words], 0);
        message[(Words + 1)..15].Fill(TLanes.Broadcast(0));
        message[15] = TLanes.Broadcast(LeafBits);
        Start(state);
        Compress(state, message);
        TLanes.Write(state, hashes);
    }

    /// <param name="pairs">As many pairs of hashes as there are lanes.</param>
    /// <param name="parents">May begin where <paramref name="pairs"/> begins.</param>
    public static void HashNodes(ReadOnlySpan<byte> pairs, Span<byte> parents)
    {
        Block message = default;
        State state = default;
        TLanes.ReadPairs(pairs, message);
        var last = TLanes.Join(message[15], TLanes.Broadcast(EndMark << 8));
        ShiftByOneByte(message, NodeMark >> 24);
        Start(state);
        Compress(state, message);
        message[0] = last;
        message[1..15].Fill(TLanes.Broadcast(0));
        message[15] = TLanes.Broadcast(NodeBits);
        Compress(state, message);
        TLanes.Write(state, parents);
    }

    /// <summary>Hashes messages of whatever lengths.</summary>
    /// <param name="padded">Holds the messages in whole blocks, padded as FIPS 180-4 §5.1.1 says.</param>
    /// <param name="messages">As many as there are lanes at most, the shorter ones first.</param>
    /// <param name="hashes">Takes the hash of each.</param>
    public static void HashMessages(ReadOnlySpan<byte> padded, ReadOnlySpan<PaddedMessage> messages, Span<byte> hashes)
    {
        const int BlockBytes = PaddedMessage.BlockBytes;
        Span<byte> rows = stackalloc byte[BlockBytes * TLanes.Count];
        Span<byte> ended = stackalloc byte[Hash256.Bytes * TLanes.Count];
        Block message = default;
        State state = default;
        Start(state);
        rows.Clear();
        int next = 0;
        for (int block = 0; next < messages.Length; block++)
        {
            // Lanes of messages that have ended go on with whatever is there.
            for (int lane = next; lane < messages.Length; lane++)
            {
                padded.Slice(messages[lane].At + (block * BlockBytes), BlockBytes).CopyTo(rows[(lane * BlockBytes)..]);
            }

            TLanes.ReadPairs(rows, message);
            Compress(state, message);
            if (messages[next].Blocks == block + 1)
            {
                TLanes.Write(state, ended);
                for (; next < messages.Length && messages[next].Blocks == block + 1; next++)
                {
                    ended.Slice(next * Hash256.Bytes, Hash256.Bytes).CopyTo(hashes[(next * Hash256.Bytes)..]);
                }
            }
        }
    }

    /// <summary>Makes room for the byte that the message begins with.</summary>
    private static void ShiftByOneByte(Span<TVector> words, uint first)
    {
        for (var i = words.Length - 1; i > 0; i--)
        {
            words[i] = TLanes.Join(words[i - 1], words[i]);
        }

        words[0] = TLanes.Join(TLanes.Broadcast(first), words[0]);
    }

    private static void Start(Span<TVector> state)
    {
        for (var i = 0; i < Words; i++)
        {
            state[i] = TLanes.Broadcast(InitialState[i]);
        }
    }

    /// <summary>FIPS 180-4 §6.2.2. State and message stay in registers: 24 of them, so the steps are written out and not a loop.</summary>
    internal static void Compress(Span<TVector> state, ReadOnlySpan<TVector> message)
    {
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        var (w0, w1, w2, w3, w4, w5, w6, w7) =
            (message[0], message[1], message[2], message[3], message[4], message[5], message[6], message[7]);
        var (w8, w9, wa, wb, wc, wd, we, wf) =
            (message[8], message[9], message[10], message[11], message[12], message[13], message[14], message[15]);
        for (var round = 0; round < 48; round += 16)
        {
            var k = Constants.Slice(round, 16);
            Step(a, b, c, ref d, e, f, g, ref h, ref w0, w1, w9, we, k[0]);
            Step(h, a, b, ref c, d, e, f, ref g, ref w1, w2, wa, wf, k[1]);
            Step(g, h, a, ref b, c, d, e, ref f, ref w2, w3, wb, w0, k[2]);
            Step(f, g, h, ref a, b, c, d, ref e, ref w3, w4, wc, w1, k[3]);
            Step(e, f, g, ref h, a, b, c, ref d, ref w4, w5, wd, w2, k[4]);
            Step(d, e, f, ref g, h, a, b, ref c, ref w5, w6, we, w3, k[5]);
            Step(c, d, e, ref f, g, h, a, ref b, ref w6, w7, wf, w4, k[6]);
            Step(b, c, d, ref e, f, g, h, ref a, ref w7, w8, w0, w5, k[7]);
            Step(a, b, c, ref d, e, f, g, ref h, ref w8, w9, w1, w6, k[8]);
            Step(h, a, b, ref c, d, e, f, ref g, ref w9, wa, w2, w7, k[9]);
            Step(g, h, a, ref b, c, d, e, ref f, ref wa, wb, w3, w8, k[10]);
            Step(f, g, h, ref a, b, c, d, ref e, ref wb, wc, w4, w9, k[11]);
            Step(e, f, g, ref h, a, b, c, ref d, ref wc, wd, w5, wa, k[12]);
            Step(d, e, f, ref g, h, a, b, ref c, ref wd, we, w6, wb, k[13]);
            Step(c, d, e, ref f, g, h, a, ref b, ref we, wf, w7, wc, k[14]);
            Step(b, c, d, ref e, f, g, h, ref a, ref wf, w0, w8, wd, k[15]);
        }

        var last = Constants[48..];
        Round(a, b, c, ref d, e, f, g, ref h, w0, last[0]);
        Round(h, a, b, ref c, d, e, f, ref g, w1, last[1]);
        Round(g, h, a, ref b, c, d, e, ref f, w2, last[2]);
        Round(f, g, h, ref a, b, c, d, ref e, w3, last[3]);
        Round(e, f, g, ref h, a, b, c, ref d, w4, last[4]);
        Round(d, e, f, ref g, h, a, b, ref c, w5, last[5]);
        Round(c, d, e, ref f, g, h, a, ref b, w6, last[6]);
        Round(b, c, d, ref e, f, g, h, ref a, w7, last[7]);
        Round(a, b, c, ref d, e, f, g, ref h, w8, last[8]);
        Round(h, a, b, ref c, d, e, f, ref g, w9, last[9]);
        Round(g, h, a, ref b, c, d, e, ref f, wa, last[10]);
        Round(f, g, h, ref a, b, c, d, ref e, wb, last[11]);
        Round(e, f, g, ref h, a, b, c, ref d, wc, last[12]);
        Round(d, e, f, ref g, h, a, b, ref c, wd, last[13]);
        Round(c, d, e, ref f, g, h, a, ref b, we, last[14]);
        Round(b, c, d, ref e, f, g, h, ref a, wf, last[15]);
        AddTo(state, a, b, c, d);
        AddTo(state[4..], e, f, g, h);
    }

    /// <summary>A round, and the message word that is due 16 rounds later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        TVector a, TVector b, TVector c, ref TVector d, TVector e, TVector f, TVector g, ref TVector h,
        ref TVector w, TVector after1, TVector after9, TVector after14, uint constant)
    {
        Round(a, b, c, ref d, e, f, g, ref h, w, constant);
        w = TLanes.Add(TLanes.Add(w, TLanes.SmallSigma0(after1)), TLanes.Add(after9, TLanes.SmallSigma1(after14)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        TVector a, TVector b, TVector c, ref TVector d, TVector e, TVector f, TVector g, ref TVector h, TVector w, uint constant)
    {
        var sum = TLanes.Add(
            TLanes.Add(h, TLanes.Add(w, TLanes.Broadcast(constant))),
            TLanes.Add(TLanes.BigSigma1(e), TLanes.Choose(e, f, g)));
        d = TLanes.Add(d, sum);
        h = TLanes.Add(sum, TLanes.Add(TLanes.BigSigma0(a), TLanes.Majority(a, b, c)));
    }

    private static void AddTo(Span<TVector> state, TVector x, TVector y, TVector z, TVector u)
    {
        state[0] = TLanes.Add(state[0], x);
        state[1] = TLanes.Add(state[1], y);
        state[2] = TLanes.Add(state[2], z);
        state[3] = TLanes.Add(state[3], u);
    }

    [InlineArray(16)]
    private struct Block
    {
        private TVector _first;
    }

    [InlineArray(Words)]
    private struct State
    {
        private TVector _first;
    }
}
