using System.Security.Cryptography;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Sealing;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// Says in the registry on the chain which consents are given and which are taken back: each version of a Consent that is active, and the one that ends it,
/// in their order, by the commitment that the ledger has of the version. Patient and Consent appear as hashes under this server's key, with salts that the
/// patient's secret makes: nobody else can tell who is meant, and after the patient was erased nobody at all.
/// </summary>
/// <remarks>Works in steps of <see cref="RegistryWorker"/>, whose account it shares. A chain that does not answer is waited for; nothing of FHIR waits for it.</remarks>
internal sealed class ConsentRegister(IResourceStore store, KeyStore keys, IIdentityRegistrar registrar, ConsentOutbox outbox, string? serverBase)
{
    private const int PageSize = 500;

    /// <summary>Versions that wait at a time; the store keeps the rest.</summary>
    private const int Batch = 64;

    private static readonly AccessScope Scope = AccessScope.System("registry of consents");

    public int Waiting => outbox.Content.Waiting.Count;

    /// <summary>Brings to blocks what has numbers already; false when something of it is in none yet.</summary>
    public async ValueTask<bool> SettleAsync(CancellationToken cancellationToken)
    {
        foreach (OutboxEntry entry in outbox.Content.Waiting.Where(entry => entry.Progress.Nonce is not null))
        {
            if (!(await AdvanceAsync(entry, 0, cancellationToken)).IsMined)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes the next steps; false when something still waits.</summary>
    /// <param name="least">The next number of the account is at least this.</param>
    public async ValueTask<bool> GoOnAsync(long least, CancellationToken cancellationToken)
    {
        // What came while others waited is looked for in the next round.
        bool isAll = Waiting == 0 && await ScanAsync(cancellationToken);
        foreach (OutboxEntry entry in outbox.Content.Waiting)
        {
            // Each has to be in a block before the next is sent: what is said of one consent must be said in its order.
            RegistrationProgress progress = await AdvanceAsync(entry, least, cancellationToken);
            if (!progress.IsMined)
            {
                return false;
            }

            least = progress.Nonce!.Value + 1;
        }

        return isAll && Waiting == 0;
    }

    private async ValueTask<RegistrationProgress> AdvanceAsync(OutboxEntry entry, long least, CancellationToken cancellationToken)
    {
        RegistrationProgress progress = await registrar.AdvanceAsync(entry.ToStatement(), entry.Progress, least, cancellationToken);
        if (progress != entry.Progress)
        {
            outbox.Store(entry, entry with { Progress = progress });
        }

        return progress;
    }

    /// <summary>Takes the next versions of Consents out of the store; false when there are more.</summary>
    private async ValueTask<bool> ScanAsync(CancellationToken cancellationToken)
    {
        var found = new Stack<(ResourceKey Key, long Version, long Sequence)>();
        for (long? before = null; ;)
        {
            HistoryPage page = await store.HistoryAsync(Scope, new HistoryRequest { Type = ConsentRequest.ConsentType, Count = PageSize, Before = before }, cancellationToken);
            StoredVersion[] news = [.. page.Versions.TakeWhile(version => version.Sequence > outbox.Content.Scanned)];
            Array.ForEach(news, version => found.Push((version.Key, version.Version, version.Sequence)));
            if (news.Length < page.Versions.Count || page.Next is null)
            {
                break;
            }

            before = page.Next;
        }

        if (found.Count == 0)
        {
            return true;
        }

        var entries = new List<OutboxEntry>();
        long scanned = 0;
        for (int taken = 0; taken < Batch && found.TryPop(out (ResourceKey Key, long Version, long Sequence) next); taken++)
        {
            scanned = next.Sequence;
            if (await store.ReadVersionAsync(Scope, next.Key, next.Version, cancellationToken) is { } version && await EntryAsync(version, cancellationToken) is { } entry)
            {
                await AddAsync(entries, entry, cancellationToken);
            }
        }

        outbox.Add(entries, scanned);
        return found.Count == 0;
    }

    /// <summary>Adds what is said of a consent, after what must be said of a patient who is not in the registry.</summary>
    private async ValueTask AddAsync(List<OutboxEntry> entries, OutboxEntry entry, CancellationToken cancellationToken)
    {
        OutboxEntry identity = entry with { Grantee = null };
        if (!entries.Exists(other => other.Grantee is null && other.Subject == entry.Subject) && !await registrar.SaysAsync(identity.ToStatement(), cancellationToken))
        {
            entries.Add(identity);
        }

        entries.Add(entry);
    }

    /// <summary>What a version gives or takes back; null for neither.</summary>
    private async ValueTask<OutboxEntry?> EntryAsync(StoredVersion version, CancellationToken cancellationToken)
    {
        StoredVersion? before = version.Version > 1 ? await store.ReadVersionAsync(Scope, version.Key, version.Version - 1, cancellationToken) : null;
        bool isGiven = IsActive(version);
        StoredVersion? told = isGiven ? version : before is not null && IsActive(before) ? before : null;
        byte[] commitment = new byte[Hash256.Bytes];
        if (told is null
            || await SaltAsync(version.Key, cancellationToken) is not { } salt
            || await store.ReadLeavesAsync(Scope, version.Sequence - 1, commitment, cancellationToken) != 1)
        {
            return null;
        }

        // A patient of whom there is nothing here has no secret but the Consent's.
        Element about = FhirJson.Read(told.Json).Root.Child("patient");
        string? patient = about.Exists ? about.LocalTarget(serverBase) : null;
        byte[]? own = patient?.Split('/') is [var type, var id] ? await SaltAsync(new ResourceKey(type, id), cancellationToken) : null;
        return new OutboxEntry(
            Convert.ToHexStringLower(Hash(own ?? salt, "patient", patient ?? version.Key.ToString()).AsSpan(..EthereumAddress.Bytes)),
            Convert.ToHexStringLower(Hash(salt, "consent", version.Key.ToString())),
            Convert.ToHexStringLower(commitment),
            isGiven);
    }

    private static bool IsActive(StoredVersion version) => !version.IsDeleted && FhirJson.Read(version.Json).Root.Says("status", "active"u8);

    /// <summary>The salt of the first version's leaf: it stays the same while the resource is there, and goes with the patient's secret.</summary>
    private async ValueTask<byte[]?> SaltAsync(ResourceKey key, CancellationToken cancellationToken) =>
        await store.OpenLeafAsync(Scope, key, 1, cancellationToken) is { } opening ? opening.Salt.ToArray() : null;

    /// <summary>The salt alone would not do: receipts hold it, for whoever may see the resource.</summary>
    private byte[] Hash(byte[] salt, string what, string name)
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
}
