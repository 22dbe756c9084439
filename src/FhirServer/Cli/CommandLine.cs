using System.Reflection;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Cli;

/// <summary>What the process answers to its caller.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int ErrorsFound = 1;
    public const int Usage = 2;

    /// <summary>The server was not started because of its settings.</summary>
    public const int Settings = 64;
}

/// <summary>A verb of the command line: results go to <c>output</c>, everything said to a person goes to <c>errors</c>.</summary>
/// <param name="Name">The word that selects it.</param>
/// <param name="Summary">One line for the list of verbs.</param>
/// <param name="Usage">What <c>healthchain NAME --help</c> prints.</param>
/// <param name="Run">Does the work and returns the exit code.</param>
internal sealed record Verb(string Name, string Summary, string Usage, Func<Arguments, Stream, TextWriter, Task<int>> Run)
{
    /// <summary>Options that take a value.</summary>
    public string[] Options { get; init; } = [];

    /// <summary>Options that stand alone.</summary>
    public string[] Flags { get; init; } = [];
}

/// <summary>Reads the first word of the command line and runs its verb; <c>serve</c> is left to the composition root.</summary>
internal static class CommandLine
{
    private static readonly Verb[] Verbs = [ValidateVerb.Verb, FhirPathVerb.Verb, ConvertVerb.Verb, GenerateVerb.Verb, StoreVerbs.Backup, StoreVerbs.Restore, StoreVerbs.Verify, LedgerVerbs.Verb, SmartVerbs.Accounts, SmartVerbs.Clients, SmartVerbs.Keys];

    /// <summary>Runs a verb. Null means that the server is to be started.</summary>
    public static async Task<int?> RunAsync(string[] args, Stream output, TextWriter errors)
    {
        switch (args)
        {
            case ["--help" or "-h" or "-?" or "help", ..]:
                Print(output, Help());
                return ExitCodes.Success;
            case ["--version", ..]:
                Print(output, $"healthchain {Version}\n");
                return ExitCodes.Success;
            case ["serve", "--help" or "-h", ..]:
                Print(output, SettingsHelp.Text());
                return ExitCodes.Success;
            case [] or ["serve", ..]:
                return null;
            case [var option, ..] when option.StartsWith('-'):
                return null;
        }

        if (Array.Find(Verbs, verb => verb.Name == args[0]) is not { } chosen)
        {
            errors.WriteLine($"healthchain: '{args[0]}' is not a verb. 'healthchain --help' lists them.");
            return ExitCodes.Usage;
        }

        if (args is [_, "--help" or "-h", ..])
        {
            Print(output, chosen.Usage);
            return ExitCodes.Success;
        }

        var arguments = Arguments.Parse(args.AsSpan(1), chosen.Options, chosen.Flags);
        if (arguments.Problem is { } problem)
        {
            errors.WriteLine($"healthchain {chosen.Name}: {problem} 'healthchain {chosen.Name} --help' explains.");
            return ExitCodes.Usage;
        }

        try
        {
            return await chosen.Run(arguments, output, errors);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            // Files that cannot be read are the verbs' matter; this is a closed pipe, a full disk, a folder without permission.
            errors.WriteLine($"healthchain {chosen.Name}: {unwritable.Message}");
            return ExitCodes.Usage;
        }
    }

    public static string Version =>
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static string Help()
    {
        var verbs = string.Concat(Verbs.Select(verb => $"  {verb.Name,-10} {verb.Summary}\n"));
        return $"""
            healthchain: a FHIR R4 server and tools for FHIR files

            Usage: healthchain [serve] [SETTINGS]
                   healthchain VERB [ARGUMENTS]

              serve      start the server (also without a verb)
            {verbs}
              --version  print the version
              --help     print this; 'healthchain VERB --help' explains a verb

            """;
    }

    private static void Print(Stream output, string text) => output.Write(System.Text.Encoding.UTF8.GetBytes(text));
}
