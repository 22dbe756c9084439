using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain accounts</c>, <c>clients</c> and <c>keys</c>: what only an operator may do. A running server does it, or else the command itself.</summary>
internal static class SmartVerbs
{
    private const string Settings = """
          --data FOLDER      the data folder, as for serve
          --config FILE      settings of the server; they are also read from appsettings.json and the environment

        Exit code: 0 done; 2 not done; 64 wrong settings.

        """;

    private static readonly string[] Options = ["--data", "--config"];

    public static Verb Accounts { get; } = new(
        "accounts",
        "who can log in: add, list, reset, disable",
        $"""
        Usage: healthchain accounts list
               healthchain accounts add NAME --role ROLE [--fhir-user REFERENCE] [--organisation REFERENCE] [--display-name TEXT]
               healthchain accounts reset NAME
               healthchain accounts disable NAME
               healthchain accounts enable NAME
               healthchain accounts hash < FILE

        'add' and 'reset' print the name and a password that is good for one login. 'disable' also revokes all that was given in the account's name.
        'hash' prints what stands in a pre-registration file in place of the password that it reads.

          --role ROLE        patient, related-person, practitioner, insurer, analyst, researcher, auditor or administrator
          --fhir-user REF    who it is in the record, such as Practitioner/7
          --organisation REF for whom the person works, such as Organization/hospital
          --display-name T   what others see
        {Settings}
        """,
        static (arguments, output, errors) => RunAsync("accounts", arguments, output, errors))
    {
        Options = [.. Options, "--role", "--fhir-user", "--organisation", "--display-name"],
    };

    public static Verb Clients { get; } = new(
        "clients",
        "which apps and systems may ask for access: add, list, revoke",
        $"""
        Usage: healthchain clients list
               healthchain clients add FILE [--secret]
               healthchain clients revoke ID

        FILE holds a client as the list 'clients' of a pre-registration file does; docs/operations.md shows examples; - reads standard input. 'revoke'
        blocks the client and revokes what it had; adding it again lifts that.

          --secret           makes a secret and prints it; it is kept nowhere
        {Settings}
        """,
        static (arguments, output, errors) => RunAsync("clients", arguments, output, errors))
    {
        Options = Options,
        Flags = ["--secret"],
    };

    public static Verb Keys { get; } = new(
        "keys",
        "the keys that sign id_tokens: rotate",
        $"""
        Usage: healthchain keys rotate [--forget]

        New keys sign from now on. What the old ones signed stays valid until it expires.

          --forget           the old keys are forgotten at once, because somebody may have them
        {Settings}
        """,
        static (arguments, output, errors) => RunAsync("keys", arguments, output, errors))
    {
        Options = Options,
        Flags = ["--forget"],
    };

    private static async Task<int> RunAsync(string verb, Arguments arguments, Stream output, TextWriter errors)
    {
        if (verb == "accounts" && arguments.Positional is ["hash"])
        {
            return await HashAsync(output, errors);
        }

        string? secret = arguments.Has("--secret") ? Secrets.New() : null;
        if (Read(verb, arguments, secret, out string? problem) is not { } order)
        {
            errors.WriteLine($"healthchain {verb}: {problem} 'healthchain {verb} --help' explains.");
            return ExitCodes.Usage;
        }

        int code = await new StoreCommand(order.Verb, arguments, [], output, errors).AdministerAsync(order);
        if (code == ExitCodes.Success && secret is not null)
        {
            output.Write(Encoding.UTF8.GetBytes(secret + "\n"));
        }

        return code;
    }

    private static SmartOrder? Read(string verb, Arguments arguments, string? secret, out string? problem)
    {
        problem = null;
        switch (verb, arguments.Positional)
        {
            case ("accounts" or "clients", ["list"]):
                return new SmartOrder(verb + " list");
            case ("accounts", ["add", var name]):
                return ReadUser(name, arguments, out problem) is { } user ? new SmartOrder("accounts add", User: user) : null;
            case ("accounts", ["reset" or "disable" or "enable", var name]):
                return new SmartOrder($"accounts {arguments.Positional[0]}", name);
            case ("clients", ["add", var file]):
                return ReadClient(file, secret, out problem) is { } client ? new SmartOrder("clients add", Client: client) : null;
            case ("clients", ["revoke", var id]):
                return new SmartOrder("clients revoke", id);
            case ("keys", ["rotate"]):
                return new SmartOrder("keys rotate", Forget: arguments.Has("--forget"));
            default:
                problem = "these words are not understood.";
                return null;
        }
    }

    private static RegisteredUser? ReadUser(string name, Arguments arguments, out string? problem)
    {
        string role = arguments.Last("--role")?.Replace("-", "", StringComparison.Ordinal) ?? "";
        if (!Enum.GetNames<Role>().Contains(role, StringComparer.OrdinalIgnoreCase))
        {
            problem = "--role is missing or none.";
            return null;
        }

        var user = new RegisteredUser
        {
            Name = name,
            Role = Enum.Parse<Role>(role, ignoreCase: true),
            FhirUser = arguments.Last("--fhir-user"),
            Organisation = arguments.Last("--organisation"),
            DisplayName = arguments.Last("--display-name"),
        };
        problem = user.FindProblems(needsPassword: false).FirstOrDefault();
        return problem is null ? user : null;
    }

    private static JsonElement? ReadClient(string file, string? secret, out string? problem)
    {
        try
        {
            using Stream input = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            JsonObject json = JsonNode.Parse(input)?.AsObject() ?? [];
            if (secret is not null)
            {
                json["secret_sha256"] = Convert.ToHexStringLower(Secrets.Hash(secret));
            }

            JsonElement client = JsonDocument.Parse(json.ToJsonString()).RootElement;
            OAuthResult<Client> read = RegisteredClient.Read(client);
            problem = read.IsOk ? null : read.Error.Reason;
            return read.IsOk ? client : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            problem = "the file is not there or no JSON object.";
            return null;
        }
    }

    private static async Task<int> HashAsync(Stream output, TextWriter errors)
    {
        if (await Console.In.ReadLineAsync() is not { Length: > 0 } password)
        {
            errors.WriteLine("healthchain accounts: a password is expected on standard input.");
            return ExitCodes.Usage;
        }

        using var state = SmartState.InMemory(new SmartStateOptions(), TimeProvider.System);
        using var accounts = new AccountBook(state, new PasswordOptions(), TimeProvider.System);
        output.Write(Encoding.UTF8.GetBytes(await accounts.HashAsync(password, CancellationToken.None) + "\n"));
        return ExitCodes.Success;
    }
}
