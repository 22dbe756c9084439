using System.Security.Cryptography;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Signs with the key of one account.</summary>
/// <remarks>Safe to use from several threads. Methods throw <see cref="EthereumException"/> when the signer is elsewhere and does not sign.</remarks>
public interface IEthereumSigner
{
    EthereumAddress Address { get; }

    /// <exception cref="ArgumentException">No chain would take the transaction.</exception>
    ValueTask<SignedTransaction> SignAsync(EthereumTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Signs structured data (EIP-712).</summary>
    ValueTask<Secp256k1Signature> SignAsync(TypedData data, CancellationToken cancellationToken);

    /// <summary>Signs a message (EIP-191), such as a challenge.</summary>
    ValueTask<Secp256k1Signature> SignMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}

/// <summary>Signs with a key in this process's memory.</summary>
/// <remarks>The key is in one pinned array, which disposing overwrites. Neither messages nor <see cref="ToString"/> show it.</remarks>
public sealed class LocalSigner : IEthereumSigner, IDisposable
{
    private readonly byte[] _secret = GC.AllocateUninitializedArray<byte>(Curves.Secp256k1SecretBytes, pinned: true);
    private bool _isDisposed;

    /// <param name="secret">Is copied; overwriting it afterwards is the caller's part.</param>
    /// <exception cref="ArgumentException">It is no secret of secp256k1.</exception>
    public LocalSigner(ReadOnlySpan<byte> secret)
    {
        Address = EthereumAddress.OfPublicKey(Curves.Secp256k1PublicKey(secret));
        secret.CopyTo(_secret);
    }

    public EthereumAddress Address { get; }

    /// <summary>Makes a key that nobody had before.</summary>
    public static LocalSigner Create()
    {
        Span<byte> secret = stackalloc byte[Curves.Secp256k1SecretBytes];
        do
        {
            RandomNumberGenerator.Fill(secret);
        }
        while (!Curves.IsSecp256k1Secret(secret));

        var signer = new LocalSigner(secret);
        CryptographicOperations.ZeroMemory(secret);
        return signer;
    }

    public ValueTask<SignedTransaction> SignAsync(EthereumTransaction transaction, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Sign(transaction));

    public ValueTask<Secp256k1Signature> SignAsync(TypedData data, CancellationToken cancellationToken) => ValueTask.FromResult(Sign(data));

    public ValueTask<Secp256k1Signature> SignMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        ValueTask.FromResult(SignMessage(message.Span));

    public SignedTransaction Sign(EthereumTransaction transaction) => new(transaction, Sign(transaction.SigningHash()), Address);

    public Secp256k1Signature Sign(TypedData data) => Sign(data.Hash());

    public Secp256k1Signature SignMessage(ReadOnlySpan<byte> message) => Sign(EthereumSignature.HashOfMessage(message));

    public void Dispose()
    {
        _isDisposed = true;
        CryptographicOperations.ZeroMemory(_secret);
    }

    public override string ToString() => $"local key of {Address}";

    /// <summary>The key goes where the caller says, to be stored there.</summary>
    internal void CopySecret(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _secret.CopyTo(destination);
    }

    private Secp256k1Signature Sign(Hash256 hash)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return Curves.SignSecp256k1(_secret, hash);
    }
}
