using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>What the targets of the ledger start from: a log of two entries with one witness.</summary>
internal static class LedgerSample
{
    private const string Origin = "clinic.example/ledger";

    private static readonly NoteSigner Log = new(Origin, new byte[32]);
    private static readonly Cosigner Witness = new("w.example", Hash256.Of([1]).ToArray());

    private static readonly byte[] Salt = new byte[Commitment.SaltBytes];

    private static readonly byte[] Statement = new VersionStatement(
        Origin, 1, 1_760_000_000_000, "Patient", "p1", 1, VersionOperation.Create, Hash256.Of("content"u8), 0, 0).ToArray();

    private static readonly Hash256 Sibling = Hash256.Of("sibling"u8);

    public static TreeHead Head { get; } = new(
        2, MerkleProof.NodeHash(MerkleProof.LeafHash(Commitment.Of(Statement, Salt).ToArray()), Sibling));

    public static TrustPolicy Policy { get; } = TrustPolicy.Of([Log.Verifier], [Witness.Verifier], 1);

    public static SignedNote Note { get; } = new Checkpoint(Origin, Head).Sign(Log)
        .With(Witness.Sign(new Checkpoint(Origin, Head).Text, DateTimeOffset.FromUnixTimeSeconds(1_760_000_100)));

    public static byte[] Receipt { get; } = new Receipt(
        0,
        [Sibling],
        Note,
        Statement,
        Salt,
        [new ReceiptAnchor("eip155:1", "0x00", "0x01", 7, "0x02", Head, [])]).ToBytes();

    public static byte[][] Words { get; } =
    [
        .. new[]
        {
            "\n", "\n\n", "\u2014 ", "\u2014 w.example ", "+", "=", "==", "index ", "extra ", "0", "00", "1", "9223372036854775807", "18446744073709551616",
            "c2sp.org/tlog-proof@v1\n", Origin, "AAAA", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "log ", "witness a ", "group g any ", "quorum none\n",
            "quorum g\n", "all", "\r", "\0", "\t", "#", "{", "[", "]", "}", "\"anchors\":", "\\ud800", ",", ":", "null", "1e9", "-1",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xe2, 0x80], [0xc0, 0x80],
    ];
}
