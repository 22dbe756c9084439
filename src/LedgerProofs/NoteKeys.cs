using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace HealthChain.LedgerProofs;

/// <summary>The kinds of signature that we make and check, by the bytes that the specification of notes gives them.</summary>
public enum NoteKeyType : byte
{
    /// <summary>Ed25519 over the text: a log signs its checkpoints so.</summary>
    Ed25519 = 0x01,

    /// <summary>Ed25519 over the text and a time: a witness signs others' checkpoints so, https://c2sp.org/tlog-cosignature.</summary>
    Cosignature = 0x04,
}

public enum SignatureState
{
    /// <summary>No line is this key's.</summary>
    Absent,

    /// <summary>A line claims to be this key's and is not: the whole note is not to be trusted.</summary>
    Invalid,

    Valid,
}

/// <param name="Time">When a witness signed, in seconds since 1970; 0 for other signatures.</param>
public readonly record struct SignatureCheck(SignatureState State, long Time)
{
    public bool IsValid => State == SignatureState.Valid;
}

/// <summary>A public key under a name, in writing <c>name+keyid+base64</c>: C2SP calls it a vkey.</summary>
public sealed class NoteVerifier : IEquatable<NoteVerifier>
{
    private const int MaxTextLength = 1024;
    private const int TimeBytes = sizeof(ulong);

    private readonly byte[] _key;

    /// <exception cref="ArgumentException">That is no name, or no key of 32 bytes.</exception>
    public NoteVerifier(string name, NoteKeyType type, ReadOnlySpan<byte> key)
    {
        if (!SignedNote.IsName(name) || key.Length != Curves.Ed25519KeyBytes)
        {
            throw new ArgumentException($"A key has a name without spaces and plus, and {Curves.Ed25519KeyBytes} bytes.", nameof(name));
        }

        Name = name;
        Type = type;
        _key = key.ToArray();
        KeyId = KeyIdOf(name, type, key);
    }

    public string Name { get; }

    public NoteKeyType Type { get; }

    public uint KeyId { get; }

    public ReadOnlySpan<byte> Key => _key;

    public static bool TryParse(
        string text, [NotNullWhen(true)] out NoteVerifier? verifier, [NotNullWhen(false)] out string? problem)
    {
        verifier = null;
        // The base64 of the key may hold further pluses.
        var parts = text.Length > MaxTextLength ? [] : text.Split('+', 3);
        if (parts.Length != 3
            || !SignedNote.IsName(parts[0])
            || parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var keyId)
            || !StrictText.TryReadBase64(parts[2], out var key))
        {
            problem = "the key is not of the form name+keyid+base64";
        }
        else if (key.Length != 1 + Curves.Ed25519KeyBytes || (NoteKeyType)key[0] is not (NoteKeyType.Ed25519 or NoteKeyType.Cosignature))
        {
            problem = "the key is neither Ed25519 (type 1) nor an Ed25519 cosignature (type 4)";
        }
        else if (KeyIdOf(parts[0], (NoteKeyType)key[0], key.AsSpan(1)) != keyId)
        {
            problem = "the key id does not belong to the name and the key";
        }
        else
        {
            verifier = new NoteVerifier(parts[0], (NoteKeyType)key[0], key.AsSpan(1));
            problem = null;
        }

        return verifier is not null;
    }

    /// <summary>Looks for this key's signature. If there are several, all must hold; the latest time counts.</summary>
    public SignatureCheck Check(SignedNote note)
    {
        var check = new SignatureCheck(SignatureState.Absent, 0);
        foreach (var signature in note.Signatures)
        {
            if (signature.KeyId != KeyId || signature.Name != Name)
            {
                continue;
            }

            if (!Verify(note.Text, signature.Bytes.Span, out var time))
            {
                return new SignatureCheck(SignatureState.Invalid, 0);
            }

            check = new SignatureCheck(SignatureState.Valid, Math.Max(check.Time, time));
        }

        return check;
    }

    public bool Equals(NoteVerifier? other) => other is not null && KeyId == other.KeyId && Name == other.Name && Key.SequenceEqual(other.Key);

    public override bool Equals(object? obj) => Equals(obj as NoteVerifier);

    public override int GetHashCode() => HashCode.Combine(Name, KeyId);

    public override string ToString() => $"{Name}+{KeyId:x8}+{Convert.ToBase64String([(byte)Type, .. _key])}";

    private bool Verify(string text, ReadOnlySpan<byte> signature, out long time)
    {
        time = 0;
        if (Type == NoteKeyType.Ed25519)
        {
            return Curves.VerifyEd25519(_key, StrictText.Utf8.GetBytes(text), signature);
        }

        if (signature.Length != TimeBytes + Curves.Ed25519SignatureBytes)
        {
            return false;
        }

        time = BinaryPrimitives.ReadInt64BigEndian(signature);
        return time >= 0 && Curves.VerifyEd25519(_key, CosignedMessage(text, time), signature[TimeBytes..]);
    }

    internal static byte[] CosignedMessage(string text, long time) => StrictText.Utf8.GetBytes($"cosignature/v1\ntime {time}\n{text}");

    private static uint KeyIdOf(string name, NoteKeyType type, ReadOnlySpan<byte> key)
    {
        byte[] identity = [.. StrictText.Utf8.GetBytes(name), (byte)'\n', (byte)type, .. key];
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(identity));
    }
}

/// <summary>Signs a log's notes. The same text gives the same signature.</summary>
public sealed class NoteSigner
{
    private readonly byte[] _seed;

    /// <param name="name">Of the key; for a log its origin.</param>
    /// <param name="seed">The secret of 32 bytes.</param>
    public NoteSigner(string name, ReadOnlySpan<byte> seed)
    {
        Verifier = new NoteVerifier(name, NoteKeyType.Ed25519, Curves.Ed25519PublicKey(seed));
        _seed = seed.ToArray();
    }

    public NoteVerifier Verifier { get; }

    public NoteSignature Sign(string text) =>
        new(Verifier.Name, Verifier.KeyId, Curves.SignEd25519(_seed, StrictText.Utf8.GetBytes(text)));
}

/// <summary>Signs others' checkpoints as a witness: that this is the largest head that it has seen of that log, at that time.</summary>
public sealed class Cosigner
{
    private readonly byte[] _seed;

    /// <param name="seed">The secret of 32 bytes. The signed message does not name the witness: no two may share a key.</param>
    public Cosigner(string name, ReadOnlySpan<byte> seed)
    {
        Verifier = new NoteVerifier(name, NoteKeyType.Cosignature, Curves.Ed25519PublicKey(seed));
        _seed = seed.ToArray();
    }

    public NoteVerifier Verifier { get; }

    public NoteSignature Sign(string text, DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds();
        ArgumentOutOfRangeException.ThrowIfNegative(seconds, nameof(time));
        var signature = new byte[sizeof(ulong) + Curves.Ed25519SignatureBytes];
        BinaryPrimitives.WriteInt64BigEndian(signature, seconds);
        Curves.SignEd25519(_seed, NoteVerifier.CosignedMessage(text, seconds)).CopyTo(signature, sizeof(ulong));
        return new NoteSignature(Verifier.Name, Verifier.KeyId, signature);
    }
}
