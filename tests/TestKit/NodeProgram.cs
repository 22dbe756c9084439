using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HealthChain.TestKit;

/// <summary>A script for Node.js that answers questions, a line of JSON each, with what packages of npm do.</summary>
public sealed class NodeProgram : IDisposable
{
    private readonly Process _node;

    private NodeProgram(Process node) => _node = node;

    /// <summary>Installs the packages of package-lock.json where that was not done yet, and starts the script.</summary>
    /// <param name="folder">Folder in the repository that holds the script and its packages.</param>
    /// <returns>Null when Node.js or its packages are not to be had.</returns>
    public static NodeProgram? TryStart(string folder, string script)
    {
        string path = Repository.PathOf(folder);
        try
        {
            return IsInstalled(path) || InstallAlone(path) ? new NodeProgram(Start(path, "node", script)) : null;
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
        using var answer = JsonDocument.Parse(_node.StandardOutput.ReadLine() ?? throw new EndOfStreamException("The script has ended."));
        return answer.RootElement.Clone();
    }

    public void Dispose()
    {
        _node.StandardInput.Close();
        _node.WaitForExit();
        _node.Dispose();
    }

    // npm writes what it has installed to a file of its own; package-lock.json is newer after a change of versions.
    private static bool IsInstalled(string folder)
    {
        string installed = Path.Combine(folder, "node_modules", ".package-lock.json");
        return File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json"));
    }

    /// <summary>Several tests need the same packages, also those of other processes: the first installs them, the others wait.</summary>
    private static bool InstallAlone(string folder)
    {
        using var turn = new Mutex(initiallyOwned: false, "healthchain-npm-" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(folder)), 0, 8));
        try
        {
            turn.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Whoever had it was killed; now it is ours.
        }

        try
        {
            return IsInstalled(folder) || Install(folder);
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }

    private static bool Install(string folder)
    {
        using Process npm = Start(folder, "npm", "ci --no-audit --no-fund --ignore-scripts");
        npm.StandardInput.Close();
        npm.StandardOutput.ReadToEnd();
        npm.WaitForExit();
        return npm.ExitCode == 0;
    }

    private static Process Start(string folder, string program, string arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = folder,
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
}
