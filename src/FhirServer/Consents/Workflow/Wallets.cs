using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// The addresses by which patients sign for themselves. Each is a Basic of the patient's, so that it is sealed, kept, told of and erased as all that the patient
/// has; what it holds only this server can read or make, so that nobody who may write a Basic puts another's address there. Deleting it ends it.
/// </summary>
internal sealed class Wallets(IResourceStore store, RegistryNames names)
{
    private const string Type = "Basic";
    private const string Code = "wallet";
    private const string IdentifierSystem = "https://healthchain.example/fhir/wallet";
    private const int IdDigits = 40;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private static readonly AccessScope Scope = AccessScope.System("wallets of patients");

    /// <summary>Where a patient's address is; null when there is no such patient.</summary>
    public async ValueTask<ResourceKey?> PlaceAsync(ResourceKey patient, CancellationToken cancellationToken) =>
        await names.SaltAsync(patient, cancellationToken) is { } salt ? Place(salt, patient) : null;

    /// <summary>What stands in such a place, deleted or not; null when nothing ever did.</summary>
    public ValueTask<StoredVersion?> NewestAsync(ResourceKey place, CancellationToken cancellationToken) => store.ReadAsync(Scope, place, cancellationToken);

    /// <summary>The address that a patient had when the version of that sequence number was committed; null for none.</summary>
    public async ValueTask<EthereumAddress?> FindAsync(ResourceKey patient, long sequence, CancellationToken cancellationToken)
    {
        await foreach ((StoredVersion version, EthereumAddress? address) in AllAsync(patient, cancellationToken))
        {
            if (version.Sequence < sequence)
            {
                return address;
            }
        }

        return null;
    }

    /// <summary>Whether a patient has or had that address.</summary>
    public async ValueTask<bool> HadAsync(ResourceKey patient, EthereumAddress address, CancellationToken cancellationToken)
    {
        await foreach ((_, EthereumAddress? one) in AllAsync(patient, cancellationToken))
        {
            if (one == address)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The resource that keeps an address.</summary>
    public async ValueTask<JsonObject> WriteAsync(ResourceKey patient, EthereumAddress address, CancellationToken cancellationToken)
    {
        byte[] salt = (await names.SaltAsync(patient, cancellationToken))!;
        ResourceKey place = Place(salt, patient);
        byte[] content = new byte[NonceBytes + EthereumAddress.Bytes + TagBytes];
        RandomNumberGenerator.Fill(content.AsSpan(..NonceBytes));
        using (var cipher = new AesGcm(names.Hash(salt, "wallet key", patient.ToString()), TagBytes))
        {
            cipher.Encrypt(content.AsSpan(..NonceBytes), address.ToArray(), content.AsSpan(NonceBytes..^TagBytes), content.AsSpan(^TagBytes..), Encoding.UTF8.GetBytes(place.Id));
        }

        return new JsonObject
        {
            ["resourceType"] = Type,
            ["id"] = place.Id,
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = IdentifierSystem, ["value"] = Convert.ToBase64String(content) }),
            ["code"] = new JsonObject { ["text"] = Code },
            ["subject"] = ConsentTexts.Reference(patient.ToString()),
        };
    }

    /// <summary>The versions of what keeps a patient's address, the newest first.</summary>
    private async IAsyncEnumerable<(StoredVersion Version, EthereumAddress? Address)> AllAsync(
        ResourceKey patient, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await names.SaltAsync(patient, cancellationToken) is not { } salt)
        {
            yield break;
        }

        ResourceKey place = Place(salt, patient);
        for (StoredVersion? version = await NewestAsync(place, cancellationToken); version is not null;)
        {
            yield return (version, version.IsDeleted ? null : Open(salt, patient, version));
            version = version.Version > 1 ? await store.ReadVersionAsync(Scope, place, version.Version - 1, cancellationToken) : null;
        }
    }

    private ResourceKey Place(byte[] salt, ResourceKey patient) =>
        new(Type, $"{Code}-{Convert.ToHexStringLower(names.Hash(salt, "wallet place", patient.ToString()))[..IdDigits]}");

    /// <summary>The address in a version; null when somebody else wrote it.</summary>
    private EthereumAddress? Open(byte[] salt, ResourceKey patient, StoredVersion version)
    {
        Span<byte> content = stackalloc byte[NonceBytes + EthereumAddress.Bytes + TagBytes];
        Span<byte> address = stackalloc byte[EthereumAddress.Bytes];
        foreach (Element identifier in FhirJson.Read(version.Json).Root.ChildrenOf("identifier"))
        {
            if (identifier.TextOf("system") != IdentifierSystem
                || !Convert.TryFromBase64String(identifier.TextOf("value") ?? "", content, out int length)
                || length != content.Length)
            {
                continue;
            }

            try
            {
                using var cipher = new AesGcm(names.Hash(salt, "wallet key", patient.ToString()), TagBytes);
                cipher.Decrypt(content[..NonceBytes], content[NonceBytes..^TagBytes], content[^TagBytes..], address, Encoding.UTF8.GetBytes(version.Key.Id));
                return new EthereumAddress(address);
            }
            catch (AuthenticationTagMismatchException)
            {
                // Not made here.
            }
        }

        return null;
    }
}
