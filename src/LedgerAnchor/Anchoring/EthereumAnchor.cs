using System.Numerics;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>Which log is anchored where.</summary>
public sealed record EthereumAnchorOptions
{
    /// <summary>Origin line of the log. The contract must be about this log.</summary>
    public required string Origin { get; init; }

    public required long ChainId { get; init; }

    /// <summary>The block in which the contract was made, if known: searches for events end there.</summary>
    public long FirstBlock { get; init; }
}

/// <summary>Keeps the heads of a log in a <c>CheckpointAnchor</c> contract on an Ethereum-type chain.</summary>
/// <remarks>
/// Safe to use from several threads, although two that submit at once only get in each other's way. It keeps no state: what a crash
/// interrupted is found again on the chain. All its transactions take the account's next number by the newest block, so at most one of
/// them can get into a block, however often one was sent; the account must therefore be used for nothing else.
/// </remarks>
public sealed class EthereumAnchor : IAnchorTarget
{
    // The submission of a head that was not sent, because another one stands there.
    private const string NotSent = "";

    private readonly EthereumClient _client;
    private readonly TransactionSender _sender;
    private readonly CheckpointAnchorContract _contract;
    private readonly EthereumAnchorOptions _options;
    private readonly TimeProvider _time;
    private volatile bool _isContractChecked;

    /// <exception cref="ArgumentException">The key is one that everybody has, and the chain is no development chain.</exception>
    public EthereumAnchor(EthereumClient client, TransactionSender sender, EthereumAddress contract, EthereumAnchorOptions options, TimeProvider time)
    {
        WellKnownKeys.Refuse(sender.Account, options.ChainId);
        (_client, _sender, _options, _time) = (client, sender, options, time);
        _contract = new CheckpointAnchorContract(client, contract);
        Name = NameOf(options.ChainId, contract);
    }

    public string Name { get; }

    /// <summary>As CAIP-10 writes an account of a chain.</summary>
    public static string NameOf(long chainId, EthereumAddress contract) => $"eip155:{chainId}:{contract}";

    public ValueTask<TreeHead> ReadHeadAsync(CancellationToken cancellationToken) =>
        AskAsync(() => _contract.HeadAsync(BlockTag.Latest, cancellationToken), cancellationToken);

    public ValueTask<AnchorSubmission> SubmitAsync(TreeHead previous, TreeHead next, CancellationToken cancellationToken) =>
        AskAsync(() => SubmitOrFindAsync(previous, next, cancellationToken), cancellationToken);

    public ValueTask<AnchorStatus> StatusOfAsync(AnchorSubmission submission, CancellationToken cancellationToken) =>
        AskAsync(() => StatusAsync(submission, cancellationToken), cancellationToken);

    private async ValueTask<AnchorSubmission> SubmitOrFindAsync(TreeHead previous, TreeHead next, CancellationToken cancellationToken)
    {
        TreeHead head = await _contract.HeadAsync(BlockTag.Latest, cancellationToken);
        if (head == previous)
        {
            if (await TrySendAsync(previous, next, cancellationToken) is { } sent)
            {
                return sent;
            }

            head = await _contract.HeadAsync(BlockTag.Latest, cancellationToken);
        }

        return await FindAsync(previous, next, head, cancellationToken) ?? new AnchorSubmission(previous, next, NotSent, -1, _time.GetUtcNow());
    }

    private async ValueTask<AnchorStatus> StatusAsync(AnchorSubmission submission, CancellationToken cancellationToken)
    {
        TransactionState state = TransactionState.Superseded;
        if (submission.Transaction != NotSent)
        {
            TransactionStatus status = await _sender.StatusOfAsync(SentOf(submission), cancellationToken);
            if (status.Receipt is { } receipt)
            {
                return StatusOf(submission, status.State, receipt);
            }

            state = status.State;
        }

        // Not in a block: perhaps because another transaction with the same number is, which did the same or something else.
        TreeHead head = await _contract.HeadAsync(BlockTag.Latest, cancellationToken);
        if (await FindAsync(submission.Previous, submission.Next, head, cancellationToken) is { } found)
        {
            TransactionStatus status = await _sender.StatusOfAsync(SentOf(found), cancellationToken);
            return status.Receipt is { } receipt ? StatusOf(found, status.State, receipt) : Pending(found);
        }

        if (head != submission.Previous)
        {
            // The state of a block can be readable a moment before its events are; events that do not come are not waited for.
            return !_sender.IsStuck(submission.SubmittedAt) && await StandsAsync(submission.Next, head, cancellationToken)
                ? Pending(submission)
                : new AnchorStatus(AnchorState.Refused, submission, 0, null, UInt128.Zero);
        }

        return Pending(state switch
        {
            TransactionState.Superseded or TransactionState.Lost => await TrySendAsync(submission.Previous, submission.Next, cancellationToken) ?? submission,
            _ when _sender.IsStuck(submission.SubmittedAt) => await ReplaceAsync(submission, cancellationToken),
            _ => submission,
        });
    }

    /// <summary>Null when a block with another head came between the question and the sending, which the next question shows.</summary>
    private async ValueTask<AnchorSubmission?> TrySendAsync(TreeHead previous, TreeHead next, CancellationToken cancellationToken)
    {
        await CheckContractAsync(cancellationToken);
        try
        {
            long nonce = await _client.TransactionCountAsync(_sender.Account, BlockTag.Latest, cancellationToken);
            return SubmissionOf(previous, next, await _sender.SendAsync(_contract.Anchor(previous, next), nonce, cancellationToken));
        }
        catch (EthereumException e) when (e.Fault is EthereumFault.Reverted or EthereumFault.NonceTooLow)
        {
            if (await IsHeadAsync(previous, cancellationToken))
            {
                throw;
            }

            return null;
        }
    }

    private async ValueTask<AnchorSubmission> ReplaceAsync(AnchorSubmission submission, CancellationToken cancellationToken)
    {
        SentTransaction sent = SentOf(submission);
        try
        {
            sent = await _sender.RestoreAsync(sent.Call, sent.Hash, sent.Nonce, sent.SentAt, cancellationToken);
            return SubmissionOf(submission.Previous, submission.Next, await _sender.ReplaceAsync(sent, cancellationToken));
        }
        catch (EthereumException e) when (e.Fault is EthereumFault.FeeCapReached or EthereumFault.AlreadyKnown or EthereumFault.NonceTooLow)
        {
            // It goes on waiting; or it got into a block just now, which the next question shows.
            return submission;
        }
        catch (EthereumException e) when (e.Fault == EthereumFault.Reverted)
        {
            if (await IsHeadAsync(submission.Previous, cancellationToken))
            {
                throw;
            }

            return submission;
        }
    }

    private async ValueTask<bool> IsHeadAsync(TreeHead head, CancellationToken cancellationToken) => await _contract.HeadAsync(BlockTag.Latest, cancellationToken) == head;

    /// <summary>The submission by which a head got to the contract, whoever sent it; null when it did not.</summary>
    private async ValueTask<AnchorSubmission?> FindAsync(TreeHead previous, TreeHead next, TreeHead head, CancellationToken cancellationToken)
    {
        if (!await StandsAsync(next, head, cancellationToken) || await _contract.FindAsync(next.Size, _options.FirstBlock, cancellationToken) is not { } event_)
        {
            return null;
        }

        KnownTransaction? known = await _client.TransactionAsync(event_.Transaction, cancellationToken);
        return new AnchorSubmission(previous, next, Hex.Data(event_.Transaction), known?.Nonce ?? -1, _time.GetUtcNow());
    }

    private async ValueTask<bool> StandsAsync(TreeHead next, TreeHead head, CancellationToken cancellationToken) =>
        head.Size > next.Size
            ? await _contract.RootOfAsync(next.Size, BlockTag.Latest, cancellationToken) == next.Root
            : head == next;

    // A wrong address would cost a fee for nothing, and the heads of another log would look like a fork of ours.
    private async ValueTask CheckContractAsync(CancellationToken cancellationToken)
    {
        if (_isContractChecked)
        {
            return;
        }

        if (!await ContractArtefact.CheckpointAnchor.IsAtAsync(_client, _contract.Address, cancellationToken))
        {
            throw new AnchorUnavailableException($"There is no CheckpointAnchor of this version at {Name}.");
        }

        if (await _contract.LogAsync(cancellationToken) != CheckpointAnchorContract.LogOf(_options.Origin))
        {
            throw new AnchorUnavailableException($"The contract at {Name} is about another log than {_options.Origin}.");
        }

        _isContractChecked = true;
    }

    private AnchorStatus StatusOf(AnchorSubmission submission, TransactionState state, TransactionReceipt receipt)
    {
        AnchorState anchor = _contract.AnchoredBy(receipt) == submission.Next
            ? state == TransactionState.Final ? AnchorState.Final : AnchorState.Mined
            : AnchorState.Refused;
        string hash = Hex.Data(receipt.TransactionHash);
        return new AnchorStatus(
            anchor,
            hash == submission.Transaction ? submission : submission with { Transaction = hash },
            receipt.BlockNumber,
            Hex.Data(receipt.BlockHash),
            (UInt128)BigInteger.Min(receipt.Cost, BigInteger.Pow(2, 127)));
    }

    private static AnchorStatus Pending(AnchorSubmission submission) => new(AnchorState.Pending, submission, 0, null, UInt128.Zero);

    private static AnchorSubmission SubmissionOf(TreeHead previous, TreeHead next, SentTransaction sent) =>
        new(previous, next, Hex.Data(sent.Hash), sent.Nonce, sent.SentAt);

    // Fee and gas are not kept: they are asked for again when a replacement needs them.
    private SentTransaction SentOf(AnchorSubmission submission) => new(
        _contract.Anchor(submission.Previous, submission.Next), Hex.ParseHash(submission.Transaction), submission.Nonce, default, 0, submission.SubmittedAt);

    private static async ValueTask<T> AskAsync<T>(Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await ask();
        }
        catch (EthereumException e)
        {
            string reason = e.Fault == EthereumFault.Reverted ? $"The contract refuses: {CheckpointAnchorContract.ReasonOf(e)}." : e.Message;
            throw new AnchorUnavailableException(reason, e);
        }
    }
}
