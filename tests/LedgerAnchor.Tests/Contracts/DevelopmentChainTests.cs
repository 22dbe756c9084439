using System.Diagnostics;
using System.Globalization;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>The chain that a default run keeps for itself.</summary>
public sealed class DevelopmentChainTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("healthchain-chain").FullName;

    public DevelopmentChainTests() => TestChain.SkipUnlessRestored();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_makes_its_contracts_and_anchors()
    {
        await using DevelopmentChain chain = await UpAsync();

        await FinalAsync(chain, TreeHead.Empty, Heads.At(5));

        Assert.Equal(Heads.At(5), await chain.ReadHeadAsync(Cancellation));
        Assert.Null(chain.Problem);
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = chain.Endpoint! });
        Assert.True(await ContractArtefact.HealthRegistry.IsAtAsync(client, chain.Registry, Cancellation));
        Assert.True(chain.Endpoint!.IsLoopback);
        Assert.Equal(chain.Endpoint, DevelopmentChain.EndpointIn(_folder));
        await chain.DisposeAsync();
        Assert.Null(DevelopmentChain.EndpointIn(_folder));
    }

    [Fact]
    public async Task A_server_of_another_origin_gets_another_contract()
    {
        string name;
        await using (DevelopmentChain first = await UpAsync())
        {
            name = first.Name;
            await FinalAsync(first, TreeHead.Empty, Heads.At(5));
        }

        var options = new DevelopmentChainOptions { Folder = _folder, Executable = TestChain.Executable };
        await using var renamed = new DevelopmentChain(options, "renamed.example/ledger", TimeProvider.System);
        renamed.Start();
        await UpAgainAsync(renamed);

        Assert.NotEqual(name, renamed.Name);
        await FinalAsync(renamed, TreeHead.Empty, Heads.At(3));
    }

    [Fact]
    public async Task What_was_final_outlives_the_killing_of_the_node()
    {
        await using DevelopmentChain chain = await UpAsync();
        string name = chain.Name;
        TreeHead head = TreeHead.Empty;
        for (int kill = 1; kill <= 3; kill++)
        {
            AnchorStatus final = await FinalAsync(chain, head, Heads.At(kill));
            head = Heads.At(kill);
            int node = chain.ProcessId!.Value;

            Process.GetProcessById(node).Kill();
            await TestChain.WaitAsync(() => ValueTask.FromResult(chain.ProcessId == node ? null : chain), "the end of the node");
            await UpAgainAsync(chain);

            Assert.Equal(head, await chain.ReadHeadAsync(Cancellation));
            AnchorStatus after = await chain.StatusOfAsync(final.Submission, Cancellation);
            Assert.Equal((AnchorState.Final, final.BlockHash), (after.State, after.BlockHash));
        }

        Assert.Equal(name, chain.Name);
    }

    [Fact]
    public async Task A_later_run_finds_contracts_and_heads_again()
    {
        string name;
        AnchorStatus final;
        await using (DevelopmentChain first = await UpAsync())
        {
            name = first.Name;
            final = await FinalAsync(first, TreeHead.Empty, Heads.At(5));
            await first.DisposeAsync();
        }

        // What a crash left of a save that was not finished.
        await File.WriteAllTextAsync(Path.Combine(_folder, "state.new"), "half", Cancellation);
        await using DevelopmentChain second = await UpAsync();

        Assert.Equal(name, second.Name);
        Assert.Equal(Heads.At(5), await second.ReadHeadAsync(Cancellation));
        Assert.Equal(final.BlockHash, (await second.StatusOfAsync(final.Submission, Cancellation)).BlockHash);
        await FinalAsync(second, Heads.At(5), Heads.At(6));
    }

    [Fact]
    public async Task Two_folders_are_two_chains()
    {
        await using DevelopmentChain first = new(new DevelopmentChainOptions { Folder = Path.Combine(_folder, "a") }, TestChain.Origin, TimeProvider.System);
        await using DevelopmentChain second = new(new DevelopmentChainOptions { Folder = Path.Combine(_folder, "b") }, TestChain.Origin, TimeProvider.System);

        Assert.NotEqual(first.Name, second.Name);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(_folder, "a", "key")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task While_it_is_not_up_anchors_wait_and_the_reason_is_known()
    {
        await using DevelopmentChain chain = new(new DevelopmentChainOptions { Folder = _folder, Executable = "/nowhere/anvil" }, TestChain.Origin, TimeProvider.System);
        await Assert.ThrowsAsync<AnchorUnavailableException>(() => chain.ReadHeadAsync(Cancellation).AsTask());
        chain.Start();

        string problem = await TestChain.WaitAsync(() => ValueTask.FromResult(chain.Problem), "the reason");

        Assert.Contains("/nowhere/anvil", problem, StringComparison.Ordinal);
        var refusal = await Assert.ThrowsAsync<AnchorUnavailableException>(() => chain.SubmitAsync(TreeHead.Empty, Heads.At(1), Cancellation).AsTask());
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_is_not_overwritten()
    {
        string state = Path.Combine(_folder, "state");
        await File.WriteAllTextAsync(state, "no state", Cancellation);
        await using DevelopmentChain chain = Make();
        chain.Start();

        Assert.NotNull(await TestChain.WaitAsync(() => ValueTask.FromResult(chain.Problem), "the reason"));

        Assert.Equal("no state", await File.ReadAllTextAsync(state, Cancellation));
    }

    [Fact]
    public async Task The_node_ends_with_the_process_that_started_it()
    {
        // Stands for the server: it holds the other end of the pipe, and is killed.
        const string Server = "(echo $$ >&2; exec sleep 1000) | /bin/sh -c \"$0\" anvil \"$1\" --port 0 --accounts 0";
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-c", Server.Replace("echo $$", "sh -c 'echo $PPID'", StringComparison.Ordinal), AnvilProcess.Script, TestChain.Executable])
        {
            start.ArgumentList.Add(argument);
        }

        using Process shell = Process.Start(start)!;
        int holder = int.Parse((await shell.StandardError.ReadLineAsync(Cancellation))!, CultureInfo.InvariantCulture);
        while (await shell.StandardOutput.ReadLineAsync(Cancellation) is { } line && !line.StartsWith("Listening", StringComparison.Ordinal))
        {
        }

        Process.GetProcessById(holder).Kill();

        // The output ends when nobody is left who could write to it.
        await shell.StandardOutput.ReadToEndAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(120), Cancellation);
        await shell.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(120), Cancellation);
    }

    private DevelopmentChain Make() => new(new DevelopmentChainOptions { Folder = _folder, Executable = TestChain.Executable }, TestChain.Origin, TimeProvider.System);

    private async Task<DevelopmentChain> UpAsync()
    {
        DevelopmentChain chain = Make();
        chain.Start();
        await UpAgainAsync(chain);
        return chain;
    }

    private static Task UpAgainAsync(DevelopmentChain chain) => chain.WaitUntilUpAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(120), Cancellation);

    private static async Task<AnchorStatus> FinalAsync(DevelopmentChain chain, TreeHead previous, TreeHead next)
    {
        AnchorSubmission submission = await chain.SubmitAsync(previous, next, Cancellation);
        return await TestChain.WaitAsync(
            async () => await chain.StatusOfAsync(submission, Cancellation) is { State: AnchorState.Final } status ? status : null, "a final anchor");
    }
}
