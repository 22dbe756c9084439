using System.Security.Cryptography;
using System.Text;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>
/// The accounts of one development chain, derived from a secret that was made for it. Each contract is the first thing that an account
/// of its own makes, and that account depends on the contract's code and log: so the address is known beforehand, and a new version of a
/// contract, or one for another origin, gets a new address.
/// </summary>
internal sealed class DevelopmentKeys : IDisposable
{
    private const int SecretBytes = 32;

    private DevelopmentKeys(ReadOnlySpan<byte> secret, string origin)
    {
        Anchorer = Derive(secret, "anchorer");
        Owner = Derive(secret, "owner");
        Verifier = Derive(secret, "verifier");
        AnchorMaker = Derive(secret, $"maker {ContractArtefact.CheckpointAnchor.CodeHash} {CheckpointAnchorContract.LogOf(origin)}");
        RegistryMaker = Derive(secret, $"maker {ContractArtefact.HealthRegistry.CodeHash}");
        CheckpointAnchor = EthereumAddress.OfContract(AnchorMaker.Address, 0);
        HealthRegistry = EthereumAddress.OfContract(RegistryMaker.Address, 0);
    }

    public LocalSigner Anchorer { get; }

    public LocalSigner Owner { get; }

    /// <summary>Writes into the registry, and does nothing else.</summary>
    public LocalSigner Verifier { get; }

    public LocalSigner AnchorMaker { get; }

    public LocalSigner RegistryMaker { get; }

    public EthereumAddress CheckpointAnchor { get; }

    public EthereumAddress HealthRegistry { get; }

    public IEnumerable<EthereumAddress> Accounts => [Anchorer.Address, Owner.Address, Verifier.Address, AnchorMaker.Address, RegistryMaker.Address];

    public static DevelopmentKeys ReadOrMake(IDisk disk, string path, string origin)
    {
        byte[]? secret = disk.Read(path);
        if (secret is not { Length: SecretBytes })
        {
            secret = RandomNumberGenerator.GetBytes(SecretBytes);
            disk.Replace(path, secret);
        }

        var keys = new DevelopmentKeys(secret, origin);
        CryptographicOperations.ZeroMemory(secret);
        return keys;
    }

    public void Dispose()
    {
        Anchorer.Dispose();
        Owner.Dispose();
        Verifier.Dispose();
        AnchorMaker.Dispose();
        RegistryMaker.Dispose();
    }

    // That a hash is no secret of secp256k1 happens once in 2^128.
    private static LocalSigner Derive(ReadOnlySpan<byte> secret, string purpose) => new(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(purpose)));
}
