using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>RLP, and the transactions and headers in it. What is accepted is written back byte by byte: there is one form of everything.</summary>
public sealed class RlpTarget : FuzzTarget
{
    private const int MaxDepth = 200;

    public override string Name => "rlp";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        // EIP-155's example, two of the newer types, a header's first fields, and plain nesting.
        Convert.FromHexString("f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"),
        Signed(new GasFee(30, 2), null),
        Signed(new GasFee(30, null), [new AccessListEntry(default, [Hash256.Of([1]), Hash256.Of([2])])]),
        [0xC7, 0xC0, 0xC1, 0xC0, 0xC3, 0xC0, 0xC1, 0xC0],
        [0xB8, 56, .. new byte[56]],
    ];

    public override IReadOnlyList<byte[]> Dictionary { get; } = [[0x80], [0x81], [0x81, 0x80], [0xB8], [0xB9, 1, 0], [0xC0], [0xF8], [0xFF, 0xFF], [0xBF], [0x7F], [0, 0, 0, 0], [1], [2]];

    public override void Run(byte[] input)
    {
        var writer = new RlpWriter();
        if (Accepts(() =>
        {
            var reader = new RlpReader(input);
            Copy(ref reader, writer, 0);
            reader.ExpectEnd();
        }))
        {
            Promise(writer.ToArray().AsSpan().SequenceEqual(input), "what RLP reads, it writes");
        }

        SignedTransaction? signed = null;
        if (Accepts(() => signed = SignedTransaction.Decode(input)))
        {
            Promise(signed!.Raw.Span.SequenceEqual(input), "a transaction has one form");
        }

        BlockHeader? header = null;
        if (Accepts(() => header = BlockHeader.Read(input)))
        {
            Promise(header!.Hash == Keccak256.Of(input), "a header is named by its bytes");
        }
    }

    private static bool Accepts(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static void Copy(ref RlpReader reader, RlpWriter writer, int depth)
    {
        if (!reader.IsAtList)
        {
            writer.Write(reader.ReadText());
            return;
        }

        if (depth > MaxDepth)
        {
            throw new FormatException("It nests deeper than this test goes.");
        }

        var items = reader.ReadList();
        writer.BeginList();
        while (!items.IsAtEnd)
        {
            Copy(ref items, writer, depth + 1);
        }

        writer.EndList();
    }

    private static byte[] Signed(GasFee fee, AccessListEntry[]? access)
    {
        using var signer = new LocalSigner([.. Enumerable.Repeat((byte)0x46, 32)]);
        return signer.Sign(new EthereumTransaction(1, 9, fee, 21_000, signer.Address, 1_000_000, new byte[] { 1, 2, 3 }) { AccessList = access }).Raw.ToArray();
    }
}
