using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>A head that stands in a block.</summary>
public sealed record AnchoredHead(TreeHead Previous, TreeHead Head, Hash256 Transaction, long BlockNumber, Hash256 BlockHash);

/// <summary>The contract <c>CheckpointAnchor</c> (contracts/CheckpointAnchor.sol) at one address.</summary>
/// <remarks>Safe to use from several threads. Methods that change something only make the call; a <see cref="TransactionSender"/> sends it.</remarks>
public sealed class CheckpointAnchorContract(EthereumClient client, EthereumAddress address)
{
    // How far back the first search for an event goes; each further one goes twice as far.
    private const long RecentBlocks = 2_000;

    private static readonly AbiFunction _head = new("head()", "(uint64 size,bytes32 root)");
    private static readonly AbiFunction _rootOf = new("rootOf(uint64 size)", "(bytes32)");
    private static readonly AbiFunction _log = new("log()", "(bytes32)");
    private static readonly AbiFunction _owner = new("owner()", "(address)");
    private static readonly AbiFunction _pendingOwner = new("pendingOwner()", "(address)");
    private static readonly AbiFunction _anchorer = new("anchorer()", "(address)");
    private static readonly AbiFunction _anchor = new("anchor(uint64 prevSize,bytes32 prevRoot,uint64 size,bytes32 root)");
    private static readonly AbiFunction _setAnchorer = new("setAnchorer(address next)");
    private static readonly AbiFunction _proposeOwner = new("proposeOwner(address proposed)");
    private static readonly AbiFunction _acceptOwnership = new("acceptOwnership()");
    private static readonly AbiFunction _announceLogKey = new("announceLogKey(bytes32 publicKey)");
    private static readonly AbiEvent _checkpoint = new("Checkpoint(uint64 prevSize,bytes32 prevRoot,uint64 indexed size,bytes32 root)");
    private static readonly AbiEvent _logKeyAnnounced = new("LogKeyAnnounced(bytes32 indexed publicKey)");

    private static readonly Hash256 _logSlot = StateProof.SlotOf(ContractArtefact.CheckpointAnchor.SlotOf("log"));
    private static readonly Hash256 _rootsSlot = StateProof.SlotOf(ContractArtefact.CheckpointAnchor.SlotOf("rootOf"));

    private static readonly AbiError[] _errors =
    [
        new("NotOwner()"), new("NotPendingOwner()"), new("NoOwner()"), new("NotAnchorer()"), new("HeadIs(uint64 size,bytes32 root)"),
        new("NotGrowing()"), new("NoRoot()"),
    ];

    public EthereumAddress Address => address;

    /// <summary>The name by which the contract knows a log: the hash of its origin line.</summary>
    public static Hash256 LogOf(string origin) => Hash256.Of(Encoding.UTF8.GetBytes(origin));

    /// <summary>Makes a new contract for a log.</summary>
    /// <param name="owner">Appoints the anchorer; a key that is kept offline, or a contract of several signers.</param>
    /// <param name="head">Where the log stands: <see cref="TreeHead.Empty"/>, or the newest head of the contract that this one follows.</param>
    public static EthereumCall Deployment(string origin, EthereumAddress owner, EthereumAddress anchorer, TreeHead head) =>
        ContractArtefact.CheckpointAnchor.Creation(
            "(bytes32,address,address,uint64,bytes32)", LogOf(origin), owner, anchorer, head.Size, head.Root);

    /// <summary>Why the contract refused a call.</summary>
    public static RevertReason ReasonOf(EthereumException refusal) => RevertReason.Read(refusal.RevertData.Span, _errors);

    /// <summary>The newest head.</summary>
    public async ValueTask<TreeHead> HeadAsync(BlockTag tag, CancellationToken cancellationToken) =>
        await ReadAsync(_head, tag, cancellationToken) is [BigInteger size, byte[] root] ? new TreeHead(SizeOf(size), new Hash256(root)) : throw Unfit();

    /// <summary>The root that was anchored at a size; zero when none was.</summary>
    public async ValueTask<Hash256> RootOfAsync(long size, BlockTag tag, CancellationToken cancellationToken) =>
        HashOf(await ReadAsync(_rootOf, tag, cancellationToken, size));

    /// <summary>Which log it is about, see <see cref="LogOf"/>.</summary>
    public async ValueTask<Hash256> LogAsync(CancellationToken cancellationToken) => HashOf(await ReadAsync(_log, BlockTag.Latest, cancellationToken));

    public async ValueTask<EthereumAddress> OwnerAsync(CancellationToken cancellationToken) => AddressOf(await ReadAsync(_owner, BlockTag.Latest, cancellationToken));

    public async ValueTask<EthereumAddress> PendingOwnerAsync(CancellationToken cancellationToken) =>
        AddressOf(await ReadAsync(_pendingOwner, BlockTag.Latest, cancellationToken));

    public async ValueTask<EthereumAddress> AnchorerAsync(CancellationToken cancellationToken) =>
        AddressOf(await ReadAsync(_anchorer, BlockTag.Latest, cancellationToken));

    public EthereumCall Anchor(TreeHead previous, TreeHead next) => Call(_anchor, previous.Size, previous.Root, next.Size, next.Root);

    /// <param name="next">The zero address stops anchoring.</param>
    public EthereumCall SetAnchorer(EthereumAddress next) => Call(_setAnchorer, next);

    public EthereumCall ProposeOwner(EthereumAddress proposed) => Call(_proposeOwner, proposed);

    public EthereumCall AcceptOwnership() => Call(_acceptOwnership);

    /// <param name="publicKey">The Ed25519 key that signs the log from now on.</param>
    public EthereumCall AnnounceLogKey(Hash256 publicKey) => Call(_announceLogKey, publicKey);

    /// <summary>The heads that were anchored in these blocks, in order. The first of all is the one that the contract was made with.</summary>
    public async IAsyncEnumerable<AnchoredHead> HeadsAsync(long fromBlock, long toBlock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (EthereumLog log in client.LogsAsync(new LogQuery(fromBlock, toBlock, address, [_checkpoint.Topic]), cancellationToken))
        {
            yield return HeadOf(log);
        }
    }

    /// <summary>The log keys that the owner announced in these blocks, in order.</summary>
    public async IAsyncEnumerable<Hash256> LogKeysAsync(long fromBlock, long toBlock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (EthereumLog log in client.LogsAsync(new LogQuery(fromBlock, toBlock, address, [_logKeyAnnounced.Topic]), cancellationToken))
        {
            yield return log.Topics[1];
        }
    }

    /// <summary>Finds the event by which a size was anchored; null when it was not. Looks at the newest blocks first.</summary>
    /// <param name="firstBlock">Where the search ends: the block in which the contract was made, or 0.</param>
    public async ValueTask<AnchoredHead?> FindAsync(long size, long firstBlock, CancellationToken cancellationToken)
    {
        long last = await client.BlockNumberAsync(cancellationToken);
        for (long reach = RecentBlocks; last >= firstBlock; reach *= 2)
        {
            long first = Math.Max(firstBlock, last - reach + 1);
            var query = new LogQuery(first, last, address, [_checkpoint.Topic], [_checkpoint.TopicOf("size", size)]);
            await foreach (EthereumLog log in client.LogsAsync(query, cancellationToken))
            {
                return HeadOf(log);
            }

            last = first - 1;
        }

        return null;
    }

    /// <summary>Gets a proof of the root at a size in a given block, which <see cref="RootIn"/> reads without a node.</summary>
    public ValueTask<StateProof> ProofAsync(long size, long block, CancellationToken cancellationToken) =>
        client.ProofAsync(address, [_logSlot, RootSlotOf(size)], block, cancellationToken);

    /// <summary>
    /// The root that a contract of this kind held for a log at a size, in the block of the proof; zero when none was anchored. That this
    /// block is on the chain, and this the contract that counts, is the caller's to know.
    /// </summary>
    /// <exception cref="FormatException">The proof does not hold, or is about something else.</exception>
    public static Hash256 RootIn(StateProof proof, string origin, long size)
    {
        ProvenState state = proof.Verify();
        if (state.Account?.CodeHash != ContractArtefact.CheckpointAnchor.CodeHash)
        {
            throw new FormatException("The proof is about something else than a CheckpointAnchor of this version.");
        }

        return WordOf(state, _logSlot) == LogOf(origin)
            ? WordOf(state, RootSlotOf(size))
            : throw new FormatException("The proof is about the contract of another log.");
    }

    /// <summary>The head that a transaction anchored here; null when it did not.</summary>
    public TreeHead? AnchoredBy(TransactionReceipt receipt) =>
        receipt.Succeeded && receipt.Logs.FirstOrDefault(log => log.Address == address && _checkpoint.Matches(log)) is { } log ? HeadOf(log).Head : null;

    private static Hash256 RootSlotOf(long size) => StateProof.SlotOf(_rootsSlot, "uint64", size);

    private static Hash256 WordOf(ProvenState state, Hash256 slot) => state.Words.TryGetValue(slot, out BigInteger word)
        ? new Hash256(Abi.Encode("(uint256)", word))
        : throw new FormatException("The proof does not speak of the slot that was asked for.");

    private static AnchoredHead HeadOf(EthereumLog log) =>
        _checkpoint.Decode(log) is [BigInteger previousSize, byte[] previousRoot, BigInteger size, byte[] root]
            ? new AnchoredHead(
                new TreeHead(SizeOf(previousSize), new Hash256(previousRoot)), new TreeHead(SizeOf(size), new Hash256(root)), log.TransactionHash, log.BlockNumber, log.BlockHash)
            : throw Unfit();

    // A thief of the key can anchor sizes that no log has.
    private static long SizeOf(BigInteger size) => size <= long.MaxValue ? (long)size : throw Unfit();

    private static Hash256 HashOf(object[] values) => values is [byte[] hash] ? new Hash256(hash) : throw Unfit();

    private static EthereumAddress AddressOf(object[] values) => values is [EthereumAddress value] ? value : throw Unfit();

    private static EthereumException Unfit() => new(EthereumFault.BadAnswer, "The contract's answer is not that of a CheckpointAnchor.");

    private EthereumCall Call(AbiFunction function, params object[] arguments) => new(address, function.Encode(arguments));

    private ValueTask<object[]> ReadAsync(AbiFunction function, BlockTag tag, CancellationToken cancellationToken, params object[] arguments) =>
        client.ReadAsync(address, function, arguments, tag, cancellationToken);
}
