using System.Security.Cryptography;

namespace HealthChain.Smart.Jose;

/// <summary>A key of ours with its times. Its secret part leaves this class only towards its file.</summary>
internal sealed class SigningKey : IDisposable
{
    private const int RsaBits = 2048;

    private readonly Lock _one = new();
    private readonly RSA? _rsa;
    private readonly ECDsa? _curve;

    private SigningKey(JoseAlgorithm algorithm, AsymmetricAlgorithm key)
    {
        Algorithm = algorithm;
        _rsa = key as RSA;
        _curve = key as ECDsa;
        Public = Describe(null);
        Public = Describe(Public.Thumbprint);
    }

    public JoseAlgorithm Algorithm { get; }

    /// <summary>The public part, named by its thumbprint.</summary>
    public Jwk Public { get; }

    public required DateTimeOffset SignsFrom { get; init; }

    public required DateTimeOffset SignsUntil { get; init; }

    /// <summary>When nothing that it signed is valid any more, so that it need not be published.</summary>
    public required DateTimeOffset Retires { get; init; }

    /// <summary>A new key. It need not outlast its tokens by much, for they live minutes: 2048 bits are ample.</summary>
    public static SigningKey Make(JoseAlgorithm algorithm, DateTimeOffset from, DateTimeOffset until, DateTimeOffset retires)
    {
        AsymmetricAlgorithm key = algorithm.Kind() switch
        {
            JwkKind.Rsa => RSA.Create(RsaBits),
            JwkKind.P256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            _ => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        };
        return new SigningKey(algorithm, key) { SignsFrom = from, SignsUntil = until, Retires = retires };
    }

    /// <exception cref="CryptographicException">The bytes are no key for the algorithm.</exception>
    public static SigningKey Import(JoseAlgorithm algorithm, ReadOnlySpan<byte> pkcs8, DateTimeOffset from, DateTimeOffset until, DateTimeOffset retires)
    {
        AsymmetricAlgorithm key = algorithm.Kind() == JwkKind.Rsa ? RSA.Create() : ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        var imported = new SigningKey(algorithm, key) { SignsFrom = from, SignsUntil = until, Retires = retires };
        return imported.Public.Kind == algorithm.Kind() ? imported : throw new CryptographicException("The key is of another kind than its algorithm.");
    }

    /// <summary>The same key with other times.</summary>
    public SigningKey Ending(DateTimeOffset until, DateTimeOffset retires) =>
        new(Algorithm, (AsymmetricAlgorithm?)_rsa ?? _curve!) { SignsFrom = SignsFrom, SignsUntil = until, Retires = retires };

    public byte[] Export() => ((AsymmetricAlgorithm?)_rsa ?? _curve!).ExportPkcs8PrivateKey();

    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        // The classes of the base library do not promise to be safe for use by several threads.
        lock (_one)
        {
            return _rsa is not null
                ? _rsa.SignData(data, Algorithm.Hash(), RSASignaturePadding.Pkcs1)
                : _curve!.SignData(data, Algorithm.Hash(), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    public void Dispose()
    {
        _rsa?.Dispose();
        _curve?.Dispose();
    }

    private Jwk Describe(string? kid) => _rsa is not null ? Jwk.Of(_rsa, kid, Algorithm) : Jwk.Of(_curve!, kid, Algorithm);
}
