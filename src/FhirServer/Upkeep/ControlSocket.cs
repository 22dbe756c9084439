using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Server;
using HealthChain.Storage.Sqlite;

namespace HealthChain.FhirServer.Upkeep;

/// <summary>What the command line asks of a running server, and what it answers, each a line of JSON.</summary>
/// <param name="Verb"><c>backup</c>, <c>verify</c> or <c>ledger verify</c>.</param>
/// <param name="Folder">Where a backup goes, absolute.</param>
/// <param name="Smart">What is wanted of accounts, clients or keys.</param>
internal sealed record ControlRequest(string Verb, string? Folder = null, bool IsQuick = false, bool IsDeep = false, SmartOrder? Smart = null);

/// <param name="Done">How much is done, from 0 to 1; null in the last line.</param>
/// <param name="Result">What came of it, for the operator.</param>
/// <param name="Faults">What is wrong with the store.</param>
/// <param name="Error">Why it was not done.</param>
/// <param name="Lines">What the command prints, for a program that reads it.</param>
internal sealed record ControlAnswer(double? Done = null, string? Result = null, IReadOnlyList<string>? Faults = null, string? Error = null, IReadOnlyList<string>? Lines = null);

[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(RoleConverter)])]
internal sealed partial class ControlJson : JsonSerializerContext;

/// <summary>
/// A socket in the data folder through which the command line asks the process that has the store open: only one may. Whoever may open the
/// folder may use it; so the folder's owner alone.
/// </summary>
internal sealed class ControlSocket(StoreUpkeep upkeep, LedgerNode ledger, ServerOptions options, IServiceProvider services, ILogger<ControlSocket> logger) : BackgroundService
{
    public const string LedgerVerify = "ledger verify";

    // sockaddr_un has room for 107 bytes.
    private const int MaxPathBytes = 107;
    private const int MaxRequestLetters = 8192;

    /// <summary>For a request to be written, and for an answer to be read: others wait meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public static string PathIn(ServerOptions options) => Path.Combine(options.Folder(options.Sqlite.Folder), "control");

    // Not in the background: who was told that the server is up may ask it at once, and would find the socket of one that is gone.
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        string path = PathIn(options);
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            ServerLog.NoControlSocket(logger, MaxPathBytes);
            return Task.CompletedTask;
        }

        // The store's lock is ours, so whoever left this is gone.
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        _listener.Listen();
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        // First says that it ends: after a start that failed nobody else does.
        base.Dispose();
        _listener.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // One after another: a second backup at the same time would only make both slower.
            while (!stoppingToken.IsCancellationRequested)
            {
                await AnswerNextAsync(stoppingToken);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException && stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
        finally
        {
            _listener.Close();
            File.Delete(PathIn(options));
        }
    }

    /// <summary>Answers whoever comes next. Whatever goes wrong with that, the server goes on and so does this.</summary>
    private async Task AnswerNextAsync(CancellationToken cancellationToken)
    {
        try
        {
            using Socket connection = await _listener.AcceptAsync(cancellationToken);
            connection.SendTimeout = (int)Patience.TotalMilliseconds;
            await AnswerAsync(connection, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            ServerLog.ControlFailed(logger, failure);
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task AnswerAsync(Socket connection, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(connection);
        using var reader = new StreamReader(stream, Encoding.UTF8, false, MaxRequestLetters);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false));
        try
        {
            ControlAnswer answer;
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(Patience);
                string? line = await reader.ReadLineAsync(patience.Token);
                answer = await AnswerAsync(line, writer, cancellationToken);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested && (failure is not IOException || connection.Connected))
            {
                if (failure is not (StoreException or UnauthorizedAccessException or JsonException or IOException))
                {
                    ServerLog.ControlFailed(logger, failure);
                }

                answer = new ControlAnswer(Error: failure.Message);
            }

            Write(writer, answer);
        }
        catch (IOException)
        {
            // Whoever asked has gone away; a backup that was begun is no backup and says so.
        }
    }

    private async Task<ControlAnswer> AnswerAsync(string? line, StreamWriter writer, CancellationToken cancellationToken)
    {
        ControlRequest? request = line is null ? null : JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest);
        double last = 0;
        void Report(double done)
        {
            if (done - last >= 0.005)
            {
                last = done;
                Write(writer, new ControlAnswer(Done: done));
            }
        }

        switch (request)
        {
            case { Verb: "backup", Folder: { } folder } when Path.IsPathFullyQualified(folder):
                return new ControlAnswer(Result: await upkeep.BackupAsync(folder, Report, cancellationToken));
            case { Verb: "verify" }:
                VerifyReport report = await upkeep.VerifyAsync(request.IsQuick ? VerifyLevel.Quick : VerifyLevel.Full, Report, cancellationToken);
                return new ControlAnswer(Result: Describe(report), Faults: report.Faults);
            case { Verb: LedgerVerify }:
                AuditReport audit = await ledger.AuditAsync(request.IsDeep, Report, cancellationToken);
                return new ControlAnswer(Result: audit.Summary, Faults: audit.Findings);
            case { Smart: { } order }:
                return services.GetService<SmartAdministration>() is { } administration
                    ? await administration.DoAsync(order, cancellationToken)
                    : new ControlAnswer(Error: "this server has no accounts: HealthChain:Smart:Enabled is false.");
            default:
                return new ControlAnswer(Error: "The server does not know this request; is it of another version?");
        }
    }

    public static string Describe(VerifyReport report) =>
        $"{StoreUpkeep.Count(report.Versions, "version")} of {StoreUpkeep.Count(report.Resources, "resource")}, {StoreUpkeep.Count(report.Records, "record")} of the ledger{(report.IndexRows > 0 ? $", {report.IndexRows} index rows" : "")}: {(report.IsSound ? "all is well" : StoreUpkeep.Count(report.Faults.Count, "fault"))}";

    private static void Write(StreamWriter writer, ControlAnswer answer)
    {
        writer.WriteLine(JsonSerializer.Serialize(answer, ControlJson.Default.ControlAnswer));
        writer.Flush();
    }
}
