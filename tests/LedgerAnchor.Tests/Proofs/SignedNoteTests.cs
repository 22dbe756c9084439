using System.Text;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class SignedNoteTests
{
    private static readonly byte[] Seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly NoteSigner Log = new("clinic.example/ledger", Seed);
    private static readonly Cosigner Witness = new("other.example/witness", [.. Seed.Reverse()]);
    private static readonly Checkpoint Head = new("clinic.example/ledger", new(7, Hash256.Of("seven"u8)));

    [Fact]
    public void The_example_of_the_specification_verifies()
    {
        const string Note = "This is an example message.\n\n"
            + "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        var key = Key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
        var note = Read(Note);

        Assert.Equal("This is an example message.\n", note.Text);
        Assert.Equal(SignatureState.Valid, key.Check(note).State);
        Assert.Equal(Note, note.ToString());
        Assert.Equal("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", key.ToString());
    }

    [Fact]
    public void A_checkpoint_is_signed_the_same_way_each_time_and_opens_again()
    {
        var bytes = Head.Sign(Log).ToBytes();

        Assert.Equal(bytes, Head.Sign(Log).ToBytes());
        Assert.True(Checkpoint.TryOpen(bytes, Log.Verifier, out _, out var checkpoint, out _));
        Assert.Equal(Head, checkpoint);
    }

    [Fact]
    public void A_cosignature_tells_its_time_and_leaves_the_logs_signature_as_it_is()
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var note = Read(Head.Sign(Log).With(Witness.Sign(Head.Text, time)).ToString());

        Assert.True(Log.Verifier.Check(note).IsValid);
        Assert.Equal(new SignatureCheck(SignatureState.Valid, 1_700_000_000), Witness.Verifier.Check(note));
        Assert.Equal(note.ToString(), note.With(Witness.Sign(Head.Text, time)).ToString());
    }

    [Fact]
    public void Of_several_times_of_a_witness_the_latest_counts_and_one_false_line_spoils_all()
    {
        var note = Head.Sign(Log)
            .With(Witness.Sign(Head.Text, DateTimeOffset.FromUnixTimeSeconds(30)))
            .With(Witness.Sign(Head.Text, DateTimeOffset.FromUnixTimeSeconds(20)));
        var spoilt = note.With(Witness.Sign(Head.Text + "!\n", DateTimeOffset.FromUnixTimeSeconds(40)));

        Assert.Equal(30, Witness.Verifier.Check(note).Time);
        Assert.Equal(SignatureState.Invalid, Witness.Verifier.Check(spoilt).State);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_seen()
    {
        var bytes = Head.Sign(Log).ToBytes();
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(Checkpoint.TryOpen(bytes, Log.Verifier, out _, out _, out var problem), $"bit {bit}");
            Assert.NotEmpty(problem);
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void Only_a_key_of_this_name_and_id_and_a_log_of_this_origin_count()
    {
        var bytes = Head.Sign(Log).ToBytes();
        var otherName = new NoteSigner("clinic.example/other", Seed);
        var asCosigner = new NoteVerifier(Log.Verifier.Name, NoteKeyType.Cosignature, Log.Verifier.Key);
        var foreign = new Checkpoint("elsewhere.example", Head.Head).Sign(Log).ToBytes();

        Assert.Equal(SignatureState.Absent, otherName.Verifier.Check(Head.Sign(Log)).State);
        Assert.False(Checkpoint.TryOpen(bytes, asCosigner, out _, out _, out _));
        Assert.False(Checkpoint.TryOpen(foreign, Log.Verifier, out _, out _, out var problem));
        Assert.Equal("the checkpoint is of another log", problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n\u2014 name AAAAAAA=")] // no line break at the end
    [InlineData("text\n\n\u2014 name AAAAAA==\n")] // a key id without a signature
    [InlineData("text\n\n\u2014 name AAAAA AA=\n")]
    [InlineData("text\n\n\u2014 name AAAAAAB=\n")] // bits that say nothing
    [InlineData("text\n\n\u2014 na+me AAAAAAA=\n")]
    [InlineData("text\n\n\u2014  AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 na\u00a0me AAAAAAA=\n")]
    [InlineData("text\n\n- name AAAAAAA=\n")]
    [InlineData("te\txt\n\n\u2014 name AAAAAAA=\n")]
    [InlineData("text\r\n\n\u2014 name AAAAAAA=\n")]
    public void What_is_no_note_is_refused(string text)
    {
        Assert.False(SignedNote.TryRead(Encoding.UTF8.GetBytes(text), out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Bytes_that_are_no_text_and_too_many_of_them_are_refused()
    {
        byte[] note = [.. "text\n\n\u2014 name AAAAAAA=\n"u8];
        Assert.True(SignedNote.TryRead(note, out _, out _));
        Assert.False(SignedNote.TryRead([0xff, .. note], out _, out _));
        Assert.False(SignedNote.TryRead([.. new byte[SignedNote.MaxBytes].Select(_ => (byte)'a'), .. note], out _, out _));

        var line = "\u2014 name AAAAAAA=\n";
        Assert.True(SignedNote.TryRead(Encoding.UTF8.GetBytes("text\n\n" + string.Concat(Enumerable.Repeat(line, SignedNote.MaxSignatures))), out _, out _));
        Assert.False(SignedNote.TryRead(Encoding.UTF8.GetBytes("text\n\n" + string.Concat(Enumerable.Repeat(line, SignedNote.MaxSignatures + 1))), out _, out _));
    }

    [Theory]
    [InlineData("clinic.example\n07\nAAAA\n")]
    [InlineData("clinic.example\n7\n")]
    [InlineData("\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("clinic.example\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("clinic.example\n-7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("clinic.example\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("clinic.example\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")]
    [InlineData("clinic.example\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS\n")]
    [InlineData("clinic.example\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n")]
    [InlineData("clinic.example\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    public void What_is_no_checkpoint_is_refused(string text)
    {
        Assert.False(Checkpoint.TryRead(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("example.com/foo+530d903a")]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/fooo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void What_is_no_key_is_refused(string text)
    {
        Assert.False(NoteVerifier.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Keys_come_back_from_their_text()
    {
        Assert.Equal(Log.Verifier, Key(Log.Verifier.ToString()));
        Assert.Equal(NoteKeyType.Cosignature, Key(Witness.Verifier.ToString()).Type);
    }

    private static NoteVerifier Key(string text) =>
        NoteVerifier.TryParse(text, out var key, out var problem) ? key : throw new InvalidOperationException(problem);

    private static SignedNote Read(string text) =>
        SignedNote.TryRead(Encoding.UTF8.GetBytes(text), out var note, out var problem) ? note : throw new InvalidOperationException(problem);
}
