using System.Numerics;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>One run of the development chain's node, and what speaks to it.</summary>
internal sealed class RunningChain : IAsyncDisposable
{
    private const int MaxStateBytes = 1 << 29;
    private const int LongestWait = 1 << 13;
    private static readonly BigInteger _wealth = BigInteger.Pow(10, 24);

    private readonly DevelopmentKeys _keys;
    private readonly string _origin;
    private readonly TimeProvider _time;
    private readonly JsonRpcConnection _node;
    private readonly EthereumClient _client;
    private readonly TransactionSender _sender;
    private readonly TransactionSender _verifier;

    public RunningChain(AnvilProcess node, DevelopmentKeys keys, string origin, TimeProvider time)
    {
        (Node, _keys, _origin, _time) = (node, keys, origin, time);
        _node = new JsonRpcConnection(new JsonRpcOptions { Endpoint = node.Endpoint, MaxAnswerBytes = MaxStateBytes, Timeout = TimeSpan.FromMinutes(1) });
        _client = new EthereumClient(new JsonRpcOptions { Endpoint = node.Endpoint, Timeout = TimeSpan.FromMinutes(1) });
        _sender = SenderOf(keys.Anchorer);
        var options = new EthereumAnchorOptions { Origin = origin, ChainId = DevelopmentChainOptions.ChainId };
        Anchor = new EthereumAnchor(_client, _sender, keys.CheckpointAnchor, options, time);
        _verifier = SenderOf(keys.Verifier);
        Registrar = new IdentityRegistrar(_client, _verifier, keys.HealthRegistry, SenderOptions);
    }

    public AnvilProcess Node { get; }

    /// <summary>Anchors here; what is in a block is final for it.</summary>
    public EthereumAnchor Anchor { get; }

    /// <summary>Writes into the registry here.</summary>
    public IdentityRegistrar Registrar { get; }

    private static SenderOptions SenderOptions => new() { ChainId = DevelopmentChainOptions.ChainId, Confirmations = 0 };

    /// <summary>Everything on the chain, as <see cref="RestoreAsync"/> takes it.</summary>
    public async Task<byte[]> StateAsync(CancellationToken cancellationToken) =>
        Hex.ParseData((await _node.CallAsync(new JsonRpcCall("anvil_dumpState"), cancellationToken)).GetString());

    public async Task RestoreAsync(byte[] state, CancellationToken cancellationToken) =>
        await _node.CallAsync(new JsonRpcCall("anvil_loadState", Hex.Data(state)), cancellationToken);

    public async ValueTask<Hash256> NewestBlockAsync(CancellationToken cancellationToken) =>
        (await _client.BlockAsync(BlockTag.Latest, cancellationToken))?.Hash ?? default;

    /// <summary>Gives the accounts money, and makes the contracts that are not there yet.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (EthereumAddress account in _keys.Accounts)
        {
            await _node.CallAsync(new JsonRpcCall("anvil_setBalance", account.ToString(), Hex.Quantity(_wealth)), cancellationToken);
        }

        EthereumAddress owner = _keys.Owner.Address;
        EthereumCall anchor = CheckpointAnchorContract.Deployment(_origin, owner, _keys.Anchorer.Address, TreeHead.Empty);
        await MakeAsync(ContractArtefact.CheckpointAnchor, _keys.CheckpointAnchor, _keys.AnchorMaker, anchor, cancellationToken);
        EthereumCall registry = HealthRegistryContract.Deployment(owner);
        await MakeAsync(ContractArtefact.HealthRegistry, _keys.HealthRegistry, _keys.RegistryMaker, registry, cancellationToken);
        await AppointAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _sender.Dispose();
        _verifier.Dispose();
        _client.Dispose();
        _node.Dispose();
    }

    private async Task MakeAsync(ContractArtefact artefact, EthereumAddress address, IEthereumSigner maker, EthereumCall creation, CancellationToken cancellationToken)
    {
        if (await artefact.IsAtAsync(_client, address, cancellationToken))
        {
            return;
        }

        using TransactionSender sender = SenderOf(maker);
        SentTransaction sent = await sender.SendAsync(creation, cancellationToken);

        TransactionReceipt? receipt = await ReceiptAsync(sent.Hash, cancellationToken);
        if (receipt is not { Succeeded: true } || receipt.Contract != address)
        {
            throw new AnchorUnavailableException($"The development chain did not make the contract {artefact.Name} at its place.");
        }
    }

    /// <summary>Has the owner make the verifier one, unless it is.</summary>
    private async Task AppointAsync(CancellationToken cancellationToken)
    {
        var registry = new HealthRegistryContract(_client, _keys.HealthRegistry, DevelopmentChainOptions.ChainId);
        if (await registry.IsInGoodStandingAsync(_keys.Verifier.Address, cancellationToken))
        {
            return;
        }

        using TransactionSender owner = SenderOf(_keys.Owner);
        EthereumCall appointment = registry.SetIdentity(_keys.Verifier.Address, RegistryRole.Verifier, RegistryStatus.Verified, DateTimeOffset.MaxValue, default);
        SentTransaction sent = await owner.SendAsync(appointment, cancellationToken);
        if (await ReceiptAsync(sent.Hash, cancellationToken) is not { Succeeded: true })
        {
            throw new AnchorUnavailableException("The development chain did not appoint the registry's verifier.");
        }
    }

    // This node makes a block for each transaction, but answers a little before.
    private async Task<TransactionReceipt?> ReceiptAsync(Hash256 transaction, CancellationToken cancellationToken)
    {
        for (int wait = 1; wait <= LongestWait; wait *= 2)
        {
            if (await _client.ReceiptAsync(transaction, cancellationToken) is { } receipt)
            {
                return receipt;
            }

            await Task.Delay(wait, cancellationToken);
        }

        return null;
    }

    private TransactionSender SenderOf(IEthereumSigner signer) =>
        new(_client, signer, SenderOptions, _time);
}
