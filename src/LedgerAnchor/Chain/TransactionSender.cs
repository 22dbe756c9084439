using System.Numerics;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>On which chain, at which price, and from when on a block counts as settled.</summary>
public sealed record SenderOptions
{
    public required long ChainId { get; init; }

    public FeePolicy Fees { get; init; } = new();

    /// <summary>How many blocks must follow one before it is final; null asks the chain, which must then know the tag <c>finalized</c>.</summary>
    public int? Confirmations { get; init; }

    /// <summary>How much more gas than estimated is allowed, in percent: the state may change until the block.</summary>
    public int GasReservePercent { get; init; } = 20;
}

/// <summary>A transaction on its way.</summary>
/// <param name="Previous">Hashes of those that it replaced, any of which can still be the one that gets into a block.</param>
public sealed record SentTransaction(EthereumCall Call, Hash256 Hash, long Nonce, GasFee Fee, long GasLimit, DateTimeOffset SentAt, params IReadOnlyList<Hash256> Previous);

public enum TransactionState
{
    /// <summary>In no block that the node shows, or in one that a reorganisation removed.</summary>
    Pending,

    /// <summary>The node knows nothing of it nor of what it replaced, as after a restart; it can be sent again with the same number.</summary>
    Lost,

    /// <summary>In a block that may still be replaced.</summary>
    Mined,

    /// <summary>In a block that counts as settled.</summary>
    Final,

    /// <summary>Another transaction of this account has its number and is in a block, and the node knows this one no more.</summary>
    Superseded,
}

/// <param name="Receipt">Once it is in a block; it may have failed there.</param>
public sealed record TransactionStatus(TransactionState State, TransactionReceipt? Receipt);

/// <summary>Brings transactions of one account into blocks.</summary>
/// <remarks>Safe to use from several threads. It keeps no state: what is on its way is in <see cref="SentTransaction"/>, for the caller to keep.</remarks>
public sealed class TransactionSender(EthereumClient client, IEthereumSigner signer, SenderOptions options, TimeProvider time) : IDisposable
{
    private const int FeeBlocks = 10;
    private const int FeePercentile = 50;

    private readonly SemaphoreSlim _turn = new(1);
    private bool _isChainChecked;

    public EthereumAddress Account => signer.Address;

    /// <summary>Prices, signs and sends a call with the account's next number.</summary>
    /// <exception cref="EthereumException">Also with <see cref="EthereumFault.Reverted"/> when the contract would refuse it, and nothing was sent.</exception>
    public async ValueTask<SentTransaction> SendAsync(EthereumCall call, CancellationToken cancellationToken)
    {
        // One at a time: two that ask for the next number together would get the same.
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await CheckChainAsync(cancellationToken);
            long nonce = await client.TransactionCountAsync(Account, BlockTag.Pending, cancellationToken);
            GasFee fee = await MarketFeeAsync(cancellationToken);
            return await SendAsync(call, nonce, fee, await GasLimitAsync(call, cancellationToken), [], cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Prices, signs and sends a call with this number. Of what this account has waiting under the same number it takes the place, for
    /// which it offers more until the node agrees.
    /// </summary>
    /// <exception cref="EthereumException">Also with <see cref="EthereumFault.Reverted"/> when the contract would refuse it, and nothing was sent.</exception>
    public async ValueTask<SentTransaction> SendAsync(EthereumCall call, long nonce, CancellationToken cancellationToken)
    {
        await CheckChainAsync(cancellationToken);
        GasFee market = await MarketFeeAsync(cancellationToken);
        long gasLimit = await GasLimitAsync(call, cancellationToken);
        for (GasFee fee = market; ;)
        {
            try
            {
                return await SendAsync(call, nonce, fee, gasLimit, [], cancellationToken);
            }
            catch (EthereumException e) when (e.Fault == EthereumFault.Underpriced)
            {
                fee = options.Fees.Bump(fee, market) ?? throw FeeCapReached();
            }
        }
    }

    /// <summary>Sends the same call with the same number again, at a higher fee.</summary>
    /// <exception cref="EthereumException">Also with <see cref="EthereumFault.NonceTooLow"/> when it got into a block meanwhile, and <see cref="EthereumFault.FeeCapReached"/>.</exception>
    public async ValueTask<SentTransaction> ReplaceAsync(SentTransaction sent, CancellationToken cancellationToken)
    {
        await CheckChainAsync(cancellationToken);
        GasFee fee = options.Fees.Bump(sent.Fee, await MarketFeeAsync(cancellationToken)) ?? throw FeeCapReached();
        return await SendAsync(sent.Call, sent.Nonce, fee, sent.GasLimit, [.. sent.Previous, sent.Hash], cancellationToken);
    }

    /// <summary>Finds out what is needed to go on with a transaction of which only hash and number were kept.</summary>
    public async ValueTask<SentTransaction> RestoreAsync(EthereumCall call, Hash256 hash, long nonce, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        KnownTransaction? known = await client.TransactionAsync(hash, cancellationToken);
        GasFee fee = known?.Fee ?? await MarketFeeAsync(cancellationToken);
        return new SentTransaction(call, hash, nonce, fee, known?.GasLimit ?? await GasLimitAsync(call, cancellationToken), sentAt);
    }

    /// <summary>Whether what was sent then waited for longer than it should.</summary>
    public bool IsStuck(DateTimeOffset sentAt) => time.GetUtcNow() - sentAt >= options.Fees.ReplaceAfter;

    /// <summary>What became of a transaction, or of one that it replaced. A reorganisation takes it back from <see cref="TransactionState.Mined"/>.</summary>
    public async ValueTask<TransactionStatus> StatusOfAsync(SentTransaction sent, CancellationToken cancellationToken)
    {
        // Read before the receipts: were it read after them, a block between the two would make ours look like somebody else's.
        long count = await client.TransactionCountAsync(Account, BlockTag.Latest, cancellationToken);
        foreach (Hash256 hash in sent.Previous.Prepend(sent.Hash))
        {
            if (await client.ReceiptAsync(hash, cancellationToken) is { } receipt
                && await client.BlockAsync(BlockTag.Of(receipt.BlockNumber), cancellationToken) is { } block
                && block.Hash == receipt.BlockHash)
            {
                return new TransactionStatus(await IsFinalAsync(receipt.BlockNumber, cancellationToken) ? TransactionState.Final : TransactionState.Mined, receipt);
            }
        }

        // A node that still knows it is about to show it: some count a block's transactions before they give the block away.
        foreach (Hash256 hash in sent.Previous.Prepend(sent.Hash))
        {
            if (await client.TransactionAsync(hash, cancellationToken) is not null)
            {
                return new TransactionStatus(TransactionState.Pending, null);
            }
        }

        return new TransactionStatus(count > sent.Nonce ? TransactionState.Superseded : TransactionState.Lost, null);
    }

    public void Dispose() => _turn.Dispose();

    private async ValueTask<SentTransaction> SendAsync(EthereumCall call, long nonce, GasFee fee, long gasLimit, IReadOnlyList<Hash256> previous, CancellationToken cancellationToken)
    {
        var transaction = new EthereumTransaction(options.ChainId, nonce, fee, gasLimit, call.To, call.Value, call.Data);
        SignedTransaction signed = await signer.SignAsync(transaction, cancellationToken);
        await client.SendAsync(signed, cancellationToken);
        return new SentTransaction(call, signed.Hash, nonce, fee, gasLimit, time.GetUtcNow(), previous);
    }

    private async ValueTask<long> GasLimitAsync(EthereumCall call, CancellationToken cancellationToken)
    {
        long gas = await client.EstimateGasAsync(call with { From = Account }, cancellationToken);
        return gas + gas / 100 * options.GasReservePercent;
    }

    // What is signed for another chain would be refused there, but the wrong chain's prices and heads would be believed before.
    private async ValueTask CheckChainAsync(CancellationToken cancellationToken)
    {
        if (!_isChainChecked && await client.ChainIdAsync(cancellationToken) is var chain && chain != options.ChainId)
        {
            throw new EthereumException(EthereumFault.WrongChain, $"The node serves chain {chain}, but {options.ChainId} is configured.");
        }

        _isChainChecked = true;
    }

    private async ValueTask<GasFee> MarketFeeAsync(CancellationToken cancellationToken)
    {
        EthereumBlock? latest = await client.BlockAsync(BlockTag.Latest, cancellationToken);
        if (latest?.BaseFee is null)
        {
            return options.Fees.QuoteLegacy(await client.GasPriceAsync(cancellationToken)) ?? throw FeeCapReached();
        }

        FeeHistory history = await client.FeeHistoryAsync(FeeBlocks, FeePercentile, cancellationToken);
        BigInteger baseFee = history.BaseFees.Count > 0 ? history.BaseFees[^1] : latest.BaseFee.Value;
        BigInteger tip = history.Tips.Order().ElementAtOrDefault(history.Tips.Count / 2);
        return options.Fees.Quote(baseFee, tip) ?? throw FeeCapReached();
    }

    private async ValueTask<bool> IsFinalAsync(long number, CancellationToken cancellationToken) =>
        options.Confirmations is { } confirmations
            ? await client.BlockNumberAsync(cancellationToken) >= number + confirmations
            : await client.BlockAsync(BlockTag.Finalized, cancellationToken) is { } final && final.Number >= number;

    private static EthereumException FeeCapReached() => new(EthereumFault.FeeCapReached, "The chain asks for a higher fee than the cap allows.");
}
