using System.Text;
using HealthChain.FhirServer.Ledger;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain ledger verify</c>: of a data folder, of a receipt, or of somebody else's log again and again; and <c>deploy</c>.</summary>
internal static class LedgerVerbs
{
    private const string Name = "ledger";
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(10);

    public static Verb Verb { get; } = new(
        Name,
        "prove that the ledger is whole, or a receipt right; make its contract",
        $"""
        Usage: healthchain ledger verify [--deep] [--data FOLDER] [--config FILE] [--quiet]
               healthchain ledger verify --receipt FILE --key VKEY [--witness VKEY]... [--needed N]
               healthchain ledger verify --watch URL --key VKEY --folder FOLDER [--rounds N]
               healthchain ledger deploy --origin ORIGIN --rpc URL --chain-id N --key-file FILE --owner ADDRESS

        Without more, rebuilds the tree from the rows of the store and compares it with tiles, journal, checkpoint, anchors, the chain and the
        witnesses; a running server does it meanwhile and goes on serving. What is wrong goes to standard output, a line each that begins with
        its name: LeavesMissing, LeavesChanged, LeavesSwapped, TilesDamaged, CheckpointDamaged, JournalDamaged, AnchorAhead, AnchorContradicts,
        AnchorMissing, WitnessAhead, WitnessContradicts, ContentChanged, LogForked. docs/ledger.md says what each means and what to do.

          --deep             also opens all that is stored and compares it with what the leaves commit to
          --data FOLDER      the data folder, as for serve
          --config FILE      settings of the server; they are also read from appsettings.json and the environment
          --quiet            no progress

        With --receipt, verifies a receipt without a network and prints what it proves.

          --key VKEY         the log's key, as /.well-known/healthchain-ledger says; get it from somewhere you trust
          --witness VKEY     a witness's key; may stand several times
          --needed N         how many of them must have cosigned; all by default

        With --watch, keeps a copy of the log at URL in FOLDER and checks every tile and checkpoint, until it is stopped or the log forks.

          --rounds N         ends after so many looks

        {LedgerDeployment.Usage}
        Exit code: 0 all is well; 1 something is wrong; 2 not checked; 64 wrong settings.

        """,
        static (arguments, output, errors) => RunAsync(arguments, output, errors))
    {
        Options = ["--data", "--config", "--receipt", "--key", "--witness", "--needed", "--watch", "--folder", "--rounds", .. LedgerDeployment.Options],
        Flags = ["--deep", "--quiet", .. LedgerDeployment.Flags],
    };

    private static async Task<int> RunAsync(Arguments arguments, Stream output, TextWriter errors)
    {
        if (arguments.Positional is ["deploy"])
        {
            return await LedgerDeployment.RunAsync(arguments, output, errors);
        }

        if (arguments.Positional is not ["verify", ..])
        {
            return Fail(errors, "'verify' or 'deploy' is expected.");
        }

        string? receipt = arguments.Last("--receipt");
        string? watched = arguments.Last("--watch");
        if (receipt is null && watched is null)
        {
            return await new StoreCommand("ledger verify", arguments, [.. arguments.Positional.Skip(1)], output, errors).VerifyLedgerAsync();
        }

        if (arguments.Last("--key") is not { } text)
        {
            return Fail(errors, "--key is missing: whose signature is to be trusted?");
        }

        if (!NoteVerifier.TryParse(text, out NoteVerifier? key, out string? problem))
        {
            return Fail(errors, $"--key: {problem}.");
        }

        return receipt is not null
            ? VerifyReceipt(receipt, key, arguments, output, errors)
            : await WatchAsync(watched!, key, arguments, output, errors);
    }

    private static int VerifyReceipt(string path, NoteVerifier key, Arguments arguments, Stream output, TextWriter errors)
    {
        var witnesses = new List<NoteVerifier>();
        foreach (string text in arguments.All("--witness"))
        {
            if (!NoteVerifier.TryParse(text, out NoteVerifier? witness, out string? problem))
            {
                return Fail(errors, $"--witness: {problem}.");
            }

            witnesses.Add(witness);
        }

        int needed = witnesses.Count;
        if (arguments.Last("--needed") is { } number && (!int.TryParse(number, out needed) || needed < 0 || needed > witnesses.Count))
        {
            return Fail(errors, $"--needed is a whole number from 0 to {witnesses.Count}.");
        }

        TrustPolicy policy;
        try
        {
            policy = TrustPolicy.Of([key], witnesses, needed);
        }
        catch (ArgumentException unusable)
        {
            return Fail(errors, unusable.Message);
        }

        byte[] receipt = File.ReadAllBytes(path);
        if (!new ReceiptVerifier(policy).TryVerify(receipt, out ProvenReceipt? proven, out string? wrong))
        {
            Say(output, $"Not proven: {wrong}.");
            return ExitCodes.ErrorsFound;
        }

        foreach (string line in ReceiptReport.Lines(proven))
        {
            Say(output, line);
        }

        return ExitCodes.Success;
    }

    private static async Task<int> WatchAsync(string url, NoteVerifier key, Arguments arguments, Stream output, TextWriter errors)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || arguments.Last("--folder") is not { } folder)
        {
            return Fail(errors, "--watch needs an absolute URL, and --folder for the copy.");
        }

        int rounds = int.MaxValue;
        if (arguments.Last("--rounds") is { } number && (!int.TryParse(number, out rounds) || rounds < 1))
        {
            return Fail(errors, "--rounds is a whole number, 1 or more.");
        }

        using HttpClient http = LedgerNode.NewClient(TimeProvider.System);
        Mirror mirror = Mirror.Open(Path.GetFullPath(folder), key, http, address);
        bool isLastSound = false;
        for (int round = 0; round < rounds && mirror.Fork is null; round++)
        {
            if (round > 0)
            {
                await Task.Delay(WatchInterval);
            }

            try
            {
                if (await mirror.FollowAsync(CancellationToken.None))
                {
                    Say(output, $"{mirror.Newest!.Head.Size} leaves, root {mirror.Newest.Head.Root}");
                }

                isLastSound = true;
            }
            catch (Exception failure) when (failure is HttpRequestException or LedgerDamageException or TaskCanceledException)
            {
                isLastSound = failure is not LedgerDamageException && isLastSound;
                errors.WriteLine($"healthchain {Name}: {failure.Message}");
            }
        }

        if (mirror.Fork is { } fork)
        {
            Say(output, fork.ToString());
        }

        return mirror.Fork is null && isLastSound ? ExitCodes.Success : ExitCodes.ErrorsFound;
    }

    private static void Say(Stream output, string line) => output.Write(Encoding.UTF8.GetBytes(line + "\n"));

    private static int Fail(TextWriter errors, string reason)
    {
        errors.WriteLine($"healthchain {Name}: {reason}");
        return ExitCodes.Usage;
    }
}
