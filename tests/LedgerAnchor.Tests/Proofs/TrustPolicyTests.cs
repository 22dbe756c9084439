using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class TrustPolicyTests
{
    private static readonly SampleLog Log = new(3);
    private static readonly string LogKey = Log.Log.Verifier.ToString();
    private static readonly string[] Keys = [.. Log.Witnesses.Select(witness => witness.Verifier.ToString())];

    [Theory]
    [InlineData("quorum none", 0)]
    [InlineData("quorum a", 1)]
    [InlineData("quorum b", 2)]
    [InlineData("group g any b c\nquorum g", 2)]
    [InlineData("group g 2 a b c\nquorum g", 2)]
    [InlineData("group g all a b c\nquorum g", 3)]
    [InlineData("group g any b c\ngroup h all a g\nquorum h", 2)]
    [InlineData("group g all b c\ngroup h 1 a g\nquorum h", 1)]
    public void A_quorum_is_reached_with_just_so_many(string rule, int needed)
    {
        var policy = Read($"# who\n\nlog {LogKey} https://clinic.example/ledger\n  witness\ta {Keys[0]}\nwitness b {Keys[1]} https://b.example/\nwitness c {Keys[2]}\n{rule}\n");

        for (var cosigned = 0; cosigned <= 3; cosigned++)
        {
            Assert.Equal(cosigned >= needed, policy.TryTrust(Log.Note(3, cosigned), out _, out _));
        }
    }

    [Fact]
    public void K_of_n_is_written_as_the_text_that_reads_the_same()
    {
        var policy = Read(Log.Policy(2).ToString());

        Assert.Equal([Log.Log.Verifier], policy.Logs);
        Assert.Equal(Log.Witnesses.Select(witness => witness.Verifier), policy.Witnesses);
        Assert.False(policy.TryTrust(Log.Note(3, 1), out _, out _));
        Assert.True(policy.TryTrust(Log.Note(3, 2), out var trusted, out _));
        Assert.Equal(2, trusted.Witnesses.Count);
        Assert.Throws<ArgumentException>(() => Log.Policy(4));
    }

    [Fact]
    public void A_wrong_signature_of_somebody_known_spoils_the_note_even_beyond_the_quorum()
    {
        var note = Log.Note(3, 2).With(new NoteSignature(Log.Witnesses[2].Verifier.Name, Log.Witnesses[2].Verifier.KeyId, new byte[72]));

        Assert.False(Log.Policy(1).TryTrust(note, out _, out var problem));
        Assert.Equal("the signature of the witness witness3.example is wrong", problem);
    }

    [Fact]
    public void A_key_that_replaced_another_is_trusted_beside_it()
    {
        var newer = new NoteSigner(SampleLog.Origin, Hash256.Of("new"u8).ToArray());
        var policy = TrustPolicy.Of([newer.Verifier, Log.Log.Verifier], [], 0);

        Assert.True(policy.TryTrust(Log.Note(3), out var trusted, out _));
        Assert.Equal(Log.Log.Verifier, trusted.Log);
    }

    [Theory]
    [InlineData("", "the policy has no quorum line")]
    [InlineData("quorum x", "line 1 of the policy: x is not defined above")]
    [InlineData("quorum none\nquorum none", "line 2 of the policy: a second quorum")]
    [InlineData("log WITNESS", "line 1 of the policy: a key of type 4 where one of type 1 belongs")]
    [InlineData("witness a LOG", "line 1 of the policy: a key of type 1 where one of type 4 belongs")]
    [InlineData("log x", "line 1 of the policy: the key is not of the form name+keyid+base64")]
    [InlineData("log LOG\nlog LOG", "line 2 of the policy: a key that is there already")]
    [InlineData("witness none WITNESS", "line 1 of the policy: the name none is taken")]
    [InlineData("witness a WITNESS\ngroup a 1 a", "line 2 of the policy: the name a is taken")]
    [InlineData("witness a WITNESS\ngroup g 2 a", "line 2 of the policy: a group needs one of its members at least, and has no more than it has")]
    [InlineData("witness a WITNESS\ngroup g 0 a", "line 2 of the policy: a group needs one of its members at least, and has no more than it has")]
    [InlineData("witness a WITNESS\ngroup g 1 a a", "line 2 of the policy: a is a member of a group already")]
    [InlineData("group g any b", "line 1 of the policy: b is not defined above")]
    [InlineData("trust everybody", "line 1 of the policy: neither log, witness, group nor quorum")]
    [InlineData("quorum\rnone", "line 1 of the policy: a control character")]
    public void What_is_no_policy_is_refused_with_its_line(string text, string expected)
    {
        text = text.Replace("LOG", LogKey, StringComparison.Ordinal).Replace("WITNESS", Keys[0], StringComparison.Ordinal);

        Assert.False(TrustPolicy.TryRead(text, out _, out var problem));
        Assert.Equal(expected, problem);
    }

    private static TrustPolicy Read(string text) =>
        TrustPolicy.TryRead(text, out var policy, out var problem) ? policy : throw new InvalidOperationException(problem);
}
