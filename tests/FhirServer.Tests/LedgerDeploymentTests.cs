using System.Globalization;
using System.Text.RegularExpressions;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.FhirServer.Tests;

/// <summary>Making the contract on a chain from the command line.</summary>
public sealed partial class LedgerDeploymentTests : IDisposable
{
    private const string Origin = "deployed.example/ledger";
    private const string Owner = "0x00000000000000000000000000000000000000AA";

    private readonly string _folder = Directory.CreateTempSubdirectory("healthchain-deploy").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_contract_is_made_by_which_a_server_can_anchor()
    {
        string anvil = Repository.PathOf("artifacts/development-chain/anvil");
        Assert.SkipUnless(File.Exists(anvil), "anvil was not restored: npm is not reachable, or has none for this platform");
        await using var chain = new DevelopmentChain(new DevelopmentChainOptions { Folder = _folder, Executable = anvil }, "other.example/ledger", TimeProvider.System);
        chain.Start();
        await chain.WaitUntilUpAsync(Cancellation).WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        byte[] secret = Hash256.Of("deployer"u8).ToArray();
        string keyFile = Path.Combine(_folder, "deployer");
        await File.WriteAllTextAsync(keyFile, Convert.ToHexStringLower(secret), Cancellation);
        using var signer = new LocalSigner(secret);
        string[] order = ["ledger", "deploy", "--origin", Origin, "--rpc", chain.Endpoint!.AbsoluteUri, "--chain-id", "31337", "--key-file", keyFile, "--owner", Owner, "--registry"];

        using var command = new CommandRun();
        Assert.Equal(1, command.Run(order));
        using (var node = new JsonRpcConnection(new JsonRpcOptions { Endpoint = chain.Endpoint }))
        {
            await node.CallAsync(new JsonRpcCall("anvil_setBalance", signer.Address.ToString(), "0xde0b6b3a7640000"), Cancellation);
        }

        int exitCode = command.Run(order);

        Assert.True(exitCode == 0, command.Errors);
        MatchCollection lines = Line().Matches(command.Output);
        Assert.Equal(["CheckpointAnchor", "HealthRegistry"], lines.Select(static line => line.Groups["name"].Value));
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = chain.Endpoint });
        var contract = new CheckpointAnchorContract(client, EthereumAddress.Parse(lines[0].Groups["address"].Value));
        Assert.Equal(TreeHead.Empty, await contract.HeadAsync(BlockTag.Latest, Cancellation));
        Assert.Equal(CheckpointAnchorContract.LogOf(Origin), await contract.LogAsync(Cancellation));
        Assert.Equal((EthereumAddress.Parse(Owner), signer.Address), (await contract.OwnerAsync(Cancellation), await contract.AnchorerAsync(Cancellation)));
        Assert.True(await ContractArtefact.HealthRegistry.IsAtAsync(client, EthereumAddress.Parse(lines[1].Groups["address"].Value), Cancellation));
        Assert.InRange(long.Parse(lines[0].Groups["block"].Value, CultureInfo.InvariantCulture), 1, await client.BlockNumberAsync(Cancellation));

        // Only the owner appoints; then the server's own account can write.
        using LocalSigner verifier = LocalSigner.Create();
        Assert.Equal(2, command.Run([.. order, "--verifier", verifier.Address.ToString()]));
        int appointed = command.Run([.. order.Select(word => word == Owner ? signer.Address.ToString() : word), "--verifier", verifier.Address.ToString()]);
        Assert.True(appointed == 0, command.Errors);
        EthereumAddress registry = EthereumAddress.Parse(Line().Matches(command.Output).Last().Groups["address"].Value);
        Assert.True(await new HealthRegistryContract(client, registry, 31337).IsInGoodStandingAsync(verifier.Address, Cancellation));

        // A node of another chain than the one that was meant.
        Assert.Equal(1, command.Run([.. order.Select(static word => word == "31337" ? "1135" : word)]));
        Assert.Contains("1135", command.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--owner is missing", "--rpc http://127.0.0.1:1 --chain-id 1 --key-file key")]
    [InlineData("--rpc", "--rpc node --chain-id 1 --key-file key --owner " + Owner)]
    [InlineData("--chain-id", "--rpc http://127.0.0.1:1 --chain-id 0 --key-file key --owner " + Owner)]
    [InlineData("--owner", "--rpc http://127.0.0.1:1 --chain-id 1 --key-file key --owner 0xAa")]
    [InlineData("--verifier", "--rpc http://127.0.0.1:1 --chain-id 1 --key-file key --owner " + Owner + " --verifier " + Owner)]
    public void An_order_that_is_not_complete_is_refused(string reason, string words)
    {
        using var command = new CommandRun();

        Assert.Equal(2, command.Run(["ledger", "deploy", "--origin", Origin, .. words.Split(' ')]));

        Assert.Contains(reason, command.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_everybody_has_makes_nothing_on_a_real_chain()
    {
        using var command = new CommandRun();
        string keyFile = command.File("known", "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

        int exitCode = command.Run("ledger", "deploy", "--origin", Origin, "--rpc", "http://127.0.0.1:1", "--chain-id", "1", "--key-file", keyFile, "--owner", Owner);

        Assert.Equal(1, exitCode);
        Assert.Contains("is public", command.Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^(?<name>\w+) (?<address>0x[0-9a-fA-F]{40}) block (?<block>\d+) cost \d+ wei$", RegexOptions.Multiline, 1000)]
    private static partial Regex Line();
}
