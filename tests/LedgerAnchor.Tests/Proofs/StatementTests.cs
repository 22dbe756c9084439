using System.Buffers.Binary;
using System.Security.Cryptography;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

/// <summary>The bytes of statements and commitments, which never change: receipts that were given out hold them.</summary>
public sealed class StatementTests
{
    private const string Origin = "hospital.example/ledger";
    private const string OriginHex = "17686f73706974616c2e6578616d706c652f6c6564676572";
    private const string OnesHex = "0101010101010101010101010101010101010101010101010101010101010101";
    private static readonly Hash256 Ones = new(Enumerable.Repeat((byte)1, Hash256.Bytes).ToArray());

    public static TheoryData<Statement, string> Golden { get; } = new()
    {
        {
            new VersionStatement(Origin, 5, 1_700_000_000_000, "Patient", "p-1", 2, VersionOperation.Update, Ones, 3, 4),
            "0156" + OriginHex + "0000000000000005" + "0000018bcfe56800" + "0750617469656e74" + "03702d31" + "0000000000000002" + "55" + OnesHex
                + "0000000000000003" + "0000000000000004"
        },
        {
            new VersionStatement(Origin, 5, 1_700_000_000_000, "Patient", "p-1", 2, VersionOperation.Delete, default, 3, 0),
            "0156" + OriginHex + "0000000000000005" + "0000018bcfe56800" + "0750617469656e74" + "03702d31" + "0000000000000002" + "44" + new string('0', 64)
                + "0000000000000003" + "0000000000000000"
        },
        {
            new AccessStatement(Origin, 9, 1_700_000_000_000, Ones, SequenceSet.Of([1, 8]), 2, new SequenceList(7, 0)),
            "0141" + OriginHex + "0000000000000009" + "0000018bcfe56800" + OnesHex + "00000002" + "0000000000000001" + "0000000000000008"
                + "0000000000000002" + "0002" + "0000000000000007" + "0000000000000000"
        },
        {
            new ErasureStatement(Origin, 9, 1_700_000_000_000, Ones, SequenceSet.Of([3]), 8),
            "0145" + OriginHex + "0000000000000009" + "0000018bcfe56800" + OnesHex + "00000001" + "0000000000000003" + "0000000000000008"
        },
        {
            new EventStatement(Origin, 9, 0, Ones), "014b" + OriginHex + "0000000000000009" + "0000000000000000" + OnesHex
        },
    };

    [Theory]
    [MemberData(nameof(Golden), DisableDiscoveryEnumeration = true)]
    public void A_statement_has_the_bytes_that_it_always_had(Statement statement, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(statement.ToArray()));
        Assert.Equal(statement, Statement.Read(Convert.FromHexString(hex)));
    }

    [Fact]
    public void A_commitment_hashes_a_mark_and_the_salt_and_the_hash_of_the_statement()
    {
        byte[] statement = new EventStatement(Origin, 9, 0, Ones).ToArray();
        byte[] salt = [.. Enumerable.Range(1, Commitment.SaltBytes).Select(i => (byte)i)];
        Hash256 commitment = Commitment.Of(statement, salt);
        Assert.Equal(Hash256.Of([.. "HCL1"u8, .. salt, .. SHA256.HashData(statement)]), commitment);
        Assert.Equal("e11a2f5a9548bd71d884d33da1a425b581df91f56410a81efe72f9e6c766fcd2", commitment.ToString());
        Assert.Throws<ArgumentException>(() => Commitment.Of(statement, new byte[15]));
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100)]
    [InlineData(128)]
    public void Many_accessed_versions_are_committed_to_by_the_root_of_a_tree(int count)
    {
        long[] sequences = [.. Enumerable.Range(1, count).Select(i => i * 3L)];
        SequenceSet accessed = SequenceSet.Of(sequences);
        Assert.Equal((count, 0, RootOf(sequences)), (accessed.Count, accessed.Listed.Count, accessed.Root));
        var statement = new AccessStatement(Origin, 1000, 0, Ones, accessed, 0, SequenceList.Empty);
        Assert.Equal(statement, Statement.Read(statement.ToArray()));
    }

    [Fact]
    public void Accessed_versions_ascend()
    {
        Assert.Throws<ArgumentException>(() => SequenceSet.Of([1, 1]));
        Assert.Throws<ArgumentException>(() => SequenceSet.Of([2, 1]));
        Assert.Throws<ArgumentException>(() => SequenceSet.Of([0]));
    }

    [Theory]
    [InlineData("01", "02", "another format")]
    [InlineData("0156", "0158", "an unknown kind")]
    [InlineData("0750617469656e74", "07506174e9656e74", "a letter that is not ASCII")]
    [InlineData("03702d31", "03702031", "a space in the id")]
    [InlineData("03702d31", "00", "no id")]
    [InlineData("0000000000000005", "0000000000000000", "no sequence number")]
    [InlineData("0000000000000005", "8000000000000005", "a negative sequence number")]
    [InlineData("0000018bcfe56800", "ffffffffffffffff", "an instant before 1970")]
    [InlineData("0000018bcfe56800", "7fffffffffffffff", "an instant beyond the calendar")]
    [InlineData("55" + OnesHex, "58" + OnesHex, "an unknown operation")]
    [InlineData("55" + OnesHex, "44" + OnesHex, "a deletion with content")]
    [InlineData("0000000000000003", "0000000000000005", "a version before it that is itself")]
    [InlineData("0000000000000003", "0000000000000000", "a second version without a first")]
    [InlineData("0000000000000004", "0000000000000006", "an earlier leaf that is later")]
    [InlineData("0000000000000004", "000000000000000400", "a byte too many")]
    [InlineData("0000000000000004", "00000000000000", "a byte too few")]
    public void Other_bytes_are_no_statement(string part, string altered, string why)
    {
        string hex = Convert.ToHexStringLower(new VersionStatement(Origin, 5, 1_700_000_000_000, "Patient", "p-1", 2, VersionOperation.Update, Ones, 3, 4).ToArray());
        int at = hex.LastIndexOf(part, StringComparison.Ordinal);
        at = part.StartsWith("01", StringComparison.Ordinal) ? 0 : at;
        Assert.True(at >= 0, part);
        Assert.True(Statement.Read(Convert.FromHexString(hex[..at] + altered + hex[(at + part.Length)..])) is null, why);
    }

    [Fact]
    public void What_no_statement_may_say_is_not_written()
    {
        Assert.Throws<InvalidOperationException>(() => new EventStatement("a b", 1, 0, Ones).ToArray());
        Assert.Throws<InvalidOperationException>(() => new EventStatement(new string('o', 256), 1, 0, Ones).ToArray());
        Assert.Throws<InvalidOperationException>(() => new EventStatement(Origin, 0, 0, Ones).ToArray());
        Assert.Throws<InvalidOperationException>(() => new ErasureStatement(Origin, 3, 0, Ones, SequenceSet.None, 3).ToArray());
        Assert.Throws<InvalidOperationException>(() => new AccessStatement(Origin, 3, 0, Ones, SequenceSet.Of([3]), 0, SequenceList.Empty).ToArray());
    }

    // The definition of RFC 6962 §2.1, word for word.
    private static Hash256 RootOf(ReadOnlySpan<long> sequences)
    {
        if (sequences.Length == 1)
        {
            byte[] leaf = new byte[9];
            BinaryPrimitives.WriteInt64BigEndian(leaf.AsSpan(1), sequences[0]);
            return Hash256.Of(leaf);
        }

        int left = 1;
        while (left * 2 < sequences.Length)
        {
            left *= 2;
        }

        return Hash256.Of([1, .. RootOf(sequences[..left]).ToArray(), .. RootOf(sequences[left..]).ToArray()]);
    }
}
