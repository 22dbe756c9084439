using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Generation;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Upkeep;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.FhirServer.Cli;

/// <summary>
/// <c>healthchain backup</c>, <c>restore</c> and <c>verify</c>: what is done with a data folder. The process that has it open does the work,
/// which is the running server if there is one.
/// </summary>
internal static class StoreVerbs
{
    private const string Settings = """
          --data FOLDER      the data folder, as for serve
          --config FILE      settings of the server; they are also read from appsettings.json and the environment
          --quiet            no progress
        """;

    private static readonly string[] Options = ["--data", "--config"];
    private static readonly string[] Flags = ["--quiet"];

    public static Verb Backup { get; } = new(
        "backup",
        "copy a store, also while the server runs",
        $"""
        Usage: healthchain backup FOLDER [--data FOLDER] [--config FILE] [--quiet]

        Copies the state of one moment into FOLDER, which must be new or empty: the database, the patients' wrapped secrets and the large
        contents. A running server does it meanwhile and goes on serving. The tenant key is not copied: whoever has a backup and
        no tenant key can open nothing. Keep a copy of that key in another place.

        {Settings}

        Exit code: 0 done; 2 not done, FOLDER holds no backup; 64 wrong settings.

        """,
        static (arguments, output, errors) => new StoreCommand("backup", arguments, arguments.Positional, output, errors).BackupAsync())
    {
        Options = Options,
        Flags = Flags,
    };

    public static Verb Restore { get; } = new(
        "restore",
        "put a backup into an empty data folder",
        $"""
        Usage: healthchain restore FOLDER [--data FOLDER] [--config FILE] [--quiet]

        Puts the backup in FOLDER where there is no database. The tenant key must be in its folder before. Secrets that are there stay:
        patients who were erased since the backup are erased again when the server starts.

        {Settings}

        Exit code: 0 done; 2 not done; 64 wrong settings.

        """,
        static (arguments, output, errors) => new StoreCommand("restore", arguments, arguments.Positional, output, errors).RestoreAsync())
    {
        Options = Options,
        Flags = Flags,
    };

    public static Verb Verify { get; } = new(
        "verify",
        "prove that a store is whole",
        $"""
        Usage: healthchain verify [--quick] [--data FOLDER] [--config FILE] [--quiet]

        Checks the database, opens every version and compares it with its hash, and compares the index with what the resources say; about a
        minute for a million resources. A running server does it meanwhile and goes on serving. What is wrong goes to standard output.

          --quick            only the structure of the database, sequence numbers and counts: seconds
        {Settings}

        Exit code: 0 all is well; 1 something is wrong; 2 not checked; 64 wrong settings.

        """,
        static (arguments, output, errors) => new StoreCommand("verify", arguments, arguments.Positional, output, errors).VerifyAsync())
    {
        Options = Options,
        Flags = [.. Flags, "--quick"],
    };
}

/// <summary>One run of a verb on a data folder.</summary>
/// <param name="words">What is left of the positional words.</param>
internal sealed class StoreCommand(string verb, Arguments arguments, IReadOnlyList<string> words, Stream output, TextWriter errors)
{
    private readonly bool _draws = ReferenceEquals(errors, Console.Error) && !Console.IsErrorRedirected && !arguments.Has("--quiet");

    public Task<int> BackupAsync() => RunAsync(needsFolder: true, async (options, folder) =>
        await AskServerAsync(options, new ControlRequest(verb, folder))
            ?? await WithStoresAsync(options, async stores => new ControlAnswer(Result: await new StoreUpkeep(stores, options).BackupAsync(folder, Draw, CancellationToken.None))));

    public Task<int> RestoreAsync() => RunAsync(needsFolder: true, (options, folder) =>
        Task.FromResult(new ControlAnswer(Result: StoreUpkeep.Restore(folder, options, Draw, CancellationToken.None))));

    public Task<int> VerifyAsync() => RunAsync(needsFolder: false, async (options, _) =>
        await AskServerAsync(options, new ControlRequest(verb, IsQuick: arguments.Has("--quick")))
            ?? await WithStoresAsync(options, async stores =>
            {
                VerifyReport report = await new StoreUpkeep(stores, options).VerifyAsync(arguments.Has("--quick") ? VerifyLevel.Quick : VerifyLevel.Full, Draw, CancellationToken.None);
                return new ControlAnswer(Result: ControlSocket.Describe(report), Faults: report.Faults);
            }));

    public Task<int> VerifyLedgerAsync() => RunAsync(needsFolder: false, async (options, _) =>
        await AskServerAsync(options, new ControlRequest(ControlSocket.LedgerVerify, IsDeep: arguments.Has("--deep")))
            ?? await WithStoresAsync(options, async stores =>
            {
                using HttpClient http = LedgerNode.NewClient(TimeProvider.System);
                IAnchorTarget? target = options.Ledger.Chain == LedgerChain.Rpc ? AnchorTargets.OfRpc(options.Ledger.Rpc, stores.Resources.LedgerOrigin ?? "", TimeProvider.System) : null;
                AuditReport report = await new LedgerAudit(stores, options, http, target, TimeProvider.System).RunAsync(arguments.Has("--deep"), Draw, CancellationToken.None);
                return new ControlAnswer(Result: report.Summary, Faults: report.Findings);
            }));

    public Task<int> AdministerAsync(SmartOrder order) => RunAsync(needsFolder: false, async (options, _) =>
        await AskServerAsync(options, new ControlRequest(verb, Smart: order))
            ?? await WithStoresAsync(options, async stores =>
            {
                using SmartState state = SmartRegistration.OpenState(options, stores.Keys, TimeProvider.System);
                using var accounts = new AccountBook(state, options.Smart.Passwords, TimeProvider.System);
                SigningKeys keys = SmartRegistration.OpenKeys(options, TimeProvider.System);
                return await new SmartAdministration(state, accounts, keys, stores.Resources, TimeProvider.System).DoAsync(order, CancellationToken.None);
            }));

    private async Task<int> RunAsync(bool needsFolder, Func<ServerOptions, string, Task<ControlAnswer>> work)
    {
        if (words.Count != (needsFolder ? 1 : 0))
        {
            return Fail(needsFolder ? "one folder is expected." : $"'{words[0]}' is not expected here.");
        }

        if (ReadOptions() is not { } options)
        {
            return ExitCodes.Settings;
        }

        ControlAnswer answer;
        try
        {
            answer = await work(options, needsFolder ? Path.GetFullPath(words[0]) : "");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or KeyStoreException or SmartStateException)
        {
            answer = new ControlAnswer(Error: failure.Message);
        }

        if (_draws)
        {
            errors.Write("\r\e[K");
        }

        if (answer.Error is { } error)
        {
            return Fail(error);
        }

        foreach (string fault in answer.Faults ?? [])
        {
            output.Write(Encoding.UTF8.GetBytes(fault + "\n"));
        }

        foreach (string line in answer.Lines ?? [])
        {
            output.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }

        if (answer.Result is { Length: > 0 } result)
        {
            errors.WriteLine(result);
        }

        return answer.Faults is { Count: > 0 } ? ExitCodes.ErrorsFound : ExitCodes.Success;
    }

    private ServerOptions? ReadOptions()
    {
        using var configuration = new ConfigurationManager();
        IReadOnlyList<string> problems;
        ServerOptions options;
        try
        {
            configuration.AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true, reloadOnChange: false);
            configuration.AddEnvironmentVariables();
            if (arguments.Last("--data") is { } data)
            {
                configuration.AddInMemoryCollection([new("HealthChain:Data", data)]);
            }

            (options, problems) = SettingsReader.Read(configuration, arguments.Last("--config"));
        }
        catch (InvalidDataException broken)
        {
            (options, problems) = (new ServerOptions(), [$"{broken.Message} {broken.InnerException?.Message}"]);
        }

        foreach (string problem in problems)
        {
            errors.WriteLine($"healthchain {verb}: {problem}");
        }

        return problems.Count == 0 ? options : null;
    }

    /// <summary>What the running server says; null when there is none.</summary>
    private async Task<ControlAnswer?> AskServerAsync(ServerOptions options, ControlRequest request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(ControlSocket.PathIn(options)));
        }
        catch (Exception absent) when (absent is SocketException or ArgumentOutOfRangeException)
        {
            // No server, one that was killed, or a path too long for a socket: whether the folder is in use is seen when it is opened.
            return null;
        }

        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(request, ControlJson.Default.ControlRequest) + "\n"));
        while (await reader.ReadLineAsync() is { } line)
        {
            ControlAnswer answer = JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer)!;
            if (answer.Done is not { } done)
            {
                return answer;
            }

            Draw(done);
        }

        return new ControlAnswer(Error: "the server ended before it was done.");
    }

    private static async Task<ControlAnswer> WithStoresAsync(ServerOptions options, Func<Stores, Task<ControlAnswer>> work)
    {
        string folder = options.Folder(options.Sqlite.Folder);
        if (!Directory.Exists(folder))
        {
            return new ControlAnswer(Error: $"{folder} does not exist; --data names the server's data folder.");
        }

        await using Stores stores = await Stores.OpenAsync(options, new SearchParameterSet(DefinitionSet.R4), TimeProvider.System, CancellationToken.None);
        return await work(stores);
    }

    private void Draw(double done)
    {
        if (_draws)
        {
            errors.Write($"\r{Progress.Bar(done)} {done:P0} ");
        }
    }

    private int Fail(string reason)
    {
        errors.WriteLine($"healthchain {verb}: {reason}");
        return ExitCodes.Usage;
    }
}
