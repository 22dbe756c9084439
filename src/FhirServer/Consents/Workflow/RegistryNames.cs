using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Sealing;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// What stands in the registry for patients and Consents: hashes under this server's key, with salts that the patient's secret makes. Nobody else can tell who
/// is meant, and after the patient was erased nobody at all.
/// </summary>
internal sealed class RegistryNames(IResourceStore store, KeyStore keys)
{
    private static readonly AccessScope Scope = AccessScope.System("names in the registry of consents");

    /// <summary>The salt of the first version's leaf: it stays the same while the resource is there, and goes with the patient's secret.</summary>
    public async ValueTask<byte[]?> SaltAsync(ResourceKey key, CancellationToken cancellationToken) =>
        await store.OpenLeafAsync(Scope, key, 1, cancellationToken) is { } opening ? opening.Salt.ToArray() : null;

    /// <summary>The ledger's commitment to a version; null when there is none.</summary>
    public async ValueTask<byte[]?> CommitmentAsync(StoredVersion version, CancellationToken cancellationToken)
    {
        byte[] commitment = new byte[Hash256.Bytes];
        return await store.ReadLeavesAsync(Scope, version.Sequence - 1, commitment, cancellationToken) == 1 ? commitment : null;
    }

    /// <summary>The salt alone would not do: receipts hold it, for whoever may see the resource.</summary>
    public byte[] Hash(byte[] salt, string what, string name)
    {
        Span<byte> key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (keys.GetCommitmentSaltKey(SubjectId.NoPerson, key) != KeyState.Present)
        {
            throw new KeyStoreException("The key that makes the registry's addresses is not there.");
        }

        byte[] hash = HMACSHA256.HashData(key, [.. Encoding.UTF8.GetBytes($"HealthChain 1 registry {what}\n{name}\n"), .. salt]);
        CryptographicOperations.ZeroMemory(key);
        return hash;
    }

    /// <summary>The address of a patient who has no wallet.</summary>
    public EthereumAddress AddressOf(byte[] salt, string patient) => new(Hash(salt, "patient", patient).AsSpan(..EthereumAddress.Bytes));

    /// <summary>What a Consent is called, whose salt that is.</summary>
    public Hash256 GranteeOf(byte[] salt, ResourceKey consent) => new(Hash(salt, "consent", consent.ToString()));
}
