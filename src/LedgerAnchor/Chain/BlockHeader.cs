using System.Text.Json;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>The header of a block in the bytes whose hash names the block, so that what it says can be believed to the extent that the hash is.</summary>
/// <remarks>On chains whose validators sign inside the header (IBFT, QBFT) the hash leaves the seals out; such headers are not read.</remarks>
public sealed class BlockHeader
{
    private const int MaxBytes = 1 << 14;

    // Names in JSON, in the order of the RLP list. Each upgrade of Ethereum appended some: a chain has the first ones, up to its own upgrade.
    private static readonly (string Name, bool IsNumber)[] _fields =
    [
        ("parentHash", false), ("sha3Uncles", false), ("miner", false), ("stateRoot", false), ("transactionsRoot", false), ("receiptsRoot", false),
        ("logsBloom", false), ("difficulty", true), ("number", true), ("gasLimit", true), ("gasUsed", true), ("timestamp", true),
        ("extraData", false), ("mixHash", false), ("nonce", false), ("baseFeePerGas", true), ("withdrawalsRoot", false), ("blobGasUsed", true),
        ("excessBlobGas", true), ("parentBeaconBlockRoot", false), ("requestsHash", false),
    ];

    private const int FirstOptional = 15;

    private BlockHeader(ReadOnlyMemory<byte> rlp) => Rlp = rlp;

    public ReadOnlyMemory<byte> Rlp { get; }

    public Hash256 Hash { get; private init; }

    public Hash256 ParentHash { get; private init; }

    public Hash256 StateRoot { get; private init; }

    public long Number { get; private init; }

    /// <summary>Seconds since 1970.</summary>
    public long Timestamp { get; private init; }

    /// <exception cref="FormatException">It is no header.</exception>
    public static BlockHeader Read(ReadOnlyMemory<byte> rlp)
    {
        if (rlp.Length > MaxBytes)
        {
            throw new FormatException("A header is not that large.");
        }

        var reader = new RlpReader(rlp.Span);
        var fields = reader.ReadList();
        reader.ExpectEnd();
        var parent = new Hash256(fields.ReadText(Hash256.Bytes));
        fields.ReadText(Hash256.Bytes);
        fields.ReadText(EthereumAddress.Bytes);
        var stateRoot = new Hash256(fields.ReadText(Hash256.Bytes));
        fields.ReadText(Hash256.Bytes);
        fields.ReadText(Hash256.Bytes);
        fields.ReadText();
        fields.ReadInteger();
        long number = fields.ReadLong();
        fields.ReadLong();
        fields.ReadLong();
        long timestamp = fields.ReadLong();
        return new BlockHeader(rlp) { Hash = Keccak256.Of(rlp.Span), ParentHash = parent, StateRoot = stateRoot, Number = number, Timestamp = timestamp };
    }

    /// <summary>Puts the header together from what a node says of a block.</summary>
    /// <exception cref="FormatException">Its hash is not the one that the node gives.</exception>
    internal static BlockHeader OfBlock(JsonElement block)
    {
        var rlp = new RlpWriter();
        rlp.BeginList();
        for (int i = 0; i < _fields.Length && (i < FirstOptional || block.Has(_fields[i].Name)); i++)
        {
            (string name, bool isNumber) = _fields[i];
            if (isNumber)
            {
                rlp.Write(block.Quantity(name));
            }
            else
            {
                rlp.Write(Hex.ParseData(block.Text(name)));
            }
        }

        rlp.EndList();
        BlockHeader header = Read(rlp.ToArray());
        return header.Hash == block.Hash("hash")
            ? header
            : throw new FormatException("The header does not have the hash that the node gives: it lies, or its chain forms hashes in another way.");
    }
}
