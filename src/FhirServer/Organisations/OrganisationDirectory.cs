using System.Collections.Concurrent;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Organisations;

/// <summary>
/// How all organisations of this server stand, in memory: read at the start, and kept up with every commit before anybody can read it
/// (<see cref="ICommitFollower"/>), so that a verification or suspension counts for the next request.
/// </summary>
/// <remarks>Asking is lock-free. What is read at the start may be told of by a commit before: of each resource the newest version counts.</remarks>
internal sealed class OrganisationDirectory(IResourceStore store, ServerOptions options, TimeProvider time) : IOrganisationStatus, ICommitFollower, IHostedService
{
    /// <summary>Organisations nest in departments and wards; whatever is deeper is a mistake, or a circle.</summary>
    private const int MaxDepth = 16;

    private const int PageSize = 1000;

    private static readonly AccessScope Scope = AccessScope.System("verified organisations");

    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, Organisation> _organisations = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Statements> _statements = new(StringComparer.Ordinal);

    // Only under the lock. A deletion stays as null, so that an older version that is told of later does not bring it back.
    private readonly Dictionary<ResourceKey, (long Sequence, Verification? Said)> _verifications = [];
    private readonly Dictionary<string, long> _organisationSequences = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<ResourceKey>> _about = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _lastSaid = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next change; ask for it before looking at what it may change.</summary>
    public Task Changed
    {
        get
        {
            lock (_writing)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>What VerificationResults speak of.</summary>
    public IEnumerable<string> Spoken => _statements.Keys;

    public bool IsCurrent(string reference) => StandingOf(reference) == OrganisationStanding.Current;

    public OrganisationStanding StandingOf(string reference)
    {
        long now = time.GetUtcNow().UtcTicks;
        string above = reference;
        for (int depth = 0; depth < MaxDepth && _organisations.TryGetValue(above, out Organisation? organisation); depth++)
        {
            if (!organisation.IsActive)
            {
                return OrganisationStanding.Suspended;
            }

            OrganisationStanding own = _statements.TryGetValue(above, out Statements? said) ? said.StandingAt(now) : OrganisationStanding.Unverified;
            if (own != OrganisationStanding.Unverified)
            {
                // What is said of it is not enough if one above it is closed.
                return own == OrganisationStanding.Current && IsClosedAbove(organisation, depth) ? OrganisationStanding.Suspended : own;
            }

            if (organisation.PartOf is not { } next)
            {
                break;
            }

            above = next;
        }

        return OrganisationStanding.Unverified;
    }

    /// <summary>The organisation as it is stored; null when it is not.</summary>
    public Organisation? Find(string reference) => _organisations.GetValueOrDefault(reference);

    /// <summary>What is said of an organisation itself; null when nothing is.</summary>
    public Statements? About(string reference) => _statements.GetValueOrDefault(reference);

    /// <summary>Sequence number of the newest version that said something of it or took it back; 0 when none did since the start.</summary>
    public long LastSaidOf(string reference) => _lastSaid.GetValueOrDefault(reference);

    void ICommitFollower.Note(IReadOnlyList<StoredVersion?> versions, Func<ResourceKey, StoredVersion?> newest) => Apply(versions);

    /// <summary>Nothing: organisations are not erased.</summary>
    void ICommitFollower.Forget(IReadOnlySet<long> resources)
    {
    }

    /// <summary>Takes note of what was committed.</summary>
    public void Apply(IReadOnlyList<StoredVersion?> versions)
    {
        for (int i = 0; i < versions.Count; i++)
        {
            if (versions[i] is { } version && version.Key.Type is Verification.Type or Organisation.Type)
            {
                Apply(version);
            }
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Follow(this);
        foreach (string type in new[] { Organisation.Type, Verification.Type })
        {
            var search = new SearchRequest { Types = [ResourceTypes.Find(type)!], Count = PageSize };
            while (true)
            {
                SearchPage page = (await store.SearchAsync(Scope, search, cancellationToken)).Value;
                Apply(page.Matches);
                if (page.Next is null)
                {
                    break;
                }

                search = search with { After = page.Next };
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private bool IsClosedAbove(Organisation organisation, int depth)
    {
        while (organisation.PartOf is { } above && ++depth < MaxDepth && _organisations.TryGetValue(above, out Organisation? next))
        {
            if (!next.IsActive)
            {
                return true;
            }

            organisation = next;
        }

        return false;
    }

    private void Apply(StoredVersion version)
    {
        lock (_writing)
        {
            if (version.Key.Type == Verification.Type ? TryApplyVerification(version) : TryApplyOrganisation(version))
            {
                TaskCompletionSource before = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                before.SetResult();
            }
        }
    }

    private bool TryApplyOrganisation(StoredVersion version)
    {
        string reference = version.Key.ToString();
        if (_organisationSequences.TryGetValue(reference, out long known) && known >= version.Sequence)
        {
            return false;
        }

        _organisationSequences[reference] = version.Sequence;
        if (Organisation.Read(version, options.BaseUrl) is { } organisation)
        {
            _organisations[reference] = organisation;
        }
        else
        {
            _organisations.TryRemove(reference, out _);
        }

        return true;
    }

    private bool TryApplyVerification(StoredVersion version)
    {
        (long Sequence, Verification? Said) before = _verifications.GetValueOrDefault(version.Key);
        if (before.Sequence >= version.Sequence)
        {
            return false;
        }

        Verification? now = Verification.Read(version, options.BaseUrl);
        _verifications[version.Key] = (version.Sequence, now);
        string[] dropped = [.. (before.Said?.Targets ?? []).Except(now?.Targets ?? [])];
        foreach (string target in dropped)
        {
            _about[target].Remove(version.Key);
            _lastSaid[target] = version.Sequence;
            Restate(target);
        }

        foreach (string target in now?.Targets ?? [])
        {
            if (!_about.TryGetValue(target, out HashSet<ResourceKey>? about))
            {
                _about[target] = about = [];
            }

            about.Add(version.Key);
            _lastSaid[target] = version.Sequence;
            Restate(target);
        }

        return true;
    }

    private void Restate(string target)
    {
        HashSet<ResourceKey> about = _about[target];
        if (about.Count == 0)
        {
            _about.Remove(target);
            _statements.TryRemove(target, out _);
            return;
        }

        _statements[target] = new Statements([.. about.Select(key => _verifications[key].Said!)]);
    }
}
