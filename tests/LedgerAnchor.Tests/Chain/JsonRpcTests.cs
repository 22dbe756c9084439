using System.Net;
using System.Text.Json;
using HealthChain.LedgerAnchor.Chain;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class JsonRpcTests
{
    private static readonly JsonRpcOptions _options = new() { Endpoint = new Uri("https://node.example/v1/hunter2?token=hunter2"), MaxAnswerBytes = 2000 };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_result_comes_back()
    {
        var handler = new AnsweringHandler(static _ => "0x7a69");
        using var client = new EthereumClient(_options, handler);

        Assert.Equal(31337, await client.ChainIdAsync(Cancelled));
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}""", Assert.Single(handler.Requests));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"id":2,"result":"0x1"}""")]
    [InlineData("""{"id":"1","result":"0x1"}""")]
    [InlineData("""{"id":1}""")]
    [InlineData("""{"id":1,"result":7}""")]
    [InlineData("""{"id":1,"result":"1"}""")]
    [InlineData("""{"id":1,"result":"0x"}""")]
    [InlineData("""{"id":1,"result":"0x8000000000000000"}""")]
    [InlineData("""{"id":1,"result":"\ud800"}""")]
    [InlineData("""{"id":1,"error":"no"}""")]
    [InlineData("""{"id":1,"\ud800":7,"result":"0x1"}""")]
    public async Task Anything_else_is_a_bad_answer(string answer) => Assert.Equal(EthereumFault.BadAnswer, (await FailureOf(() => AnsweringHandler.Ok(answer))).Fault);

    [Theory]
    [InlineData(-32601, "the method eth_x does not exist", null, EthereumFault.Unsupported)]
    [InlineData(3, "execution reverted: no", "0x08c379a0", EthereumFault.Reverted)]
    [InlineData(-32000, "VM Exception while processing transaction: revert", null, EthereumFault.Reverted)]
    [InlineData(-32015, "", "0x01020304", EthereumFault.Reverted)]
    [InlineData(-32000, "nonce too low: next nonce 5, tx nonce 4", null, EthereumFault.NonceTooLow)]
    [InlineData(-32001, "Nonce below current nonce of the sender", null, EthereumFault.NonceTooLow)]
    [InlineData(-32000, "replacement transaction underpriced", null, EthereumFault.Underpriced)]
    [InlineData(-32000, "max fee per gas less than block base fee", null, EthereumFault.Underpriced)]
    [InlineData(-32000, "insufficient funds for gas * price + value", null, EthereumFault.InsufficientFunds)]
    [InlineData(-32004, "Upfront cost exceeds account balance", null, EthereumFault.InsufficientFunds)]
    [InlineData(-32000, "already known", null, EthereumFault.AlreadyKnown)]
    [InlineData(-32003, "transaction already imported", null, EthereumFault.AlreadyKnown)]
    [InlineData(-32005, "limit exceeded", null, EthereumFault.Refused)]
    [InlineData(-32000, "half \ud800 a pair", null, EthereumFault.Refused)]
    public async Task What_a_node_refuses_is_told_apart(int code, string message, string? data, EthereumFault expected)
    {
        EthereumException failure = await FailureOf(() => AnsweringHandler.Ok(
            $$$"""{"id":1,"error":{"code":{{{code}}},"message":{{{JsonSerializer.Serialize(message)}}},"data":{{{JsonSerializer.Serialize(data)}}}}}"""));

        Assert.Equal((expected, code), (failure.Fault, failure.Code));
        Assert.Equal(data ?? "0x", Hex.Data(failure.RevertData.Span));
    }

    [Theory]
    [InlineData("""{"data":"0x01020304"}""", "0x01020304")]
    [InlineData("\"a sentence\"", "0x")]
    [InlineData("7", "0x")]
    public async Task Data_of_a_revert_come_in_several_forms(string data, string expected) =>
        Assert.Equal(expected, Hex.Data((await FailureOf(() => AnsweringHandler.Ok($$$"""{"id":1,"error":{"code":3,"message":"revert","data":{{{data}}}}}"""))).RevertData.Span));

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, EthereumFault.Unreachable)]
    [InlineData(HttpStatusCode.TooManyRequests, EthereumFault.Unreachable)]
    [InlineData(HttpStatusCode.Unauthorized, EthereumFault.Refused)]
    [InlineData(HttpStatusCode.Redirect, EthereumFault.Refused)]
    public async Task A_status_of_HTTP_tells_whether_to_come_back(HttpStatusCode status, EthereumFault expected) =>
        Assert.Equal(expected, (await FailureOf(() => new HttpResponseMessage(status))).Fault);

    [Fact]
    public async Task A_node_that_is_not_there_is_unreachable_and_its_secrets_are_not_told()
    {
        EthereumException failure = await FailureOf(static () => throw new HttpRequestException("refused"));

        Assert.Equal(EthereumFault.Unreachable, failure.Fault);
        Assert.Contains("node.example", failure.Message);
        Assert.DoesNotContain("hunter2", failure.ToString());
        Assert.DoesNotContain("hunter2", _options.ToString());
    }

    [Fact]
    public async Task A_node_that_does_not_answer_in_time_is_unreachable()
    {
        var never = new TaskCompletionSource<HttpResponseMessage>();
        using var client = new EthereumClient(_options with { Timeout = TimeSpan.FromMilliseconds(20) }, new AnsweringHandler((string _) => never.Task));

        Assert.Equal(EthereumFault.Unreachable, (await Assert.ThrowsAsync<EthereumException>(async () => await client.ChainIdAsync(Cancelled))).Fault);
    }

    [Fact]
    public async Task A_caller_who_gives_up_gets_no_fault_of_the_node()
    {
        using var given = new CancellationTokenSource();
        var never = new TaskCompletionSource<HttpResponseMessage>();
        using var client = new EthereumClient(_options, new AnsweringHandler((string _) => never.Task));
        ValueTask<long> call = client.ChainIdAsync(given.Token);
        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await call);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_too_large_is_not_read_to_its_end(bool saysSo)
    {
        var endless = new CountingStream(1 << 30);
        EthereumException failure = await FailureOf(() => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(endless) { Headers = { ContentLength = saysSo ? 1 << 30 : null } },
        });

        Assert.Equal(EthereumFault.BadAnswer, failure.Fault);
        Assert.InRange(endless.Position, 0, 2 * _options.MaxAnswerBytes);
    }

    [Fact]
    public async Task An_answer_of_just_the_size_is_read()
    {
        string answer = """{"id":1,"result":"0x1"}""".PadRight(_options.MaxAnswerBytes);
        using var client = new EthereumClient(_options, new AnsweringHandler((string _) => Task.FromResult(AnsweringHandler.Ok(answer))));

        Assert.Equal(1, await client.ChainIdAsync(Cancelled));
    }

    [Fact]
    public async Task Answers_to_a_batch_are_put_in_order()
    {
        using var connection = Batch("""[{"id":3,"result":"c"},{"id":1,"result":"a"},{"id":2,"result":"b"}]""");

        var answers = await connection.CallAsync([new("a"), new("b"), new("c")], Cancelled);

        Assert.Equal(["a", "b", "c"], answers.Select(static answer => answer.GetString()));
    }

    [Theory]
    [InlineData("""[{"id":1,"result":"a"},{"id":2,"result":"b"}]""", EthereumFault.BadAnswer)]
    [InlineData("""[{"id":1,"result":"a"},{"id":2,"result":"b"},{"id":2,"result":"c"}]""", EthereumFault.BadAnswer)]
    [InlineData("""[{"id":1,"result":"a"},{"id":2,"result":"b"},{"id":4,"result":"c"}]""", EthereumFault.BadAnswer)]
    [InlineData("""[1,2,3]""", EthereumFault.BadAnswer)]
    [InlineData("""{"id":1,"result":"a"}""", EthereumFault.BadAnswer)]
    [InlineData("""{"id":null,"error":{"code":-32600,"message":"batches are not allowed"}}""", EthereumFault.Refused)]
    [InlineData("""[{"id":1,"result":"a"},{"id":2,"error":{"code":-32601,"message":""}},{"id":3,"result":"c"}]""", EthereumFault.Unsupported)]
    public async Task A_batch_with_other_answers_fails(string answer, EthereumFault expected)
    {
        using var connection = Batch(answer);

        Assert.Equal(expected, (await Assert.ThrowsAsync<EthereumException>(async () => await connection.CallAsync([new("a"), new("b"), new("c")], Cancelled))).Fault);
    }

    private static JsonRpcConnection Batch(string answer) => new(_options, new AnsweringHandler((string _) => Task.FromResult(AnsweringHandler.Ok(answer))));

    private static async Task<EthereumException> FailureOf(Func<HttpResponseMessage> answer)
    {
        using var client = new EthereumClient(_options, new AnsweringHandler((string _) => Task.FromResult(answer())));
        return await Assert.ThrowsAsync<EthereumException>(async () => await client.ChainIdAsync(Cancelled));
    }

    private sealed class CountingStream(long length) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = (int)Math.Min(count, length - Position);
            buffer.AsSpan(offset, read).Fill((byte)' ');
            Position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
