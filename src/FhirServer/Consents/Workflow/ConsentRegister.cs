using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// Says in the registry on the chain which consents are given and which are taken back: each version of a Consent that is active, and the one that ends it,
/// in their order, by the commitment that the ledger has of the version. Patient and Consent appear by their <see cref="RegistryNames"/>; a patient who has a
/// wallet by its address, and by her signature when she gives it in time.
/// </summary>
/// <remarks>Works in steps of <see cref="RegistryWorker"/>, whose account it shares. A chain that does not answer is waited for; nothing of FHIR waits for it.</remarks>
internal sealed class ConsentRegister(
    IResourceStore store, RegistryNames names, Wallets wallets, IIdentityRegistrar registrar, ConsentOutbox outbox, string? serverBase, TimeProvider time)
{
    /// <summary>Versions and records that are looked at together.</summary>
    private const int PageSize = 500;

    /// <summary>Versions of Consents that are taken at a time; the store keeps the rest.</summary>
    private const int Batch = 64;

    /// <summary>Where no Consent was for so long, it is written down how far it was looked.</summary>
    private const int MostRepeated = 100_000;

    /// <summary>Entries that wait before none is held for a signature.</summary>
    private const int MostHeld = 1_000;

    /// <summary>How long a patient with a wallet has to sign.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>So long before its end a signature is not sent any more: it has to get into a block.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private static readonly AccessScope Scope = AccessScope.System("registry of consents");

    private long _scanned;

    public int Waiting => outbox.Content.Waiting.Count;

    /// <summary>For how long the oldest entry has waited that waits for nobody's signature.</summary>
    public TimeSpan WaitingTime => NotHeld().Select(entry => entry.WaitedFor(time.GetUtcNow())).DefaultIfEmpty().Max();

    /// <summary>Brings to blocks what has numbers already; false when something of it is in none yet.</summary>
    public async ValueTask<bool> SettleAsync(CancellationToken cancellationToken)
    {
        foreach (OutboxEntry entry in outbox.Content.Waiting.Where(entry => entry.Progress.Nonce is not null).OrderBy(entry => entry.Progress.Nonce))
        {
            if (!(await AdvanceAsync(entry, 0, cancellationToken)).IsMined)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes the next steps; false when something still waits, but for patients' signatures.</summary>
    /// <param name="least">The next number of the account is at least this.</param>
    public async ValueTask<bool> GoOnAsync(long least, CancellationToken cancellationToken)
    {
        // What came while others waited is looked for in the next round.
        bool isAll = !NotHeld().Any() && await ScanAsync(cancellationToken);
        List<OutboxEntry> open = [.. outbox.Content.Waiting];
        while (open.Find(entry => IsNext(entry, open)) is { } entry)
        {
            // Each has to be in a block before the next is sent: what is said of one consent must be said in its order.
            open.Remove(entry);
            RegistrationProgress progress = await AdvanceAsync(entry, least, cancellationToken);
            if (!progress.IsMined)
            {
                return false;
            }

            least = progress.Nonce is { } number ? number + 1 : least;
        }

        return isAll && !NotHeld().Any();
    }

    private IEnumerable<OutboxEntry> NotHeld()
    {
        IReadOnlyList<OutboxEntry> waiting = outbox.Content.Waiting;
        return waiting.Where(entry => !IsHeld(entry, waiting));
    }

    /// <summary>Whether its patient's signature is waited for. A version that was overtaken by another cannot be signed any more.</summary>
    private bool IsHeld(OutboxEntry entry, IReadOnlyList<OutboxEntry> waiting) =>
        entry.IsHeld(time.GetUtcNow()) && !waiting.SkipWhile(other => other != entry).Skip(1).Any(other => IsOfSameConsent(entry, other));

    /// <summary>Whether it may be said now: what is said of one consent comes in its order, and so do a patient's signatures.</summary>
    private bool IsNext(OutboxEntry entry, List<OutboxEntry> open) =>
        !IsHeld(entry, open)
        && !open.TakeWhile(other => other != entry).Any(other => IsOfSameConsent(entry, other))
        && (entry.Signature is null || !open.Exists(other => other.Subject == entry.Subject && other.Signature is not null && other.Asked!.Nonce < entry.Asked!.Nonce));

    private static bool IsOfSameConsent(OutboxEntry entry, OutboxEntry other) => entry.Grantee is not null && entry.Grantee == other.Grantee && entry.Subject == other.Subject;

    private async ValueTask<RegistrationProgress> AdvanceAsync(OutboxEntry entry, long least, CancellationToken cancellationToken)
    {
        OutboxEntry now = await SayableAsync(entry, cancellationToken);
        if (now.Progress is { IsFinal: false })
        {
            try
            {
                now = now with { Progress = await registrar.AdvanceAsync(now.ToStatement(), now.Progress, least, cancellationToken) };
            }
            catch (AnchorUnavailableException refused) when (now.Signature is not null && refused.InnerException is EthereumException { Fault: EthereumFault.Reverted })
            {
                // The contract does not take this signature, for whatever reason; what waits behind it must not wait for its deadline.
                now = Unsigned(now);
            }
        }

        if (now != entry)
        {
            outbox.TryReplace(entry, now);
        }

        return now.Progress;
    }

    /// <summary>
    /// An entry as it can still be said. A signature that was used, or that the contract will not take any more, is laid aside: then the account speaks for
    /// the patient, which changes nothing where the signature was used. For a patient whom another account registered it cannot.
    /// </summary>
    private async ValueTask<OutboxEntry> SayableAsync(OutboxEntry entry, CancellationToken cancellationToken)
    {
        if (entry is { HeldUntil: null } or { Grantee: null } or { Progress.IsMined: true })
        {
            return entry;
        }

        PatientAccount account = await registrar.PatientAsync(entry.Patient, cancellationToken);
        if (entry.Signature is not null && account.Nonce == entry.Asked!.Nonce && time.GetUtcNow() < entry.Asked.Until - Margin)
        {
            return entry;
        }

        OutboxEntry unsigned = Unsigned(entry);
        return account.IsOurs ? unsigned : unsigned with { Progress = unsigned.Progress with { IsMined = true, IsFinal = true } };
    }

    private static OutboxEntry Unsigned(OutboxEntry entry) => entry with { Signature = null, HeldUntil = DateTimeOffset.UnixEpoch };

    /// <summary>Takes the next versions of Consents out of the store, in the order of their commits; false when there are more.</summary>
    private async ValueTask<bool> ScanAsync(CancellationToken cancellationToken)
    {
        // A store that was put back from a backup is behind what was looked at.
        long newest = store.Newest;
        long at = Math.Min(Math.Max(_scanned, outbox.Content.Scanned), newest);
        var entries = new List<OutboxEntry>();
        for (int taken = 0; at < newest && taken < Batch;)
        {
            long[] next = [.. Enumerable.Range(1, (int)Math.Min(PageSize, newest - at)).Select(step => at + step)];
            foreach (VersionIdentity identity in await store.IdentifyAsync(Scope, next, cancellationToken))
            {
                if (identity.Key.Type != ConsentRequest.ConsentType)
                {
                    continue;
                }

                if (await store.ReadVersionAsync(Scope, identity.Key, identity.Version, cancellationToken) is { } version && await EntryAsync(version, cancellationToken) is { } entry)
                {
                    await AddAsync(entries, entry, cancellationToken);
                }

                at = identity.Sequence;
                if (++taken == Batch)
                {
                    break;
                }
            }

            at = taken == Batch ? at : next[^1];
        }

        if (entries.Count > 0 || at < outbox.Content.Scanned || at - outbox.Content.Scanned > MostRepeated)
        {
            outbox.Add(entries, at);
        }

        // Only now: what could not be written down is looked for again.
        _scanned = at;
        return at == newest;
    }

    /// <summary>Adds what is said of a consent, after what must be said of a patient who is not in the registry.</summary>
    private async ValueTask AddAsync(List<OutboxEntry> entries, OutboxEntry entry, CancellationToken cancellationToken)
    {
        OutboxEntry identity = entry with { Grantee = null, HeldUntil = null };
        if (!entries.Exists(other => other.Grantee is null && other.Subject == entry.Subject)
            && !(entry.HeldUntil is not null && (await registrar.PatientAsync(entry.Patient, cancellationToken)).IsKnown)
            && !await registrar.SaysAsync(identity.ToStatement(), cancellationToken))
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
        if (told is null
            || await names.SaltAsync(version.Key, cancellationToken) is not { } salt
            || await names.CommitmentAsync(version, cancellationToken) is not { } commitment)
        {
            return null;
        }

        // A patient of whom there is nothing here has no secret but the Consent's.
        Element about = FhirJson.Read(told.Json).Root.Child("patient");
        string? patient = about.Exists ? about.LocalTarget(serverBase) : null;
        ResourceKey? key = patient?.Split('/') is [var type, var id] ? new ResourceKey(type, id) : null;
        byte[]? own = key is { } known ? await names.SaltAsync(known, cancellationToken) : null;
        EthereumAddress? wallet = own is null ? null : await wallets.FindAsync(key!.Value, await BeginningAsync(told, cancellationToken), cancellationToken);
        EthereumAddress subject = wallet ?? names.AddressOf(own ?? salt, patient ?? version.Key.ToString());
        return new OutboxEntry(
            Convert.ToHexStringLower(subject.ToArray()),
            names.GranteeOf(salt, version.Key).ToString(),
            Convert.ToHexStringLower(commitment),
            isGiven)
        {
            Since = time.GetUtcNow(),
            HeldUntil = wallet is null ? null : version.IsDeleted || Waiting >= MostHeld ? DateTimeOffset.UnixEpoch : time.GetUtcNow() + Patience,
        };
    }

    /// <summary>
    /// Sequence number of the version that gave what this one still gives. Who had a wallet then is known by it until that is taken back: what was entered
    /// under one address has to end under the same.
    /// </summary>
    private async ValueTask<long> BeginningAsync(StoredVersion active, CancellationToken cancellationToken)
    {
        while (active.Version > 1 && await store.ReadVersionAsync(Scope, active.Key, active.Version - 1, cancellationToken) is { } before && IsActive(before))
        {
            active = before;
        }

        return active.Sequence;
    }

    private static bool IsActive(StoredVersion version) => !version.IsDeleted && FhirJson.Read(version.Json).Root.Says("status", "active"u8);
}
