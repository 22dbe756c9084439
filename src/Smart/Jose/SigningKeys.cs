using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace HealthChain.Smart.Jose;

/// <summary>How often the keys that sign id_tokens are changed.</summary>
public sealed record SigningKeyOptions
{
    /// <summary>Folder of the file with the keys; it holds secrets and is open to the server's own user alone.</summary>
    public required string Folder { get; init; }

    /// <summary>How long a key signs.</summary>
    public TimeSpan Signs { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long before it signs a key is published, so that those who keep our set for a while know it by then.</summary>
    public TimeSpan Ahead { get; init; } = TimeSpan.FromDays(2);

    /// <summary>How long a key is published after it signed for the last time: longer than anything that it signed is valid.</summary>
    public TimeSpan Behind { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>
/// The keys that the server signs with: RS256, which SMART wants for id_tokens, and ES384. They change by schedule, looked at whenever a key is
/// needed, and at command, which may come from another process through the file. Safe for use by many threads.
/// </summary>
public sealed class SigningKeys
{
    private static readonly JoseAlgorithm[] Algorithms = [JoseAlgorithm.Rs256, JoseAlgorithm.Es384];

    /// <summary>How often the file is looked at for a change by a command.</summary>
    private static readonly TimeSpan FileLook = TimeSpan.FromSeconds(5);

    private readonly SigningKeyOptions _options;
    private readonly SigningKeyFile _file;
    private readonly TimeProvider _time;
    private readonly Lock _changing = new();
    private volatile Ring _ring;

    private SigningKeys(SigningKeyOptions options, TimeProvider time)
    {
        _options = options;
        _file = new SigningKeyFile(options.Folder);
        _time = time;
        _ring = Tend(_file.Read() ?? []);
    }

    /// <summary>Reads the keys, or makes the first.</summary>
    /// <exception cref="IOException">The file cannot be used, or others may read it.</exception>
    public static SigningKeys Open(SigningKeyOptions options, TimeProvider time) => new(options, time);

    /// <summary>The public keys as JSON, for <c>jwks_uri</c>: those that sign, those that will, and those whose tokens are still valid.</summary>
    public ReadOnlyMemory<byte> PublicKeys => Current().Published;

    /// <summary>How long others may keep <see cref="PublicKeys"/>: no longer than a key is published before it signs.</summary>
    public TimeSpan PublicKeysFresh => _options.Ahead < TimeSpan.FromHours(1) ? _options.Ahead : TimeSpan.FromHours(1);

    /// <summary>Signs claims as a JWT.</summary>
    public string Sign(JoseAlgorithm algorithm, string type, Action<Utf8JsonWriter> claims)
    {
        SigningKey key = Current().Signer(algorithm, _time.GetUtcNow());
        string signed = Part(writer =>
        {
            writer.WriteString("alg"u8, algorithm.Name());
            writer.WriteString("typ"u8, type);
            writer.WriteString("kid"u8, key.Public.Kid);
        }) + "." + Part(claims);
        return signed + "." + Base64UrlText.Of(key.Sign(Encoding.ASCII.GetBytes(signed)));
    }

    /// <summary>New keys sign from now on.</summary>
    /// <param name="forget">Whether the old ones are forgotten at once, because somebody may have them; otherwise what they signed stays valid until it expires.</param>
    public void Rotate(bool forget)
    {
        lock (_changing)
        {
            DateTimeOffset now = _time.GetUtcNow();
            IEnumerable<SigningKey> old = forget ? [] : (_file.Read() ?? []).Where(key => key.SignsFrom <= now).Select(key => Ended(key, now));
            _ring = Tend([.. old]);
        }
    }

    private SigningKey Ended(SigningKey key, DateTimeOffset now) => key.SignsUntil <= now ? key : key.Ending(now, now + _options.Behind);

    private Ring Current()
    {
        DateTimeOffset now = _time.GetUtcNow();
        Ring ring = _ring;
        if (now < ring.LookAgain)
        {
            return ring;
        }

        lock (_changing)
        {
            if (_ring == ring)
            {
                _ring = Tend(_file.HasChanged(ring.FileStamp) ? _file.Read() ?? [] : ring.Keys);
            }

            return _ring;
        }
    }

    /// <summary>Drops keys whose time is over and makes those whose time has come.</summary>
    private Ring Tend(ImmutableArray<SigningKey> keys)
    {
        DateTimeOffset now = _time.GetUtcNow();
        ImmutableArray<SigningKey> tended = [.. keys.Where(key => now < key.Retires)];
        foreach (JoseAlgorithm algorithm in Algorithms)
        {
            DateTimeOffset covered = tended.Where(key => key.Algorithm == algorithm).Select(key => key.SignsUntil).DefaultIfEmpty(now).Max();
            if (covered <= now + _options.Ahead)
            {
                DateTimeOffset from = covered < now ? now : covered;
                DateTimeOffset until = from + _options.Signs;
                tended = tended.Add(SigningKey.Make(algorithm, from, until, until + _options.Behind));
            }
        }

        if (!tended.SequenceEqual(keys))
        {
            _file.Write(tended);
        }

        return new Ring(tended, _file.Stamp(), now + FileLook);
    }

    private static string Part(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return Base64UrlText.Of(buffer.WrittenSpan);
    }

    /// <summary>The keys at a moment.</summary>
    private sealed class Ring
    {
        public Ring(ImmutableArray<SigningKey> keys, long fileStamp, DateTimeOffset lookAgain)
        {
            Keys = keys;
            FileStamp = fileStamp;
            LookAgain = lookAgain;
            var buffer = new ArrayBufferWriter<byte>(2048);
            using (var writer = new Utf8JsonWriter(buffer))
            {
                new JwkSet([.. keys.Select(key => key.Public)]).WriteTo(writer);
            }

            Published = buffer.WrittenMemory;
        }

        public ImmutableArray<SigningKey> Keys { get; }

        public long FileStamp { get; }

        public DateTimeOffset LookAgain { get; }

        public ReadOnlyMemory<byte> Published { get; }

        /// <summary>Of those whose time has begun, the one that signs longest: a command may have made it in the moment in which another began.</summary>
        public SigningKey Signer(JoseAlgorithm algorithm, DateTimeOffset now) =>
            Keys.Where(key => key.Algorithm == algorithm && key.SignsFrom <= now).MaxBy(key => key.SignsUntil)
            ?? throw new NotSupportedException($"The server has no key for {algorithm.Name()}.");
    }
}
