using System.Diagnostics;
using System.Text.Json;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>The byte code that the server embeds is what the sources compile to, and the clients speak its interface.</summary>
public sealed class ReproducibilityTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sources_compile_to_the_artefacts_that_are_checked_in()
    {
        string sources = Repository.PathOf("src/LedgerAnchor/contracts");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("healthchain-contracts");
        try
        {
            // In a folder of its own, so that a run leaves nothing behind in the repository and two do not meet.
            foreach (string name in (string[])["package.json", "package-lock.json", ".npmrc", "compile.mjs"])
            {
                File.Copy(Repository.PathOf("conformance/ledger/contracts/" + name), Path.Combine(folder.FullName, name));
            }

            (int installed, _) = await RunAsync("npm", folder.FullName, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            Assert.SkipUnless(installed == 0, "npm did not bring the compiler: no registry is reachable");
            DirectoryInfo output = folder.CreateSubdirectory("output");
            (int compiled, string said) = await RunAsync("node", folder.FullName, "compile.mjs", sources, output.FullName);
            Assert.True(compiled == 0, said);

            string[] artefacts = [.. Directory.GetFiles(sources, "*.json").Select(static path => Path.GetFileName(path)).Order()];
            Assert.Equal(["CheckpointAnchor.json", "HealthRegistry.json"], artefacts);
            Assert.Equal(artefacts, output.GetFiles().Select(static file => file.Name).Order());
            foreach (string artefact in artefacts)
            {
                Assert.Equal(await File.ReadAllTextAsync(Path.Combine(sources, artefact), Cancellation), await File.ReadAllTextAsync(Path.Combine(output.FullName, artefact), Cancellation));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void No_operation_is_newer_than_the_rules_of_paris()
    {
        // PUSH0 (0x5f) came after them. What follows a push is data.
        foreach (string name in (string[])["CheckpointAnchor", "HealthRegistry"])
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf($"src/LedgerAnchor/contracts/{name}.json")));
            Assert.Equal("paris", document.RootElement.GetProperty("settings").GetProperty("evmVersion").GetString());
            byte[] code = Hex.ParseData(document.RootElement.GetProperty("runtimeCode").GetString());
            for (int at = 0; at < code.Length; at += code[at] is >= 0x60 and <= 0x7f ? code[at] - 0x5e : 1)
            {
                Assert.False(code[at] is 0x5f or 0x5c or 0x5d or 0x5e or 0x49 or 0x4a, $"{name} has the operation 0x{code[at]:x2} at {at}");
            }
        }
    }

    [Fact]
    public void Both_contracts_fit_into_the_limit_of_every_chain()
    {
        // EIP-170.
        Assert.InRange(ContractArtefact.CheckpointAnchor.CodeBytes, 1, 24_576);
        Assert.InRange(ContractArtefact.HealthRegistry.CodeBytes, 1, 24_576);
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(string program, string folder, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string[] said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, string.Concat(said));
    }
}
