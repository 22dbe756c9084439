using System.Numerics;
using HealthChain.LedgerAnchor.Chain;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class TransactionSenderTests : IDisposable
{
    private static readonly EthereumCall _call = new(EthereumAddress.Parse("0x3535353535353535353535353535353535353535"), new byte[] { 1, 2, 3, 4 });

    private readonly FakeNode _node = new();
    private readonly LocalSigner _signer = LocalSigner.Create();
    private readonly Clock _clock = new();
    private readonly EthereumClient _client;
    private readonly TransactionSender _sender;

    public TransactionSenderTests()
    {
        _client = _node.Connect();
        _sender = Sender(new FeePolicy());
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _sender.Dispose();
        _client.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public async Task A_transaction_is_pending_then_mined_then_final()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);
        Assert.Equal(TransactionState.Pending, await StateOf(sent));

        _node.Mine();
        TransactionStatus mined = await _sender.StatusOfAsync(sent, Cancelled);
        Assert.Equal((TransactionState.Mined, 1), (mined.State, mined.Receipt!.BlockNumber));
        Assert.Equal(40_000 * 1_010, mined.Receipt.Cost);

        _node.Mine(2);
        Assert.Equal(TransactionState.Final, await StateOf(sent));
    }

    [Theory]
    [InlineData(0, TransactionState.Final)]
    [InlineData(3, TransactionState.Mined)]
    public async Task A_number_of_blocks_can_stand_for_finality(int confirmations, TransactionState expected)
    {
        using var sender = new TransactionSender(_client, _signer, new SenderOptions { ChainId = 1337, Confirmations = confirmations }, _clock);
        SentTransaction sent = await sender.SendAsync(_call, Cancelled);
        _node.Mine(2);

        Assert.Equal(expected, (await sender.StatusOfAsync(sent, Cancelled)).State);
    }

    [Fact]
    public async Task A_reorganisation_takes_a_transaction_back()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);
        _node.Mine();
        TransactionReceipt before = (await _sender.StatusOfAsync(sent, Cancelled)).Receipt!;

        _node.Reorganise(1);
        Assert.Equal(TransactionState.Pending, await StateOf(sent));

        _node.Mine();
        TransactionReceipt after = (await _sender.StatusOfAsync(sent, Cancelled)).Receipt!;
        Assert.Equal(before.BlockNumber + 1, after.BlockNumber);
        Assert.NotEqual(before.BlockHash, after.BlockHash);
    }

    [Fact]
    public async Task A_stuck_transaction_is_replaced_by_one_that_pays_more()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);
        Assert.False(_sender.IsStuck(sent.SentAt));
        _node.BaseFee = 3_000;
        _node.Mine();
        _clock.Advance(TimeSpan.FromMinutes(3));
        Assert.True(_sender.IsStuck(sent.SentAt));

        SentTransaction replacement = await _sender.ReplaceAsync(sent, Cancelled);
        _node.Mine();

        Assert.Equal(sent.Nonce, replacement.Nonce);
        Assert.Equal([sent.Hash], replacement.Previous);
        Assert.Equal((TransactionState.Mined, replacement.Hash), (await StateOf(replacement), (await _sender.StatusOfAsync(replacement, Cancelled)).Receipt!.TransactionHash));
        Assert.Equal(TransactionState.Superseded, await StateOf(sent));
    }

    [Fact]
    public async Task Of_a_replaced_transaction_either_one_counts()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);
        SignedTransaction first = _node.Pool.Single();
        SentTransaction replacement = await _sender.ReplaceAsync(sent, Cancelled);

        // The proposer had the first one and not the second.
        _node.Forget();
        await _client.SendAsync(first, Cancelled);
        _node.Mine();

        Assert.Equal(sent.Hash, (await _sender.StatusOfAsync(replacement, Cancelled)).Receipt!.TransactionHash);
        Assert.Equal(EthereumFault.NonceTooLow, (await Assert.ThrowsAsync<EthereumException>(async () => await _sender.ReplaceAsync(replacement, Cancelled))).Fault);
    }

    [Fact]
    public async Task A_transaction_that_is_counted_before_its_block_is_shown_is_pending()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);
        SentTransaction replacement = await _sender.ReplaceAsync(sent, Cancelled);
        _node.IsMakingBlock = true;

        Assert.Equal((TransactionState.Pending, TransactionState.Superseded), (await StateOf(replacement), await StateOf(sent)));

        _node.IsMakingBlock = false;
        _node.Mine();
        Assert.Equal(TransactionState.Mined, await StateOf(replacement));
    }

    [Fact]
    public async Task A_transaction_that_the_node_forgot_is_lost_and_can_be_sent_again()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);
        _node.Forget();
        Assert.Equal(TransactionState.Lost, await StateOf(sent));

        SentTransaction again = await _sender.ReplaceAsync(sent, Cancelled);
        _node.Mine();

        Assert.Equal((sent.Nonce, TransactionState.Mined), (again.Nonce, await StateOf(again)));
    }

    [Fact]
    public async Task A_transaction_is_taken_up_again_by_hash_and_number()
    {
        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);

        SentTransaction known = await _sender.RestoreAsync(_call, sent.Hash, sent.Nonce, sent.SentAt, Cancelled);
        Assert.Equal((sent.Hash, sent.Nonce, sent.Fee, sent.GasLimit, sent.SentAt), (known.Hash, known.Nonce, known.Fee, known.GasLimit, known.SentAt));

        _node.Forget();
        SentTransaction unknown = await _sender.RestoreAsync(_call, sent.Hash, sent.Nonce, sent.SentAt, Cancelled);
        await _sender.ReplaceAsync(unknown, Cancelled);
        Assert.Equal(sent.Nonce, _node.Pool.Single().Transaction.Nonce);
    }

    [Fact]
    public async Task Transactions_sent_together_get_numbers_of_their_own()
    {
        SentTransaction[] sent = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _sender.SendAsync(_call, Cancelled).AsTask()));

        Assert.Equal(Enumerable.Range(0, 20).Select(static number => (long)number), sent.Select(static one => one.Nonce).Order());
    }

    [Fact]
    public async Task An_answer_that_got_lost_does_not_send_twice()
    {
        _node.LosesAnswers = true;
        Assert.Equal(EthereumFault.Unreachable, (await Assert.ThrowsAsync<EthereumException>(async () => await _sender.SendAsync(_call, Cancelled))).Fault);
        _node.LosesAnswers = false;

        await _client.SendAsync(_node.Pool.Single(), Cancelled);

        Assert.Equal(1, _node.Sent);
    }

    [Fact]
    public async Task Nothing_is_sent_to_another_chain()
    {
        _node.ChainId = 1;

        Assert.Equal(EthereumFault.WrongChain, (await Assert.ThrowsAsync<EthereumException>(async () => await _sender.SendAsync(_call, Cancelled))).Fault);
        Assert.Equal(0, _node.Sent);

        // Nor does one right answer make up for it.
        Assert.Equal(EthereumFault.WrongChain, (await Assert.ThrowsAsync<EthereumException>(async () => await _sender.SendAsync(_call, Cancelled))).Fault);
    }

    [Fact]
    public async Task Nothing_is_sent_that_the_contract_would_refuse()
    {
        var error = new AbiError("PrevMismatch()");
        _node.Revert = error.Selector.ToArray();

        EthereumException refusal = await Assert.ThrowsAsync<EthereumException>(async () => await _sender.SendAsync(_call, Cancelled));

        Assert.Equal(EthereumFault.Reverted, refusal.Fault);
        Assert.Equal("PrevMismatch", RevertReason.Read(refusal.RevertData.Span, error).Error);
        Assert.Equal(0, _node.Sent);
    }

    [Fact]
    public async Task A_chain_without_EIP_1559_gets_legacy_transactions()
    {
        _node.BaseFee = null;

        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);

        Assert.Equal(new GasFee(10, null), sent.Fee);
        Assert.Equal(0, _node.Pool.Single().Transaction.Type);
    }

    [Fact]
    public async Task A_chain_that_costs_nothing_gets_transactions_that_pay_nothing()
    {
        (_node.BaseFee, _node.Tip) = (0, 0);

        SentTransaction sent = await _sender.SendAsync(_call, Cancelled);

        Assert.Equal(new GasFee(0, 0), sent.Fee);
        Assert.Equal(new GasFee(1, 1), (await _sender.ReplaceAsync(sent, Cancelled)).Fee);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_sent_beyond_the_cap(bool hasBaseFee)
    {
        _node.BaseFee = hasBaseFee ? 1_001 : null;
        _node.Tip = hasBaseFee ? 0 : 1_001;
        using TransactionSender sender = Sender(new FeePolicy { MaxFeePerGas = 1_000 });

        Assert.Equal(EthereumFault.FeeCapReached, (await Assert.ThrowsAsync<EthereumException>(async () => await sender.SendAsync(_call, Cancelled))).Fault);
        Assert.Equal(0, _node.Sent);
    }

    // The base fee, tip and cap that chains and owners can think of.
    [Fact]
    public void Fees_stay_below_the_cap_and_replacements_are_enough_for_nodes()
    {
        var random = new Random(7);
        BigInteger Wei() => random.Next(5) == 0 ? 0 : new BigInteger(random.NextInt64(1L << random.Next(1, 60)));
        for (int i = 0; i < 20_000; i++)
        {
            var policy = new FeePolicy { MaxFeePerGas = Wei(), MaxTipPerGas = Wei() };
            GasFee market = new(Wei(), Wei());
            BigInteger baseFee = Wei();
            if (policy.Quote(baseFee, Wei()) is not { } fee)
            {
                Assert.True(baseFee > policy.MaxFeePerGas);
                continue;
            }

            Assert.True(fee.Tip <= fee.Max && fee.Max <= policy.MaxFeePerGas && fee.Tip <= policy.MaxTipPerGas && fee.Max >= baseFee);
            if (policy.Bump(fee, market) is { } bumped)
            {
                Assert.True(bumped.Tip <= bumped.Max && bumped.Max <= policy.MaxFeePerGas);
                Assert.True(10 * bumped.Max >= 11 * fee.Max && 10 * bumped.Tip >= 11 * fee.Tip);
            }
        }
    }

    private TransactionSender Sender(FeePolicy fees) => new(_client, _signer, new SenderOptions { ChainId = 1337, Fees = fees }, _clock);

    private async Task<TransactionState> StateOf(SentTransaction sent) => (await _sender.StatusOfAsync(sent, Cancelled)).State;

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
