using System.Diagnostics;
using System.Text;
using HealthChain.LedgerProofs;
using HealthChain.LedgerVerifier;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class VerifyCommandTests : IDisposable
{
    private static readonly SampleLog Log = new(20);
    private static readonly string Key = Log.Log.Verifier.ToString();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-verify-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_good_receipt_is_told_in_words()
    {
        var (code, output) = Run(Save("r.tlog-proof", Log.Receipt(5, 11, 2, 11).ToBytes()), "--policy", Save("policy", Encoding.UTF8.GetBytes(Log.Policy(2).ToString())));

        Assert.Equal(VerifyCommand.Proven, code);
        Assert.Equal(
            [
                "PROVEN",
                "The log clinic.example/ledger has at index 5, in its checkpoint of size 11:",
                "  Observation/o5, version 2: updated at 2025-10-09T08:53:20.005Z",
                $"  content SHA-256 {Hash256.Of([5, 1])}",
                "  the one before it of the resource is at index 4; the one before it of the patient is at index 4",
                $"Signed by {Key}",
                "Seen by witness1.example at 2025-10-09T08:55:00.000Z",
                "Seen by witness2.example at 2025-10-09T08:55:01.000Z",
                $"Said to be anchored on eip155:31337, contract 0x5FbDB2315678afecb367f032d93F642f64180aa3: size 11, root 0x{Log.Head(11).Root}",
                $"  in transaction 0x{Hash256.Of([11, 9])}, block 11 (0x{Hash256.Of([11, 10])}). A look at the chain shows whether it stands there.",
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData(4, "  Patient/p4, version 1: created at 2025-10-09T08:53:20.004Z")]
    [InlineData(6, "  an access to 2 versions at 2025-10-09T08:53:20.006Z")]
    [InlineData(7, "  the erasure of 1 versions and records at 2025-10-09T08:53:20.007Z")]
    public void Every_kind_of_statement_has_its_words(int index, string expected)
    {
        var (code, output) = Run(Save("r", Log.Receipt(index, 11).ToBytes()), "--key", Key);

        Assert.Equal(VerifyCommand.Proven, code);
        Assert.Contains(expected, output.Split('\n'));
        Assert.Contains("No witness that is trusted has cosigned the checkpoint: the log may show others another one.", output.Split('\n'));
    }

    [Fact]
    public void Content_is_compared_with_what_the_statement_names()
    {
        var receipt = Save("r", Log.Receipt(5, 11).ToBytes());
        var access = Save("a", Log.Receipt(6, 11).ToBytes());

        Assert.Equal(VerifyCommand.Proven, Run(receipt, "--key", Key, "--content", Save("content", [5, 1])).Code);
        Assert.Equal(
            (VerifyCommand.NotProven, "NOT PROVEN: the receipt is good but speaks of other content.\n"),
            Run(receipt, "--key", Key, "--content", Save("other", [5, 2])));
        Assert.Equal(VerifyCommand.Proven, Run(access, "--key", Key, "--content", Save("record", "who and why"u8.ToArray())).Code);
    }

    [Fact]
    public void A_tampered_receipt_is_not_proven()
    {
        var text = Log.Receipt(5, 11).ToString().Replace("index 5", "index 4", StringComparison.Ordinal);

        Assert.Equal(
            (VerifyCommand.NotProven, "NOT PROVEN: the log of size 11 does not have this statement at index 4.\n"),
            Run(Save("r", Encoding.UTF8.GetBytes(text)), "--key", Key));
    }

    [Fact]
    public void Without_a_receipt_or_whom_to_trust_nothing_is_verified()
    {
        var receipt = Save("r", Log.Receipt(5, 11).ToBytes());
        var policy = Save("policy", "quorum everybody"u8.ToArray());
        foreach (string[] arguments in (string[][])
        [
            [], [receipt], ["--key", Key], [receipt, "--key"], [receipt, receipt, "--key", Key], [receipt, "--other", "x", "--key", Key],
            [receipt, "--key", Key, "--policy", policy], [receipt, "--policy", policy], [receipt, "--key", "nonsense"],
            [receipt, "--key", Log.Witnesses[0].Verifier.ToString()], [Path.Combine(_folder.FullName, "absent"), "--key", Key],
            [Save("huge", new byte[Receipt.MaxBytes + 1]), "--key", Key], [receipt, "--key", Key, "--content", Path.Combine(_folder.FullName, "absent")],
        ])
        {
            Assert.Equal((VerifyCommand.NotTried, ""), Run(arguments));
        }
    }

    [Fact]
    public void The_executable_stands_alone()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "healthchain-verify.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, Save("r", Log.Receipt(5, 11).ToBytes()), "--key", Key])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "The verifier did not end.");

        Assert.Equal(VerifyCommand.Proven, process.ExitCode);
        Assert.StartsWith("PROVEN", output, StringComparison.Ordinal);
    }

    private string Save(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter();
        var code = VerifyCommand.Run(arguments, output, errors);
        Assert.Equal(code == VerifyCommand.NotTried, errors.ToString().Length > 0);
        return (code, output.ToString());
    }
}
