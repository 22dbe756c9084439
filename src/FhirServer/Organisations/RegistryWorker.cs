using System.Security.Cryptography;
using System.Text;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Sealing;

namespace HealthChain.FhirServer.Organisations;

/// <summary>
/// Keeps the registry on the chain as this server's organisations stand: by pseudonymous addresses, and by the commitments that the ledger has
/// of the versions that decided. It compares, and so needs no event: what was missed while it did not run is caught up with. A chain that does not
/// answer is waited for; nothing of FHIR waits for it.
/// </summary>
internal sealed class RegistryWorker(
    OrganisationDirectory directory, IResourceStore store, KeyStore keys, IIdentityRegistrar registrar, RegistryBook book, TimeProvider time, Action<Exception> onFailure, ConsentRegister? consents = null)
{
    private static readonly AccessScope Scope = AccessScope.System("registry of organisations");
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // How soon a consent that was given or taken back is looked for.
    private static readonly TimeSpan Consents = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromHours(1);

    private bool _isCompared;

    public string Name => registrar.Name;

    /// <summary>How many statements are not final on the chain.</summary>
    public int Waiting => book.Waiting.Count + (consents?.Waiting ?? 0);

    /// <summary>For how long the oldest of them has waited.</summary>
    public TimeSpan WaitingTime
    {
        get
        {
            TimeSpan ofConsents = consents?.WaitingTime ?? TimeSpan.Zero;
            return book.Waiting is [var first, ..] && time.GetUtcNow() - first.Since is var waited && waited > ofConsents ? waited : ofConsents;
        }
    }

    /// <summary>Why it is behind; null when nothing went wrong.</summary>
    public string? Problem { get; private set; }

    /// <summary>The address by which the registry knows an organisation; nobody without this server's keys can tell which it is.</summary>
    public static EthereumAddress SubjectOf(KeyStore keys, string organisation)
    {
        Span<byte> key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (keys.GetCommitmentSaltKey(SubjectId.NoPerson, key) != KeyState.Present)
        {
            throw new KeyStoreException("The key that makes the registry's addresses is not there.");
        }

        byte[] hash = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes("HealthChain 1 registry subject\n" + organisation));
        CryptographicOperations.ZeroMemory(key);
        return new EthereumAddress(hash.AsSpan(..EthereumAddress.Bytes));
    }

    /// <summary>Runs until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = Pause;
        while (!cancellationToken.IsCancellationRequested)
        {
            // Asked for before looking, so that nothing is missed in between.
            Task changed = directory.Changed;
            try
            {
                TimeSpan rest = await StepAsync(cancellationToken) ? RestOf() : Pause;
                (Problem, pause) = (null, Pause);
                await Task.WhenAny(changed, Task.Delay(consents is null || rest < Consents ? rest : Consents, time, cancellationToken));
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it was: this loop is all that brings the registry up to date.
                Problem = failure.Message;
                onFailure(failure);
                await Task.Delay(pause, time, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (OperationCanceledException)
            {
                // The process stops.
            }
        }
    }

    /// <summary>One round; false when something still waits.</summary>
    public async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        // The account numbers its transactions one by one, so what has a number comes before what has none.
        if (consents is not null && !await consents.SettleAsync(cancellationToken))
        {
            return false;
        }

        foreach (string organisation in directory.Spoken.Union(book.Organisations).Where(one => one.StartsWith(Organisation.Type + "/", StringComparison.Ordinal)).ToList())
        {
            if (await WantAsync(organisation, book.NewestOf(organisation), cancellationToken) is { } wanted)
            {
                book.Add(wanted);
            }
        }

        await CompareAsync(cancellationToken);
        long least = 0;
        foreach (BookEntry entry in book.Waiting)
        {
            RegistrationProgress progress = await registrar.AdvanceAsync(entry.ToStatement(SubjectOf(keys, entry.Organisation)), entry.Progress, least, cancellationToken);
            if (progress != entry.Progress)
            {
                book.Store(entry, entry with { Progress = progress });
            }

            // Each has to be in a block before the next is sent: what is said of one organisation must be said in its order.
            if (!progress.IsMined)
            {
                return false;
            }

            least = progress.Nonce!.Value + 1;
        }

        return (consents is null || await consents.GoOnAsync(least, cancellationToken)) && book.Waiting.Count == 0;
    }

    /// <summary>What has to be said of an organisation; null when what was said last is right.</summary>
    private async ValueTask<BookEntry?> WantAsync(string reference, BookEntry? before, CancellationToken cancellationToken)
    {
        long now = time.GetUtcNow().UtcTicks;
        Organisation? organisation = directory.Find(reference);
        VerifiedSpan? verified = directory.StandingOf(reference) is OrganisationStanding.Current or OrganisationStanding.Expired ? directory.About(reference)?.LatestAt(now) : null;
        if (verified is { } span)
        {
            long until = new DateTimeOffset(Math.Clamp(span.Until - 1, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero).ToUnixTimeSeconds();

            // Who was never in the registry is in no good standing there; a verification that has run out changes nothing.
            return before is null && span.Until <= now ? null
                : await EntryAsync(before, reference, organisation, RegistryStatus.Verified, until, span.Reason.Sequence, cancellationToken);
        }

        return before is null or { Status: RegistryStatus.Suspended }
            ? null
            : await EntryAsync(before, reference, organisation, RegistryStatus.Suspended, 0, await ReasonAsync(reference, organisation, now, before, cancellationToken), cancellationToken);
    }

    /// <summary>Sequence number of the version for which an organisation is not verified any more.</summary>
    private async ValueTask<long> ReasonAsync(string reference, Organisation? organisation, long now, BookEntry before, CancellationToken cancellationToken)
    {
        if (organisation is not { IsActive: false } && directory.About(reference) is { } said && said.NewestAt(now) is { IsValidated: false } otherwise)
        {
            return otherwise.Sequence;
        }

        // It was closed or deleted, one above it was, or all that was said of it was taken back.
        StoredVersion? newest = await store.ReadAsync(Scope, new ResourceKey(Organisation.Type, reference[(Organisation.Type.Length + 1)..]), cancellationToken);
        return organisation is { IsActive: true } && directory.LastSaidOf(reference) is > 0 and var last ? last : newest?.Sequence ?? before.Sequence;
    }

    private async ValueTask<BookEntry?> EntryAsync(
        BookEntry? before, string reference, Organisation? organisation, RegistryStatus status, long until, long sequence, CancellationToken cancellationToken)
    {
        if (before is not null && before.Status == status && before.ValidUntil == until && before.Sequence == sequence)
        {
            return null;
        }

        byte[] commitment = new byte[Hash256.Bytes];
        if (await store.ReadLeavesAsync(Scope, sequence - 1, commitment, cancellationToken) != 1)
        {
            throw new IOException("The ledger has no leaf of a version that verifies or suspends an organisation.");
        }

        // The registry lets nobody change the role of a subject.
        RegistryRole role = before?.Role ?? (organisation is { IsInsurer: true } ? RegistryRole.Insurer : RegistryRole.Hospital);
        return new BookEntry(reference, role, status, until, sequence, Convert.ToHexStringLower(commitment)) { Since = time.GetUtcNow() };
    }

    /// <summary>Once after a start: whether the chain still says what was final there. A development chain may have begun anew.</summary>
    private async ValueTask CompareAsync(CancellationToken cancellationToken)
    {
        if (_isCompared)
        {
            return;
        }

        foreach (BookEntry entry in book.Final.ToList())
        {
            if (!book.Waiting.Any(waiting => waiting.Organisation == entry.Organisation)
                && !await registrar.SaysAsync(entry.ToStatement(SubjectOf(keys, entry.Organisation)), cancellationToken))
            {
                book.Drop(entry);
                book.Add(entry with { Progress = default, Since = time.GetUtcNow() });
            }
        }

        _isCompared = true;
    }

    /// <summary>Until an organisation may stand otherwise without anybody writing anything.</summary>
    private TimeSpan RestOf()
    {
        long now = time.GetUtcNow().UtcTicks;
        long next = directory.Spoken.Select(organisation => directory.About(organisation)?.NextChangeAfter(now) ?? long.MaxValue).DefaultIfEmpty(long.MaxValue).Min();
        return next - now < LongestRest.Ticks ? TimeSpan.FromTicks(next - now) + TimeSpan.FromMilliseconds(1) : LongestRest;
    }
}
