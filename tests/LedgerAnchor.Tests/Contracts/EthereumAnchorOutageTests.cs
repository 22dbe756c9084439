using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>A node that cannot be reached, answers too late, or loses its answers, at every question that an anchor asks.</summary>
public sealed class EthereumAnchorOutageTests
{
    // A submission with its status takes fewer questions than this.
    private const int Questions = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_answer_is_lost_the_head_is_anchored_once(bool isDelivered)
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        var lost = new HashSet<string>();
        for (int question = 0; question < Questions; question++)
        {
            using var handler = new LosingHandler(question, isDelivered);
            using var client = new EthereumClient(new JsonRpcOptions { Endpoint = at.Chain.Endpoint }, handler);
            EthereumAnchor anchor = at.Chain.AnchorOf(at.Account, at.Contract.Address, client: client);
            (TreeHead previous, TreeHead next) = (Heads.At(question), Heads.At(question + 1));

            AnchorStatus status = await TestChain.WaitAsync(() => TryAsync(anchor, previous, next), "an anchor");

            Assert.Equal(AnchorState.Final, status.State);
            lost.Add(handler.Lost ?? "none");
        }

        Assert.Equal(Enumerable.Range(1, Questions).Select(static size => (long)size), await at.SizesAsync());

        // Every transaction of the account that got into a block was an anchor: no fee was wasted.
        Assert.Equal(Questions, await at.Chain.Client.TransactionCountAsync(at.Account.Address, BlockTag.Latest, Cancellation));
        Assert.Contains("eth_sendRawTransaction", lost);
        Assert.Contains("none", lost);
    }

    /// <summary>The contract refuses a head that it has: that it came a moment ago is no refusal.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task At_whichever_question_the_block_comes_the_head_is_anchored_once(bool isSubmitted)
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        bool isAskedLess = false;
        int size = 0;
        for (; !isAskedLess; size++)
        {
            (TreeHead previous, TreeHead next) = (Heads.At(size), Heads.At(size + 1));
            using var handler = new BetweenHandler(size + 1, async () => _ = await TestChain.WaitAsync(() => TryAsync(at.Anchor, previous, next), "an anchor"));
            using var client = new EthereumClient(new JsonRpcOptions { Endpoint = at.Chain.Endpoint }, handler);
            EthereumAnchor anchor = at.Chain.AnchorOf(at.Account, at.Contract.Address, client: client);

            // As it is after the node forgot what it had taken.
            AnchorSubmission submission = isSubmitted
                ? new AnchorSubmission(previous, next, Hex.Data(Hash256.Of([(byte)size])), size, TimeProvider.System.GetUtcNow())
                : await anchor.SubmitAsync(previous, next, Cancellation);
            AnchorStatus status = await TestChain.WaitAsync(
                async () => await anchor.StatusOfAsync(submission, Cancellation) is { State: not AnchorState.Pending } settled ? settled : null, "a block");

            Assert.Equal(AnchorState.Final, status.State);
            isAskedLess = handler.Asked < size + 1;
        }

        Assert.Equal(Enumerable.Range(1, size).Select(static one => (long)one), await at.SizesAsync());
        Assert.Equal(size, await at.Chain.Client.TransactionCountAsync(at.Account.Address, BlockTag.Latest, Cancellation));
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_an_outage_and_what_it_accepted_is_found()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        using var handler = new LateHandler("eth_sendRawTransaction");
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = at.Chain.Endpoint, Timeout = TimeSpan.FromSeconds(2) }, handler);
        EthereumAnchor anchor = at.Chain.AnchorOf(at.Account, at.Contract.Address, client: client);

        await Assert.ThrowsAsync<AnchorUnavailableException>(() => anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation).AsTask());
        handler.IsLate = false;
        AnchorStatus status = await TestChain.WaitAsync(() => TryAsync(anchor, TreeHead.Empty, Heads.At(5)), "an anchor");

        Assert.Equal(AnchorState.Final, status.State);
        Assert.Equal([5], await at.SizesAsync());
    }

    [Fact]
    public async Task An_anchor_whose_block_is_not_shown_yet_is_not_refused()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        using var handler = new HidingHandler(["eth_getTransactionReceipt", "eth_getLogs"]);
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = at.Chain.Endpoint }, handler);
        EthereumAnchor anchor = at.Chain.AnchorOf(at.Account, at.Contract.Address, client: client);
        AnchorSubmission submission = await anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        await TestChain.WaitAsync(async () => await anchor.ReadHeadAsync(Cancellation) == Heads.At(5) ? submission : null, "the head");

        Assert.Equal(AnchorState.Pending, (await anchor.StatusOfAsync(submission, Cancellation)).State);
        AnchorSubmission unknown = submission with { Transaction = Hex.Data(Hash256.Of([1])) };
        Assert.Equal(AnchorState.Pending, (await anchor.StatusOfAsync(unknown, Cancellation)).State);
        Assert.Equal(AnchorState.Refused, (await anchor.StatusOfAsync(submission with { Next = Heads.ForkAt(5) }, Cancellation)).State);

        at.Chain.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(AnchorState.Refused, (await anchor.StatusOfAsync(unknown, Cancellation)).State);

        handler.IsHiding = false;
        await TestChain.WaitAsync(
            async () => await anchor.StatusOfAsync(submission, Cancellation) is { State: AnchorState.Final } final ? final : null, "a block");
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_an_outage()
    {
        AnchoredChain at = await AnchoredChain.StartAsync();
        EthereumAnchor anchor = at.Anchor;
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = at.Chain.Endpoint });
        EthereumAnchor later = at.Chain.AnchorOf(at.Account, at.Contract.Address, client: client);
        AnchorSubmission submission = await anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        using (var node = Process.GetProcessById(at.Chain.ProcessId))
        {
            node.Kill();
            await node.WaitForExitAsync(Cancellation);
        }

        await Assert.ThrowsAsync<AnchorUnavailableException>(() => later.ReadHeadAsync(Cancellation).AsTask());
        await Assert.ThrowsAsync<AnchorUnavailableException>(() => later.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation).AsTask());
        await Assert.ThrowsAsync<AnchorUnavailableException>(() => later.StatusOfAsync(submission, Cancellation).AsTask());
        await at.DisposeAsync();
    }

    /// <summary>What a worker does: submits again with the same heads after an outage, and asks until it is settled.</summary>
    private static async ValueTask<AnchorStatus?> TryAsync(EthereumAnchor anchor, TreeHead previous, TreeHead next)
    {
        try
        {
            AnchorSubmission submission = await anchor.SubmitAsync(previous, next, Cancellation);
            AnchorStatus status = await TestChain.WaitAsync(
                async () => await anchor.StatusOfAsync(submission, Cancellation) is { State: not AnchorState.Pending } settled ? settled : null, "a block");
            return status;
        }
        catch (AnchorUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Loses one request, or the answer to it.</summary>
    private sealed class LosingHandler(int number, bool isDelivered) : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _asked;

        /// <summary>The method that was lost; null when there were fewer requests.</summary>
        public string? Lost { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (_asked++ != number)
            {
                return await base.SendAsync(request, cancellationToken);
            }

            Lost = MethodOf(await request.Content!.ReadAsStringAsync(cancellationToken));
            if (isDelivered)
            {
                (await base.SendAsync(request, cancellationToken)).Dispose();
            }

            throw new HttpRequestException(HttpRequestError.ConnectionError, "The connection broke.", null, HttpStatusCode.BadGateway);
        }

        private static string MethodOf(string json)
        {
            using var document = System.Text.Json.JsonDocument.Parse(json);
            return document.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object ? document.RootElement.GetProperty("method").GetString()! : "batch";
        }
    }

    /// <summary>Answers some questions as a node does that has the state of a block and not yet the block.</summary>
    private sealed class HidingHandler(string[] methods) : DelegatingHandler(new SocketsHttpHandler())
    {
        public bool IsHiding { get; set; } = true;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = (JsonObject)JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
            string method = (string)asked["method"]!;
            if (!IsHiding || !methods.Contains(method))
            {
                return await base.SendAsync(request, cancellationToken);
            }

            JsonNode? nothing = method == "eth_getLogs" ? new JsonArray() : null;
            var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = asked["id"]!.DeepClone(), ["result"] = nothing };
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(answer) };
        }
    }

    /// <summary>Delivers a request of one method, and keeps the answer.</summary>
    private sealed class LateHandler(string method) : DelegatingHandler(new SocketsHttpHandler())
    {
        public bool IsLate { get; set; } = true;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            bool isMeant = IsLate && (await request.Content!.ReadAsStringAsync(cancellationToken)).Contains(method, StringComparison.Ordinal);
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            if (isMeant)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return response;
        }
    }
}
