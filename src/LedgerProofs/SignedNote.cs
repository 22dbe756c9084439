using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace HealthChain.LedgerProofs;

/// <summary>A text and the signatures below it: https://c2sp.org/signed-note.</summary>
/// <remarks>Reading checks the form only. What a note says counts once a <see cref="NoteVerifier"/> has found its signature.</remarks>
public sealed class SignedNote
{
    public const int MaxBytes = 128 * 1024;

    /// <summary>The specification asks for 16 at least; each one costs a verifier time.</summary>
    public const int MaxSignatures = 64;

    private const string SignaturePrefix = "\u2014 ";
    private const int KeyIdBytes = 4;

    private SignedNote(string text, NoteSignature[] signatures)
    {
        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed, with the line break at its end.</summary>
    public string Text { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <exception cref="ArgumentException">The text cannot be that of a note.</exception>
    public static SignedNote Create(string text, params ReadOnlySpan<NoteSignature> signatures)
    {
        if (!text.EndsWith('\n') || HasControls(text))
        {
            throw new ArgumentException("A note's text ends in a line break and has no other control characters.", nameof(text));
        }

        return signatures.Length is > 0 and <= MaxSignatures
            ? new SignedNote(text, signatures.ToArray())
            : throw new ArgumentException($"A note has 1 to {MaxSignatures} signatures.", nameof(signatures));
    }

    /// <summary>The same note with a further signature; with itself, where it has that line already.</summary>
    public SignedNote With(NoteSignature signature) =>
        Signatures.Contains(signature) ? this : Create(Text, [.. Signatures, signature]);

    public static bool TryRead(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out SignedNote? note, [NotNullWhen(false)] out string? problem)
    {
        note = null;
        if (utf8.Length > MaxBytes)
        {
            problem = $"the note is longer than {MaxBytes} bytes";
            return false;
        }

        string all;
        try
        {
            all = StrictText.Utf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            problem = "the note is not UTF-8";
            return false;
        }

        var blank = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (blank < 0 || !all.EndsWith('\n') || HasControls(all))
        {
            problem = "the note is not a text, an empty line, and signature lines";
            return false;
        }

        if (!TryReadSignatures(all.AsSpan(blank + 2), out var signatures, out problem))
        {
            return false;
        }

        note = new SignedNote(all[..(blank + 1)], signatures);
        return true;
    }

    /// <summary>One line as it stands below a note, without its line break. A witness answers with such lines.</summary>
    public static bool TryReadSignature(ReadOnlySpan<char> line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith(SignaturePrefix))
        {
            return false;
        }

        line = line[SignaturePrefix.Length..];
        var space = line.IndexOf(' ');
        if (space < 0 || !IsName(line[..space]) || !StrictText.TryReadBase64(line[(space + 1)..], out var bytes) || bytes.Length <= KeyIdBytes)
        {
            return false;
        }

        signature = new NoteSignature(line[..space].ToString(), BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(KeyIdBytes));
        return true;
    }

    /// <summary>Names of keys are not empty and have neither Unicode spaces nor a plus.</summary>
    internal static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var character in name)
        {
            if (character is '+' or < ' ' || char.IsWhiteSpace(character))
            {
                return false;
            }
        }

        return !name.IsEmpty;
    }

    public byte[] ToBytes() => StrictText.Utf8.GetBytes(ToString());

    public override string ToString()
    {
        var builder = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
        {
            builder.Append(signature).Append('\n');
        }

        return builder.ToString();
    }

    private static bool TryReadSignatures(
        ReadOnlySpan<char> lines, out NoteSignature[] signatures, [NotNullWhen(false)] out string? problem)
    {
        var read = new List<NoteSignature>();
        signatures = [];
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf('\n');
            if (read.Count == MaxSignatures)
            {
                problem = $"the note has more than {MaxSignatures} signatures";
                return false;
            }

            if (!TryReadSignature(lines[..end], out var signature))
            {
                problem = $"line {read.Count + 1} of the note's signatures is none";
                return false;
            }

            read.Add(signature);
            lines = lines[(end + 1)..];
        }

        signatures = [.. read];
        problem = read.Count == 0 ? "the note has no signature" : null;
        return problem is null;
    }

    private static bool HasControls(string text)
    {
        foreach (var character in text)
        {
            if (character is < ' ' and not '\n')
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A signature line: whose it says it is, and the bytes.</summary>
    internal static string WriteSignature(NoteSignature signature)
    {
        var bytes = new byte[KeyIdBytes + signature.Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, signature.KeyId);
        signature.Bytes.Span.CopyTo(bytes.AsSpan(KeyIdBytes));
        return $"{SignaturePrefix}{signature.Name} {Convert.ToBase64String(bytes)}";
    }
}

/// <summary>One line below a note: whose it says it is, and the bytes.</summary>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Bytes)
{
    public bool Equals(NoteSignature? other) =>
        other is not null && Name == other.Name && KeyId == other.KeyId && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override int GetHashCode() => HashCode.Combine(Name, KeyId, Bytes.Length);

    /// <summary>The line without its line break.</summary>
    public override string ToString() => SignedNote.WriteSignature(this);
}
