using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>What the chain knows of an account.</summary>
public sealed record AccountState(long Nonce, BigInteger Balance, Hash256 StorageRoot, Hash256 CodeHash);

/// <summary>A word of a contract's storage that a proof speaks of, with the nodes on the way to it.</summary>
public sealed record SlotProof(Hash256 Slot, IReadOnlyList<ReadOnlyMemory<byte>> Nodes);

/// <summary>
/// That a contract's storage held certain words at a certain block, to be checked without a node: the block's header, and from the state root
/// in it the nodes of the two tries down to the words (EIP-1186).
/// </summary>
/// <remarks>What remains to be believed is that the block with this hash is on the chain.</remarks>
public sealed record StateProof(ReadOnlyMemory<byte> Header, EthereumAddress Contract, IReadOnlyList<ReadOnlyMemory<byte>> AccountNodes, params IReadOnlyList<SlotProof> Slots)
{
    private const int MaxSlots = 64;
    private const int MaxNodes = 65;

    // Each byte is two characters of JSON; a branch has 16 hashes.
    private const int MaxNodeBytes = 1024;

    /// <summary>Checks all of it.</summary>
    /// <exception cref="FormatException">Some link of the proof does not hold.</exception>
    public ProvenState Verify()
    {
        BlockHeader header = BlockHeader.Read(Header);
        var words = new Dictionary<Hash256, BigInteger>();
        AccountState? account = PatriciaTrie.Read(header.StateRoot, Keccak256.Of(Contract.ToArray()).ToArray(), AccountNodes) is { } value ? ReadAccount(value) : null;
        foreach (SlotProof slot in Slots)
        {
            words[slot.Slot] = WordOf(account?.StorageRoot ?? PatriciaTrie.EmptyRoot, slot);
        }

        return new ProvenState(header, account, words);
    }

    public JsonObject ToJson() => new()
    {
        ["header"] = Hex.Data(Header.Span),
        ["contract"] = Contract.ToString(),
        ["account"] = ToJson(AccountNodes),
        ["slots"] = new JsonArray([.. Slots.Select(static slot => new JsonObject { ["slot"] = Hex.Data(slot.Slot), ["nodes"] = ToJson(slot.Nodes) })]),
    };

    /// <exception cref="FormatException">It is no proof in this form.</exception>
    public static StateProof Parse(JsonElement json) => new(
        Hex.ParseData(json.Text("header")),
        json.Address("contract"),
        ReadNodes(json.Member("account")),
        [.. Bounded(json.Member("slots"), MaxSlots).Select(static slot => new SlotProof(slot.Hash("slot"), ReadNodes(slot.Member("nodes"))))]);

    /// <summary>Puts together what a node says of a block and answers to <c>eth_getProof</c> at that block.</summary>
    internal static StateProof OfAnswers(JsonElement block, JsonElement proof) => new(
        BlockHeader.OfBlock(block).Rlp,
        proof.Address("address"),
        ReadNodes(proof.Member("accountProof")),
        [.. Bounded(proof.Member("storageProof"), MaxSlots).Select(static slot => new SlotProof(SlotOf(slot.Quantity("key")), ReadNodes(slot.Member("proof"))))]);

    /// <summary>The slot of a state variable, by its place in the contract.</summary>
    public static Hash256 SlotOf(BigInteger place) => new(Abi.Encode("(uint256)", place));

    /// <summary>The slot of a mapping's value, by its key: Solidity's "Layout of Mappings".</summary>
    /// <param name="type">Of the key, such as <c>uint64</c>.</param>
    public static Hash256 SlotOf(Hash256 mapping, string type, object key) => Keccak256.Of(Abi.Encode($"({type},bytes32)", key, mapping));

    private static BigInteger WordOf(Hash256 storageRoot, SlotProof slot)
    {
        if (PatriciaTrie.Read(storageRoot, Keccak256.Of(slot.Slot.ToArray()).ToArray(), slot.Nodes) is not { } value)
        {
            return BigInteger.Zero;
        }

        var reader = new RlpReader(value);
        BigInteger word = reader.ReadInteger();
        reader.ExpectEnd();
        return word.IsZero ? throw new FormatException("A trie of a contract holds no zeros.") : word;
    }

    private static AccountState ReadAccount(ReadOnlySpan<byte> value)
    {
        var reader = new RlpReader(value);
        var fields = reader.ReadList();
        reader.ExpectEnd();
        var account = new AccountState(fields.ReadLong(), fields.ReadInteger(), new Hash256(fields.ReadText(Hash256.Bytes)), new Hash256(fields.ReadText(Hash256.Bytes)));
        fields.ExpectEnd();
        return account;
    }

    private static JsonArray ToJson(IReadOnlyList<ReadOnlyMemory<byte>> nodes) => [.. nodes.Select(static node => JsonValue.Create(Hex.Data(node.Span)))];

    private static ReadOnlyMemory<byte>[] ReadNodes(JsonElement json) =>
    [
        .. Bounded(json, MaxNodes).Select(static ReadOnlyMemory<byte> (node) => Hex.ParseData(node.Text()) is { Length: <= MaxNodeBytes } bytes
            ? bytes
            : throw new FormatException("A node of a proof is not that large.")),
    ];

    private static IEnumerable<JsonElement> Bounded(JsonElement list, int most) =>
        list.List().Count() <= most ? list.List() : throw new FormatException("A proof does not have that many parts.");
}

/// <summary>What a proof has shown.</summary>
/// <param name="Account">Null when there is no such account.</param>
/// <param name="Words">By slot; zero where nothing was ever stored.</param>
public sealed record ProvenState(BlockHeader Header, AccountState? Account, IReadOnlyDictionary<Hash256, BigInteger> Words);
