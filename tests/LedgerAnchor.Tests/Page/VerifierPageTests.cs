using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Page;
using HealthChain.LedgerAnchor.Tests.Proofs;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Page;

/// <summary>Runs the page's script under Node on receipts that the C# made, and compares its verdicts with those of the C#.</summary>
public sealed class VerifierPageTests
{
    private static readonly SampleLog Log = new(300);
    private static readonly string[] Keys = [Log.Log.Verifier.ToString(), .. Log.Witnesses.Select(witness => witness.Verifier.ToString())];

    [Fact]
    public void The_script_proves_what_the_server_hands_out()
    {
        var receipts = new List<Receipt>();
        foreach (var (index, size) in ((int, int)[])[(0, 1), (0, 2), (1, 2), (2, 3), (6, 7), (63, 64), (64, 65), (131, 257), (299, 300), (3, 300)])
        {
            receipts.Add(Log.Receipt(index, size, index % 4, Math.Min(index + 1, size), size, 300));
        }

        var verdicts = Judge([.. receipts.Select(receipt => Case(receipt.ToBytes(), receipt.Note.Signatures.Count - 1))]);
        foreach (var (receipt, verdict) in receipts.Zip(verdicts))
        {
            Assert.Null((string?)verdict["problem"]);
            Assert.True(new ReceiptVerifier(Log.Policy(0)).TryVerify(receipt, out var proven, out _));
            Assert.Equal(proven.Index.ToString(), (string?)verdict["index"]);
            Assert.Equal(proven.Checkpoint.Log.ToString(), (string?)verdict["log"]);
            Assert.Equal(proven.Checkpoint.Checkpoint.Head.Size.ToString(), (string?)verdict["size"]);
            Assert.Equal(Convert.ToBase64String(proven.Checkpoint.Checkpoint.Head.Root.ToArray()), (string?)verdict["root"]);
            Assert.Equal(proven.Checkpoint.Witnesses.Select(seen => $"{seen.Witness.Name} {seen.Time}"), Texts(verdict, "witnesses"));
            Assert.Equal(proven.Anchors.Select(anchor => $"{anchor.Chain}:{anchor.Contract} {anchor.Head.Size}"), Texts(verdict, "anchors"));
            Assert.Equal(Hash256.Of(receipt.ToBytes()).ToString(), (string?)verdict["receiptHash"]);
            AssertSame(proven.Statement, verdict["statement"]!);
        }
    }

    [Fact]
    public void A_changed_byte_anywhere_gives_the_verdict_that_the_server_code_gives()
    {
        var receipt = Log.Receipt(21, 37, 2, 37, 40).ToBytes();
        var verifier = new ReceiptVerifier(Log.Policy(2));
        var altered = new List<byte[]>();
        for (var i = 0; i < receipt.Length; i++)
        {
            altered.Add([.. receipt]);
            altered[i][i] ^= (byte)(1 << i % 8);
        }

        var verdicts = Judge([.. altered.Select(bytes => Case(bytes, 2))]);
        var refused = 0;
        for (var i = 0; i < altered.Count; i++)
        {
            var isProven = verifier.TryVerify(altered[i], out _, out var problem);
            Assert.True(isProven == (verdicts[i]["problem"] is null), $"byte {i}: {problem} / {verdicts[i]["problem"]}");
            refused += isProven ? 0 : 1;
        }

        Assert.InRange(refused, receipt.Length / 2, receipt.Length - 1);
    }

    [Fact]
    public void Statements_of_other_forms_are_refused_by_both_even_if_a_log_had_them()
    {
        var small = new SampleLog(9);
        var receipts = new List<byte[]>();
        for (var index = 4; index < 8; index++)
        {
            var statement = SampleLog.StatementAt(index).ToArray();
            for (var bit = 0; bit < statement.Length * 8; bit += 3)
            {
                statement[bit / 8] ^= (byte)(1 << bit % 8);
                receipts.Add(small.ReceiptOf(statement, index).ToBytes());
                statement[bit / 8] ^= (byte)(1 << bit % 8);
            }

            receipts.Add(small.ReceiptOf([.. statement, 0], index).ToBytes());
            receipts.Add(small.ReceiptOf(statement[..^1], index).ToBytes());
        }

        var verdicts = Judge([.. receipts.Select(receipt => Case(receipt, 0))]);
        var verifier = new ReceiptVerifier(small.Policy(0));
        var taken = 0;
        for (var i = 0; i < receipts.Count; i++)
        {
            if (verifier.TryVerify(receipts[i], out var proven, out var problem))
            {
                taken++;
                AssertSame(proven.Statement, verdicts[i]["statement"]!);
            }
            else
            {
                Assert.Equal(problem, (string?)verdicts[i]["problem"]);
            }
        }

        // Another content or id is a statement too; most other bits belong to something that is checked.
        Assert.InRange(taken, receipts.Count / 4, receipts.Count * 3 / 4);
    }

    [Fact]
    public void Whole_lines_and_keys_that_are_wrong_are_refused_with_the_same_words()
    {
        var text = Log.Receipt(21, 37, 1, 30).ToString();
        var foreign = new SampleLog(40, seed: 9);
        var cases = new (string Receipt, TrustPolicy Policy, string[] Keys, int Needed)[]
        {
            (text, Log.Policy(2), Keys, 2),
            (text, foreign.Policy(0), [foreign.Log.Verifier.ToString()], 0),
            (text.Replace("index 21", "index 22", StringComparison.Ordinal), Log.Policy(0), Keys, 0),
            (text.Replace("index 21", "index 021", StringComparison.Ordinal), Log.Policy(0), Keys, 0),
            (text.Replace("proof@v1", "proof@v2", StringComparison.Ordinal), Log.Policy(0), Keys, 0),
            (text.Replace("\n", "\r\n", StringComparison.Ordinal), Log.Policy(0), Keys, 0),
            ((Log.Receipt(21, 37) with { Anchors = [Log.Anchor(21, 37)] }).ToString(), Log.Policy(0), Keys, 0),
            ((Log.Receipt(21, 37) with { Anchors = [Log.Anchor(37, 37) with { Head = new(37, default) }] }).ToString(), Log.Policy(0), Keys, 0),
            ((Log.Receipt(21, 37) with { Salt = new byte[16] }).ToString(), Log.Policy(0), Keys, 0),
            ((Log.Receipt(21, 37) with { Salt = new byte[15] }).ToString(), Log.Policy(0), Keys, 0),
            (foreign.Receipt(21, 37).ToString(), Log.Policy(0), Keys, 0),
            ("", Log.Policy(0), Keys, 0),
            (new string('x', Receipt.MaxBytes + 1), Log.Policy(0), Keys, 0),
        };
        var verdicts = Judge([.. cases.Select(one => Case(Encoding.UTF8.GetBytes(one.Receipt), one.Needed, one.Keys))]);
        Assert.Equal("1 of the 2 witnesses that are needed have cosigned", (string?)verdicts[0]["problem"]);
        for (var i = 1; i < cases.Length; i++)
        {
            Assert.False(new ReceiptVerifier(cases[i].Policy).TryVerify(Encoding.UTF8.GetBytes(cases[i].Receipt), out _, out var problem));
            Assert.Equal(problem, (string?)verdicts[i]["problem"]);
        }

        var nonsense = Judge([Case(Encoding.UTF8.GetBytes(text), 0, "nonsense"), Case(Encoding.UTF8.GetBytes(text), 0, Keys[0].Replace("+", "+0", StringComparison.Ordinal)[..^1])]);
        Assert.All(nonsense, verdict => Assert.Equal("the key is not of the form name+keyid+base64", (string?)verdict["problem"]));
    }

    [Fact]
    public void Its_own_signature_check_agrees_with_the_one_of_the_server_code()
    {
        var random = new Random(3);
        var cases = new JsonArray();
        var expected = new List<bool>();
        for (var i = 0; i < 40; i++)
        {
            var seed = new byte[32];
            random.NextBytes(seed);
            var message = new byte[random.Next(200)];
            random.NextBytes(message);
            var key = Curves.Ed25519PublicKey(seed);
            var signature = Curves.SignEd25519(seed, message);
            var target = (i % 4) switch { 1 => signature, 2 => key, 3 when message.Length > 0 => message, _ => null };
            if (target is not null)
            {
                target[random.Next(target.Length)] ^= (byte)(1 << random.Next(8));
            }

            expected.Add(Curves.VerifyEd25519(key, message, signature));
            cases.Add(new JsonObject
            {
                ["signature"] = new JsonObject
                {
                    ["key"] = Convert.ToBase64String(key),
                    ["message"] = Convert.ToBase64String(message),
                    ["bytes"] = Convert.ToBase64String(signature),
                },
            });
        }

        Assert.Contains(true, expected);
        Assert.Contains(false, expected);
        Assert.Equal(expected, Judge(cases).Select(verdict => (bool)verdict["valid"]!));
    }

    [Fact]
    public void The_page_is_one_file_that_may_run_its_own_script_and_reach_nothing()
    {
        var html = Encoding.UTF8.GetString(VerifierPage.Html.Span);
        var start = html.IndexOf("<script type=\"module\">", StringComparison.Ordinal) + "<script type=\"module\">".Length;
        var script = html[start..html.LastIndexOf("</script>", StringComparison.Ordinal)];

        Assert.Contains("export async function verifyReceipt", script, StringComparison.Ordinal);
        Assert.DoesNotContain("/* receipt.mjs */", script, StringComparison.Ordinal);
        Assert.DoesNotContain("://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("fetch(", html, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", html, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script))), VerifierPage.ContentSecurityPolicy, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", VerifierPage.ContentSecurityPolicy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_tells_what_a_receipt_proves_and_why_another_proves_nothing()
    {
        var html = Encoding.UTF8.GetString(VerifierPage.Html.Span);
        var receipt = Log.Receipt(21, 37, 1, 40);
        var verdicts = JsonNode.Parse(RunNode(
            new JsonObject
            {
                ["html"] = html,
                ["clicks"] = new JsonArray(
                    Click(receipt, 1, [5, 1]), Click(receipt, 1, [21, 1]), Click(receipt, 2, []), Click(receipt with { Index = 20 }, 0, [])),
            }.ToJsonString(),
            Repository.PathOf("tests/LedgerAnchor.Tests/Page/click-verify.mjs")))!.AsArray();

        Assert.Equal("Not proven|Why|The receipt is good but speaks of other content than that file.", (string?)verdicts[0]);
        Assert.Equal(
            "Proven|The log|clinic.example/ledger, at index 21 of 37|says|Observation/o21, version 2, updated at 2025-10-09T08:53:20.021Z"
            + $"|of content|SHA-256 {Hash256.Of([21, 1])}, which is the file's|signed by|{Keys[0]}|seen by|witness1.example at 2025-10-09T08:55:00.000Z"
            + $"|said to be anchored on|eip155:31337, contract {receipt.Anchors[0].Contract}, transaction {receipt.Anchors[0].Transaction}, block 40: size 40. "
            + "A look at the chain shows whether it stands there.",
            (string?)verdicts[1]);
        Assert.Equal("Not proven|Why|1 of the 2 witnesses that are needed have cosigned.", (string?)verdicts[2]);
        Assert.Equal("Not proven|Why|the log of size 37 does not have this statement at index 20.", (string?)verdicts[3]);
    }

    private static JsonObject Click(Receipt receipt, int needed, byte[] content) => new()
    {
        ["receipt"] = receipt.ToString(),
        ["keys"] = string.Join('\n', Keys),
        ["needed"] = needed,
        ["content"] = content.Length == 0 ? null : Convert.ToBase64String(content),
    };

    private static void AssertSame(Statement statement, JsonNode verdict)
    {
        Assert.Equal(
            (((char)statement.Kind).ToString(), statement.Origin, statement.Sequence.ToString(), statement.Instant.ToString()),
            ((string?)verdict["kind"], (string?)verdict["origin"], (string?)verdict["sequence"], (string?)verdict["instant"]));
        switch (statement)
        {
            case VersionStatement version:
                Assert.Equal(
                    (version.ResourceType, version.Id, version.Version.ToString(), ((char)version.Operation).ToString(), version.Content.ToString()),
                    ((string?)verdict["type"], (string?)verdict["id"], (string?)verdict["version"], (string?)verdict["operation"], (string?)verdict["content"]));
                Assert.Equal(version.PreviousOfResource.ToString(), (string?)verdict["previousOfResource"]);
                Assert.Equal(version.PreviousOfPatient.ToString(), (string?)verdict["previousOfPatient"]);
                break;
            case AccessStatement access:
                Assert.Equal((access.Body.ToString(), access.Consent.ToString()), ((string?)verdict["content"], (string?)verdict["consent"]));
                Assert.Equal(access.Accessed.Listed.Select(sequence => sequence.ToString()), Texts(verdict["accessed"]!, "listed"));
                Assert.Equal(access.PreviousOfPatients.Select(sequence => sequence.ToString()), Texts(verdict, "previousOfPatients"));
                break;
            case ErasureStatement erasure:
                Assert.Equal(erasure.Body.ToString(), (string?)verdict["content"]);
                Assert.Equal(erasure.Erased.Listed.Select(sequence => sequence.ToString()), Texts(verdict["erased"]!, "listed"));
                break;
        }
    }

    private static IEnumerable<string> Texts(JsonNode verdict, string name) => verdict[name]!.AsArray().Select(item => (string)item!);

    private static JsonObject Case(byte[] receipt, int needed, params string[] keys) => new JsonObject
    {
        ["receipt"] = Convert.ToBase64String(receipt),
        ["keys"] = new JsonArray([.. (keys.Length == 0 ? Keys : keys).Select(key => JsonValue.Create(key))]),
        ["needed"] = needed,
    };

    private static JsonNode[] Judge(JsonArray cases)
    {
        var verdicts = RunNode(
            JsonSerializer.Serialize(cases),
            Repository.PathOf("tests/LedgerAnchor.Tests/Page/verify-receipts.mjs"),
            Repository.PathOf("src/LedgerAnchor/Page/receipt.mjs"));
        return [.. JsonNode.Parse(verdicts)!.AsArray().Select(verdict => verdict!)];
    }

    private static string RunNode(string input, params string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("node", arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("There is no Node to run the page's script.");
            throw;
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), "The script did not end.");
            Assert.Equal(0, process.ExitCode);
            return output.GetAwaiter().GetResult();
        }
    }
}
