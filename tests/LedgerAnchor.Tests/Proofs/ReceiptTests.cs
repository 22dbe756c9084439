using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class ReceiptTests
{
    private static readonly SampleLog Log = new(40);

    [Fact]
    public void A_receipt_proves_its_statement_its_checkpoint_who_saw_it_and_where_it_is_anchored()
    {
        var receipt = Log.Receipt(21, 37, cosignatures: 2, 22, 37, 40);

        var proven = Proven(receipt.ToBytes(), Log.Policy(2));

        Assert.Equal(SampleLog.StatementAt(21), proven.Statement);
        Assert.Equal(21, proven.Index);
        Assert.Equal(Commitment.Of(SampleLog.StatementAt(21).ToArray(), SampleLog.SaltAt(21)), proven.Entry);
        Assert.Equal(new Checkpoint(SampleLog.Origin, Log.Head(37)), proven.Checkpoint.Checkpoint);
        Assert.Equal(Log.Log.Verifier, proven.Checkpoint.Log);
        Assert.Equal(
            [(Log.Witnesses[0].Verifier, 1_760_000_100L), (Log.Witnesses[1].Verifier, 1_760_000_101L)],
            proven.Checkpoint.Witnesses.Select(seen => (seen.Witness, seen.Time)));
        Assert.Equal([22, 37, 40], proven.Anchors.Select(anchor => anchor.Head.Size));
    }

    [Fact]
    public void Every_leaf_of_every_size_has_a_receipt_that_comes_back_from_its_text()
    {
        for (var size = 1; size <= 40; size += 3)
        {
            for (var index = 0; index < size; index++)
            {
                var bytes = Log.Receipt(index, size).ToBytes();
                Assert.Equal(SampleLog.StatementAt(index), Proven(bytes, Log.Policy(0)).Statement);
                Assert.True(Receipt.TryRead(bytes, out var read, out _));
                Assert.Equal(bytes, read.ToBytes());
            }
        }
    }

    [Fact]
    public void A_changed_byte_anywhere_refuses_the_receipt_or_changes_nothing_that_is_proven()
    {
        var bytes = Log.Receipt(21, 37, cosignatures: 2, 22, 40).ToBytes();
        var verifier = new ReceiptVerifier(Log.Policy(2));
        var harmless = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= (byte)(1 << i % 8);
            if (verifier.TryVerify(bytes, out var proven, out var problem))
            {
                harmless++;
                Assert.Equal(SampleLog.StatementAt(21), proven.Statement);
                Assert.Equal(Log.Head(37), proven.Checkpoint.Checkpoint.Head);
                Assert.Equal(2, proven.Checkpoint.Witnesses.Count);
                Assert.All(proven.Anchors, anchor => Assert.Equal(Log.Head(anchor.Head.Size), anchor.Head));
            }
            else
            {
                Assert.NotEmpty(problem);
            }

            bytes[i] ^= (byte)(1 << i % 8);
        }

        // The names of chain, contract, transaction and block stand beside the proof, and nothing but the chain confirms them.
        Assert.InRange(harmless, 1, bytes.Length / 2);
    }

    [Fact]
    public void Random_edits_prove_nothing_else() => Check.One(
        RandomCases.Of(500), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var random = new Random(seed);
        var index = random.Next(37);
        var text = Log.Receipt(index, 37, 1, 40).ToString();
        var lines = text.Split('\n').ToList();
        var (a, b) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(4))
        {
            case 0:
                (lines[a], lines[b]) = (lines[b], lines[a]);
                break;
            case 1:
                lines.Insert(a, lines[b]);
                break;
            case 2:
                lines.RemoveAt(a);
                break;
            default:
                // A line of another receipt of the same log.
                var other = Log.Receipt(random.Next(37), random.Next(37, 41), 1, 40).ToString().Split('\n');
                lines[a] = other[Math.Min(a, other.Length - 1)];
                break;
        }

        if (new ReceiptVerifier(Log.Policy(1)).TryVerify(Encoding.UTF8.GetBytes(string.Join('\n', lines)), out var proven, out _))
        {
            Assert.Equal(proven.Statement, SampleLog.StatementAt((int)proven.Index));
            Assert.Equal(proven.Checkpoint.Checkpoint.Head, Log.Head(proven.Checkpoint.Checkpoint.Head.Size));
        }
    }));

    [Theory]
    [InlineData(21, 21, "the log of size 37 does not have this statement at index 21")]
    [InlineData(5, 21, "the log of size 37 does not have this statement at index 5")]
    public void Another_salt_or_index_opens_nothing(int index, int statement, string expected)
    {
        var receipt = Log.Receipt(21, 37) with { Index = index };
        receipt = index == statement ? receipt with { Salt = SampleLog.SaltAt(22) } : receipt;

        Assert.Equal(expected, Problem(receipt.ToBytes(), Log.Policy(0)));
    }

    [Fact]
    public void Fewer_witnesses_than_the_quorum_and_logs_that_nobody_trusts_prove_nothing()
    {
        var receipt = Log.Receipt(3, 9, cosignatures: 1).ToBytes();

        Assert.Equal("the 1 of 3 witnesses that cosigned are not the quorum", Problem(receipt, Log.Policy(2)));
        Assert.Equal("no trusted key of the log clinic.example/ledger has signed the checkpoint", Problem(receipt, new SampleLog(1, seed: 50).Policy(0)));
    }

    [Fact]
    public void A_statement_that_names_another_place_or_log_proves_nothing()
    {
        var elsewhere = new VersionStatement("other.example", 1, 5, "Patient", "p", 1, VersionOperation.Create, Hash256.Of([]), 0, 0);
        var later = new VersionStatement(SampleLog.Origin, 2, 5, "Patient", "p", 1, VersionOperation.Create, Hash256.Of([]), 0, 0);

        Assert.Equal("the statement names another log or another place in it", Problem(OnlyEntry(elsewhere.ToArray()), Log.Policy(0)));
        Assert.Equal("the statement names another log or another place in it", Problem(OnlyEntry(later.ToArray()), Log.Policy(0)));
        Assert.Equal("the statement is of no form that is known", Problem(OnlyEntry([1, 2, 3]), Log.Policy(0)));
    }

    [Fact]
    public void An_anchor_before_the_entry_or_of_another_log_spoils_the_receipt()
    {
        var receipt = Log.Receipt(21, 37);
        var early = receipt with { Anchors = [Log.Anchor(37, 37), Log.Anchor(21, 37)] };
        var foreign = receipt with { Anchors = [Log.Anchor(30, 37) with { Head = new(30, Hash256.Of([1])) }] };
        var fork = receipt with { Anchors = [Log.Anchor(37, 37) with { Head = new(37, Hash256.Of([1])) }] };

        Assert.Equal("anchor 2 was made before the entry", Problem(early.ToBytes(), Log.Policy(0)));
        Assert.Equal("anchor 1 is of a head that the checkpoint contradicts", Problem(foreign.ToBytes(), Log.Policy(0)));
        Assert.Equal("anchor 1 is of a head that the checkpoint contradicts", Problem(fork.ToBytes(), Log.Policy(0)));
    }

    [Theory]
    [InlineData("{}", "the extra line has no statement and salt in base64")]
    [InlineData("[]", "the extra line has no statement and salt in base64")]
    [InlineData("7", "the extra line has no statement and salt in base64")]
    [InlineData("{", "the extra line is not base64 of JSON")]
    [InlineData("{\"statement\":\"AQ==\",\"statement\":\"AQ==\",\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}", "the extra line is not base64 of JSON")]
    [InlineData("{\"statement\":\"\\ud800\",\"salt\":\"AAAA\"}", "the extra line is not base64 of JSON")]
    [InlineData("{\"statement\":\"AQ==\",\"salt\":\"AAAA\"}", "the salt has 3 bytes, not 16")]
    [InlineData("{\"statement\":\"AQ==\",\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"anchors\":{}}", "the anchors are no array")]
    [InlineData("{\"statement\":\"AQ==\",\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"anchors\":[1]}", "anchor 1 is none")]
    public void An_extra_line_that_says_nothing_is_named(string extra, string expected)
    {
        var receipt = Log.Receipt(0, 1);
        var bytes = new TlogProof(0, receipt.Proof, receipt.Note, Encoding.UTF8.GetBytes(extra)).ToBytes();

        Assert.Equal(expected, Problem(bytes, Log.Policy(0)));
    }

    [Fact]
    public void Properties_that_come_later_are_passed_over_and_deep_ones_refused()
    {
        var receipt = Log.Receipt(0, 1);
        var known = $"\"statement\":\"{Convert.ToBase64String(receipt.Statement.Span)}\",\"salt\":\"{Convert.ToBase64String(receipt.Salt.Span)}\"";
        string Text(string more) => new TlogProof(0, receipt.Proof, receipt.Note, Encoding.UTF8.GetBytes($"{{{known}{more}}}")).ToString();

        Assert.Equal(0, Proven(Encoding.UTF8.GetBytes(Text(",\"later\":[{}]")), Log.Policy(0)).Index);
        Assert.Equal(
            "the extra line is not base64 of JSON",
            Problem(Encoding.UTF8.GetBytes(Text(",\"later\":" + new string('[', 9) + new string(']', 9))), Log.Policy(0)));
    }

    [Fact]
    public void What_is_no_proof_is_refused_with_a_reason()
    {
        var text = Log.Receipt(5, 9).ToString();
        foreach (var (altered, expected) in new (string, string)[]
        {
            ("", "the proof is not of lines of ASCII, an empty line, and a checkpoint"),
            (text.Replace("proof@v1", "proof@v2", StringComparison.Ordinal), "the first line is not c2sp.org/tlog-proof@v1"),
            (text.Replace("extra ", "extra  ", StringComparison.Ordinal), "the extra line is not base64"),
            (text.Replace("extra ", "other ", StringComparison.Ordinal), "there is no line with the index where it belongs"),
            (text.Replace("index 5", "index 05", StringComparison.Ordinal), "there is no line with the index where it belongs"),
            (text.Replace("index 5\n", "index 5\nmore\n", StringComparison.Ordinal), "a line of the proof is no hash of 32 bytes"),
            (text.Replace("index 5\n", "index 5\n" + string.Concat(Enumerable.Repeat(Convert.ToBase64String(new byte[32]) + "\n", 64)), StringComparison.Ordinal), "the proof has more hashes than any"),
            (text.Replace("\n", "\r\n", StringComparison.Ordinal), "the proof is not of lines of ASCII, an empty line, and a checkpoint"),
            (text[..^1], "the note is not a text, an empty line, and signature lines"),
            (new string('x', Receipt.MaxBytes + 1), $"the proof is longer than {Receipt.MaxBytes} bytes"),
        })
        {
            Assert.Equal(expected, Problem(Encoding.UTF8.GetBytes(altered), Log.Policy(0)));
        }

        var bare = Log.Receipt(5, 9);
        Assert.Equal(
            "the receipt does not open its entry: it has no extra line",
            Problem(new TlogProof(5, bare.Proof, bare.Note, ReadOnlyMemory<byte>.Empty).ToBytes(), Log.Policy(0)));
    }

    [Fact]
    public void The_extra_line_has_the_properties_that_strangers_read()
    {
        Assert.True(TlogProof.TryRead(Log.Receipt(5, 9, 0, 12).ToBytes(), out var proof, out _));
        using var json = JsonDocument.Parse(proof.Extra);
        var anchor = json.RootElement.GetProperty("anchors")[0];

        Assert.Equal(SampleLog.StatementAt(5).ToArray(), json.RootElement.GetProperty("statement").GetBytesFromBase64());
        Assert.Equal(SampleLog.SaltAt(5), json.RootElement.GetProperty("salt").GetBytesFromBase64());
        Assert.Equal(
            ["chain", "contract", "transaction", "blockNumber", "blockHash", "size", "root", "consistency"],
            anchor.EnumerateObject().Select(property => property.Name));
        Assert.True(proof.Includes(Commitment.Of(SampleLog.StatementAt(5).ToArray(), SampleLog.SaltAt(5)).ToArray(), Log.Head(9)));
    }

    /// <summary>A log of one entry that says whatever it likes.</summary>
    private static byte[] OnlyEntry(byte[] statement)
    {
        var salt = SampleLog.SaltAt(0);
        var root = MerkleProof.LeafHash(Commitment.Of(statement, salt).ToArray());
        var note = new Checkpoint(SampleLog.Origin, new TreeHead(1, root)).Sign(Log.Log);
        return new Receipt(0, [], note, statement, salt, []).ToBytes();
    }

    private static ProvenReceipt Proven(byte[] receipt, TrustPolicy policy) =>
        new ReceiptVerifier(policy).TryVerify(receipt, out var proven, out var problem) ? proven : throw new InvalidOperationException(problem);

    private static string Problem(byte[] receipt, TrustPolicy policy)
    {
        Assert.False(new ReceiptVerifier(policy).TryVerify(receipt, out _, out var problem));
        return problem;
    }
}
