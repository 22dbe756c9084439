using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.TestKit;

namespace HealthChain.EthersDifferential;

/// <summary>The program oracle.mjs, which answers questions with what npm's ethers computes.</summary>
public sealed class Oracle : IDisposable
{
    private readonly Process _node;

    private Oracle(Process node) => _node = node;

    private static string Folder { get; } = Repository.PathOf("conformance/ledger/ethers");

    /// <summary>Installs the packages of package-lock.json where that was not done yet, and starts the program.</summary>
    /// <returns>Null when Node.js or its packages are not to be had.</returns>
    public static Oracle? TryStart()
    {
        try
        {
            return IsInstalled() || Install() ? new Oracle(Start("node", "oracle.mjs")) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return null;
        }
    }

    public JsonElement Ask(JsonObject question)
    {
        _node.StandardInput.WriteLine(question.ToJsonString());
        _node.StandardInput.Flush();
        using var answer = JsonDocument.Parse(_node.StandardOutput.ReadLine() ?? throw new EndOfStreamException("The oracle has ended."));
        return answer.RootElement.Clone();
    }

    public void Dispose()
    {
        _node.StandardInput.Close();
        _node.WaitForExit();
        _node.Dispose();
    }

    // npm writes what it has installed to a file of its own; package-lock.json is newer after a change of versions.
    private static bool IsInstalled()
    {
        string installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        return File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json"));
    }

    private static bool Install()
    {
        using Process npm = Start("npm", "ci --no-audit --no-fund --ignore-scripts");
        npm.StandardInput.Close();
        npm.StandardOutput.ReadToEnd();
        npm.WaitForExit();
        return npm.ExitCode == 0;
    }

    private static Process Start(string program, string arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = Folder,
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
}
