using System.Diagnostics;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

/// <summary>The build step as the build calls it.</summary>
public sealed class CompilerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fhir-compiler-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_same_packages_give_the_same_bytes_as_those_embedded()
    {
        (int exitCode, string errors) = Run(Repository.PathOf("src/Fhir.Compiler/npm.lock.json"), Repository.PathOf("artifacts/npm"), _folder);

        Assert.True(exitCode == 0, errors);
        foreach (string name in new[] { "definitions.r4.bin", "definitions.terminology.bin", "schema.bin", "ucum.bin" })
        {
            using Stream embedded = typeof(FhirError).Assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[embedded.Length];
            embedded.ReadExactly(bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(_folder, name))), name);
        }
    }

    [Fact]
    public void An_archive_that_is_not_the_one_of_the_lock_is_refused_and_removed()
    {
        string archive = Path.Combine(_folder, "scope-name-1.0.0.tgz");
        string lockFile = Path.Combine(_folder, "npm.lock.json");
        File.WriteAllText(archive, "something else");
        File.WriteAllText(lockFile, """{"@scope/name":{"version":"1.0.0","integrity":"sha512-abc"}}""");

        (int exitCode, string errors) = Run(lockFile, _folder, Path.Combine(_folder, "out"));

        Assert.Equal(1, exitCode);
        Assert.Contains("error HC0001: @scope/name 1.0.0 is not the package of the lock file: expected sha512-abc, got sha512-", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(archive));
    }

    // The compiler that stands beside these tests was built with them, in the same configuration.
    private static (int ExitCode, string Errors) Run(params string[] arguments)
    {
        string configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string compiler = Repository.PathOf($"artifacts/bin/HealthChain.Fhir.Compiler/{configuration}/HealthChain.Fhir.Compiler.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [compiler, .. arguments]) { RedirectStandardError = true, UseShellExecute = false })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
