using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>What came to an endpoint.</summary>
public sealed record Received(string Method, string Path, string? ContentType, string Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Whether the answer said that it was taken.</summary>
    public bool IsTaken { get; init; }

    public bool IsCheck(string path) => Method == "POST" && Path == path && Body.Length == 0;
}

/// <summary>An endpoint on this machine that keeps what it is sent, and answers as a test wants.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();
    private readonly WebApplication _app;

    private Receiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>What is answered; 200 unless a test says otherwise.</summary>
    public Func<Received, HttpStatusCode> Answer { get; set; } = _ => HttpStatusCode.OK;

    /// <summary>Is awaited before an answer leaves.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public bool IsEmpty => _received.Reader.Count == 0;

    public static async Task<Receiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>The next that came, the checks that an endpoint is there included.</summary>
    public async Task<Received> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            return await _received.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail("No notification came within a minute.");
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var received = new Received(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.ContentType,
            await reader.ReadToEndAsync(),
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        HttpStatusCode answer = Answer(received);
        _received.Writer.TryWrite(received with { IsTaken = (int)answer < 300 });
        await Gate;
        context.Response.StatusCode = (int)answer;
        if ((int)answer is >= 300 and < 400)
        {
            context.Response.Headers.Location = Url + "/elsewhere";
        }
    }
}
