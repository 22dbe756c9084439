using System.Text;
using HealthChain.FhirServer.Cli;

namespace HealthChain.FhirServer.Tests;

/// <summary>A folder of input files and the commands that are run on them, in process.</summary>
public sealed class CommandRun : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("healthchain").FullName;

    public string Output { get; private set; } = "";

    public string Errors { get; private set; } = "";

    /// <summary>Writes an input file and gives its path.</summary>
    public string File(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        System.IO.File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    /// <summary>Runs a verb and gives its exit code.</summary>
    public int Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var errors = new StringWriter();
        var exitCode = CommandLine.RunAsync(arguments, output, errors).GetAwaiter().GetResult();
        Output = Encoding.UTF8.GetString(output.ToArray());
        Errors = errors.ToString();
        return exitCode ?? throw new InvalidOperationException("The command line asks for the server to be started.");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
