using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>
/// Writes resources that the operator's configuration asks for. Each bears a tag with the hash of the entry that it was made of: it is written when the
/// entry is new or was changed. What administrators did since then, a suspension above all, stays until the entry changes.
/// </summary>
internal sealed class ConfiguredResources(IResourceStore store)
{
    public const string TagSystem = "https://healthchain.example/fhir/CodeSystem/configured";

    private const int HashBytes = 16;

    private static readonly AccessScope Scope = AccessScope.System("configured resources");

    /// <summary>Writes the resource unless its entry was written before.</summary>
    /// <param name="resource">With type and id.</param>
    /// <param name="entry">What the resource is made of; null for the resource itself.</param>
    /// <returns>Whether it was written.</returns>
    /// <exception cref="FhirException">The store cannot write.</exception>
    public async ValueTask<bool> PutAsync(JsonObject resource, string? entry, CancellationToken cancellationToken)
    {
        string hash = HashOf(entry ?? resource.ToJsonString());
        var key = new ResourceKey((string)resource["resourceType"]!, (string)resource["id"]!);
        StoredVersion? known = await store.ReadAsync(Scope, key, cancellationToken);
        if (known is { IsDeleted: true })
        {
            known = await store.ReadVersionAsync(Scope, key, known.Version - 1, cancellationToken);
        }

        if (known is not null && (TagOf(known) is not { } tag || tag == hash))
        {
            return false;
        }

        resource["meta"] = new JsonObject { ["tag"] = new JsonArray(new JsonObject { ["system"] = TagSystem, ["code"] = hash }) };
        var put = new Put(key, FhirJson.Read(Encoding.UTF8.GetBytes(resource.ToJsonString())).Root);
        var happened = new AccessEvent(known is null ? AccessAction.Create : AccessAction.Update, AccessOutcome.Success) { Who = "configuration", Target = key.ToString() };
        Transaction transaction = Transaction.Of(put) with { Record = new LedgerRecord(AccessCodec.Write(happened)) };
        Result<CommitResult> result = await store.CommitAsync(Scope, transaction, cancellationToken);
        if (!result.IsOk)
        {
            throw new FhirException(result.Error);
        }

        return true;
    }

    private static string HashOf(string entry) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entry)).AsSpan(..HashBytes));

    /// <summary>Null for a resource that the configuration did not make, or that somebody replaced.</summary>
    private static string? TagOf(StoredVersion version)
    {
        if (version.IsDeleted || FhirJson.Read(version.Json).Root.Child("meta") is not { Exists: true } meta)
        {
            return null;
        }

        foreach (Element tag in meta.ChildrenOf("tag"))
        {
            if (tag.TextOf("system") == TagSystem)
            {
                return tag.TextOf("code");
            }
        }

        return null;
    }
}
