using System.Globalization;
using System.Text;
using HealthChain.FhirServer.Ledger;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain ledger deploy</c>: makes the contract that a server anchors to on a chain of somebody's own.</summary>
internal static class LedgerDeployment
{
    public const string Usage =
        """
        With deploy, makes the contract CheckpointAnchor on a chain, for a log without any anchor yet, and prints its address and block.

          --origin ORIGIN    the log's origin line, as in the server's settings
          --rpc URL          a node's JSON-RPC
          --chain-id N       which chain it must serve
          --key-file FILE    the key that pays and makes it: 64 hexadecimal digits, or a keystore
          --password-file F  the keystore's password
          --owner ADDRESS    who may replace the anchorer: a key that is kept offline, or a contract of several signers
          --anchorer ADDRESS whose key anchors; that of --key-file by default
          --max-gwei N       highest price of a unit of gas; 200 by default
          --registry         makes the contract HealthRegistry of the same owner as well
          --verifier ADDRESS and appoints its verifier, whose key the server writes there with; the key in --key-file must be the owner's

        """;

    private static readonly TimeSpan AppointmentPause = TimeSpan.FromMilliseconds(500);

    public static string[] Options { get; } = ["--origin", "--rpc", "--chain-id", "--key-file", "--password-file", "--owner", "--anchorer", "--verifier", "--max-gwei"];

    public static string[] Flags { get; } = ["--registry"];

    /// <summary>Does it; a sentence about what is wrong goes to <paramref name="errors"/>.</summary>
    public static async Task<int> RunAsync(Arguments arguments, Stream output, TextWriter errors)
    {
        if (Read(arguments, out string? problem) is not { } order)
        {
            errors.WriteLine($"healthchain ledger: {problem}");
            return ExitCodes.Usage;
        }

        try
        {
            IEthereumSigner signer = AnchorTargets.SignerOf(order.Rpc.Key);
            WellKnownKeys.Refuse(signer.Address, order.Rpc.ChainId);
            if (order.Verifier is not null && signer.Address != order.Owner)
            {
                errors.WriteLine("healthchain ledger: only the owner appoints a verifier, and --key-file holds the key of another account.");
                return ExitCodes.Usage;
            }

            using var client = new EthereumClient(new JsonRpcOptions { Endpoint = order.Rpc.Url! });
            using var sender = new TransactionSender(client, signer, AnchorTargets.SenderOptionsOf(order.Rpc), TimeProvider.System);
            EthereumCall anchor = CheckpointAnchorContract.Deployment(order.Origin, order.Owner, order.Anchorer ?? signer.Address, TreeHead.Empty);
            await MakeAsync(ContractArtefact.CheckpointAnchor, anchor);
            if (order.WithRegistry)
            {
                EthereumAddress registry = await MakeAsync(ContractArtefact.HealthRegistry, HealthRegistryContract.Deployment(order.Owner));
                if (order.Verifier is { } verifier)
                {
                    await AppointAsync(client, sender, new HealthRegistryContract(client, registry, order.Rpc.ChainId), verifier);
                    output.Write(Encoding.UTF8.GetBytes($"verifier {verifier}\n"));
                }
            }

            async Task<EthereumAddress> MakeAsync(ContractArtefact artefact, EthereumCall creation)
            {
                ContractDeployment made = await ContractDeployment.MakeAsync(client, sender, artefact, creation, TimeProvider.System, CancellationToken.None);
                output.Write(Encoding.UTF8.GetBytes($"{artefact.Name} {made.Address} block {made.Block} cost {made.Cost} wei\n"));
                return made.Address;
            }

            return ExitCodes.Success;
        }
        catch (Exception e) when (e is EthereumException or IOException or UnauthorizedAccessException or FormatException or ArgumentException or InvalidDataException)
        {
            errors.WriteLine($"healthchain ledger: {e.Message}");
            return ExitCodes.ErrorsFound;
        }
    }

    /// <summary>Appoints a verifier and waits until the chain has it.</summary>
    private static async Task AppointAsync(EthereumClient client, TransactionSender sender, HealthRegistryContract registry, EthereumAddress verifier)
    {
        await sender.SendAsync(registry.SetIdentity(verifier, RegistryRole.Verifier, RegistryStatus.Verified, DateTimeOffset.MaxValue, default), CancellationToken.None);
        while (!await registry.IsInGoodStandingAsync(verifier, CancellationToken.None))
        {
            await Task.Delay(AppointmentPause);
        }
    }

    private static Order? Read(Arguments arguments, out string? problem)
    {
        problem = null;
        string? missing = ((string[])["--origin", "--rpc", "--chain-id", "--key-file", "--owner"]).FirstOrDefault(option => arguments.Last(option) is null);
        if (missing is not null)
        {
            problem = $"{missing} is missing.";
        }
        else if (!Uri.TryCreate(arguments.Last("--rpc"), UriKind.Absolute, out _))
        {
            problem = "--rpc is an absolute URL.";
        }
        else if (!TryNumber(arguments.Last("--chain-id"), out _) || !TryNumber(arguments.Last("--max-gwei") ?? "200", out _))
        {
            problem = "--chain-id and --max-gwei are whole numbers, 1 or more.";
        }
        else if (!EthereumAddress.TryParse(arguments.Last("--owner"), out _) || (arguments.Last("--anchorer") is { } text && !EthereumAddress.TryParse(text, out _)))
        {
            problem = "--owner and --anchorer are addresses: 0x and 40 hexadecimal digits; with letters of both cases the check sum must be right.";
        }

        if (problem is null && arguments.Last("--verifier") is { } appointed && (!arguments.Has("--registry") || !EthereumAddress.TryParse(appointed, out _)))
        {
            problem = "--verifier is an address, and needs --registry.";
        }

        return problem is not null ? null : new Order(
            arguments.Last("--origin")!,
            new RpcSettings
            {
                Url = new Uri(arguments.Last("--rpc")!),
                ChainId = int.Parse(arguments.Last("--chain-id")!, CultureInfo.InvariantCulture),
                KeyFile = arguments.Last("--key-file"),
                PasswordFile = arguments.Last("--password-file"),
                MaxGwei = int.Parse(arguments.Last("--max-gwei") ?? "200", CultureInfo.InvariantCulture),
            },
            EthereumAddress.Parse(arguments.Last("--owner")!),
            arguments.Last("--anchorer") is { } anchorer ? EthereumAddress.Parse(anchorer) : null,
            arguments.Has("--registry"),
            arguments.Last("--verifier") is { } verifier ? EthereumAddress.Parse(verifier) : null);
    }

    private static bool TryNumber(string? text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;

    private sealed record Order(string Origin, RpcSettings Rpc, EthereumAddress Owner, EthereumAddress? Anchorer, bool WithRegistry, EthereumAddress? Verifier);
}
