using System.Runtime.CompilerServices;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Blobs;

namespace HealthChain.Storage.ContractTests.Model;

/// <summary>
/// The contract in its simplest form: all versions in a list, every search a filter over all of them. The oracle for the engines and
/// a store for tests that need no durable one. One lock, no index.
/// </summary>
public sealed partial class ModelStore(StoreSetup setup) : IResourceStore
{
    private readonly Lock _lock = new();
    private readonly List<ModelVersion> _versions = [];
    private readonly ModelLedger _ledger = new(setup.LedgerOrigin);
    private readonly HashSet<long> _erased = [];
    private readonly Dictionary<long, IReadOnlyList<BlobAddress>> _blobs = [];
    private readonly Dictionary<ResourceKey, ModelVersion> _newest = [];
    private readonly SearchExtractor _extractor = new(setup.Parameters);
    private readonly IndexKeyWriter _keys = new(setup.Hasher);
    private readonly List<ICommitFollower> _followers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult(NewestOf(scope, key)?.Stored);
        }
    }

    public ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult(
                Kept().FirstOrDefault(candidate => candidate.Stored.Key == key && candidate.Stored.Version == version && Exists(scope, candidate))?.Stored);
        }
    }

    public ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            SearchPage page = View(scope).Search(request, _ledger.Size, sequence => _versions.First(version => version.Stored.Sequence == sequence));
            return ValueTask.FromResult<Result<SearchPage>>(page);
        }
    }

    public ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            StoredVersion[] all = [.. Kept().Where(version => IsAsked(scope, request, version.Stored) && Exists(scope, version)).Select(version => version.Stored).Reverse()];
            StoredVersion[] rest = [.. all.Where(version => request.Before is not { } before || version.Sequence < before)];
            StoredVersion[] page = [.. rest.Take(request.Count)];
            long? next = page.Length > 0 && rest.Length > page.Length ? page[^1].Sequence : null;
            bool isCounted = scope.SeesEverything || (request.Before is null && rest.Length == page.Length);
            return ValueTask.FromResult(new HistoryPage(page, isCounted ? all.Length : null, next));
        }
    }

    public ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (transaction.Writes.DistinctBy(write => write.Key).Count() != transaction.Writes.Count)
        {
            throw new ArgumentException("A transaction writes each resource once.", nameof(transaction));
        }

        lock (_lock)
        {
            if (transaction.Writes.OfType<Put>().Any(put => !MayWrite(scope, Made(put, Now()), put.IsPosted ? ChangeKind.Create : ChangeKind.Update)))
            {
                return ValueTask.FromResult<Result<CommitResult>>(Forbidden);
            }

            ModelView view = View(scope);
            if (transaction.Guards.FirstOrDefault(guard => !Holds(scope, view, guard)) is { } failed)
            {
                return ValueTask.FromResult<Result<CommitResult>>(new GuardFailed(failed));
            }

            if (transaction.Writes.Any(write => write is Put && _newest.TryGetValue(write.Key, out ModelVersion? newest) && !Exists(scope, newest)))
            {
                return ValueTask.FromResult<Result<CommitResult>>(FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The id cannot be used."));
            }

            if (transaction.Writes.Any(write => _newest.TryGetValue(write.Key, out ModelVersion? old)
                && (write is Put || (!old.Stored.IsDeleted && Exists(scope, old))) && !MayWrite(scope, old, write is Put ? ChangeKind.Update : ChangeKind.Delete))
                || transaction.Writes.OfType<Put>().Any(put => !scope.SeesEverything
                    && _newest.GetValueOrDefault(put.Key)?.Stored.IsDeleted != false && !scope.MayBringAbout(put.Key.Type)))
            {
                return ValueTask.FromResult<Result<CommitResult>>(Forbidden);
            }

            if (transaction.Record is { } record && Refusal(record) is { } refusal)
            {
                return ValueTask.FromResult<Result<CommitResult>>(refusal);
            }

            (ModelVersion? Old, ModelVersion? New)[] versions = [.. transaction.Writes.Select(write => (_newest.GetValueOrDefault(write.Key), Apply(scope, write)))];
            long sequence = transaction.Record is { } body
                ? _ledger.Add(Completed(body, versions.Where(version => version.New is not null).Select(version => (version.Old, version.New!))), Now())
                : 0;
            StoredVersion?[] written = [.. versions.Select(version => version.New?.Stored)];
            _followers.ForEach(follower => follower.Note(written, key => _newest.GetValueOrDefault(key)?.Stored));
            Wake();
            return ValueTask.FromResult<Result<CommitResult>>(new Committed(written) { Record = sequence });
        }
    }

    public async IAsyncEnumerable<StoredVersion> ChangesAsync(
        AccessScope scope, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StoredVersion[] changes;
        lock (_lock)
        {
            changes = [.. Kept().Where(version => version.Stored.Sequence > after && Exists(scope, version)).Select(version => version.Stored)];
        }

        foreach (StoredVersion change in changes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return change;
        }

        await ValueTask.CompletedTask;
    }

    public ValueTask<Result<Erasure>> EraseAsync(
        AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (patient.Type != "Patient" || NewestOf(scope, patient) is null)
            {
                return ValueTask.FromResult<Result<Erasure>>(FhirError.NotFound("There is no such patient."));
            }

            HashSet<ResourceKey> gone = [.. _newest.Values.Where(version => OwnerOf(version) == patient).Select(version => version.Stored.Key)];
            long[] versions = [.. Kept().Where(version => gone.Contains(version.Stored.Key) || OwnerOf(version) == patient).Select(version => version.Stored.Sequence)];
            _erased.UnionWith(versions);
            foreach (ResourceKey key in gone)
            {
                _newest.Remove(key);
            }

            _ledger.Erase(HashOf(patient), versions, record, Now());
            _followers.ForEach(follower => follower.Forget(gone.Select(HashOf).ToHashSet()));
            Wake();
            return ValueTask.FromResult<Result<Erasure>>(new Erasure(gone.Count, versions.Length));
        }
    }

    public ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_newest.Values.LongCount(version => !version.Stored.IsDeleted && (type is null || version.Stored.Key.Type == type)));
        }
    }

    public async IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobAddress[] blobs;
        lock (_lock)
        {
            blobs = [.. Kept().SelectMany(version => _blobs.GetValueOrDefault(version.Stored.Sequence, [])).Distinct()];
        }

        foreach (BlobAddress blob in blobs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return blob;
        }

        await ValueTask.CompletedTask;
    }

    public void Follow(ICommitFollower follower)
    {
        lock (_lock)
        {
            _followers.Add(follower);
        }
    }

    public async ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_ledger.Size > after)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Wake()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private IEnumerable<ModelVersion> Kept() => _versions.Where(version => !_erased.Contains(version.Stored.Sequence));

    /// <summary>The one patient in whose compartment it is, present or not; null for none or several.</summary>
    private ResourceKey? OwnerOf(ModelVersion version)
    {
        if (PatientsWithin.Decides(version.Type))
        {
            return new PatientsWithin(setup.Parameters, null).OnlyOneOf(version.Tree.Root) is { } only ? new ResourceKey("Patient", only) : null;
        }

        return PatientsOf(version) is { Count: 1 } patients ? patients.Single() : null;
    }

    /// <summary>All patients in whose compartment it is or whose data it holds, present or not.</summary>
    private HashSet<ResourceKey> PatientsOf(ModelVersion version)
    {
        if (PatientsWithin.Decides(version.Type))
        {
            return [.. new PatientsWithin(setup.Parameters, null).Of(version.Tree.Root).Where(id => !id.Contains('/')).Select(id => new ResourceKey("Patient", id))];
        }

        return setup.Parameters.Compartment("Patient", version.Type) is not { } membership ? []
            : membership.IsSelf ? [version.Stored.Key]
            : [.. membership.Parameters.SelectMany(parameter => version.Targets(parameter)).Where(key => key.Type == "Patient")];
    }

    private ModelView View(AccessScope scope) =>
        new(setup.Parameters, scope, [.. _newest.Values.Where(version => !version.Stored.IsDeleted && Exists(scope, version))]);

    private ModelVersion? NewestOf(AccessScope scope, ResourceKey key) =>
        _newest.TryGetValue(key, out ModelVersion? newest) && Exists(scope, newest) ? newest : null;

    private bool Exists(AccessScope scope, ModelVersion version) =>
        scope.SeesEverything
        || (scope.MaySee(version.Stored.Key.Type) && scope.Sees(Facts(version)) && scope.Sees(Facts(_newest[version.Stored.Key])));

    private ResourceFacts Facts(ModelVersion version)
    {
        (string type, string id) = (version.Stored.Key.Type, version.Stored.Key.Id);
        return new ResourceFacts(type, setup.Hasher.Reference(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(id)), version.Keys);
    }

    private bool IsAsked(AccessScope scope, HistoryRequest request, StoredVersion version) =>
        (request.Type is null || version.Key.Type == request.Type)
        && (request.Id is null || version.Key.Id == request.Id)
        && (request.Since is not { } since || version.LastUpdated >= since)
        && (request.At is not { } at || WasCurrent(scope, version, at.From, at.To));

    private bool WasCurrent(AccessScope scope, StoredVersion version, DateTimeOffset from, DateTimeOffset to)
    {
        ModelVersion? next = Kept().FirstOrDefault(candidate => candidate.Stored.Key == version.Key && candidate.Stored.Version > version.Version && Exists(scope, candidate));
        return version.LastUpdated <= to && (next is null || next.Stored.LastUpdated > from);
    }

    private bool Holds(AccessScope scope, ModelView view, Guard guard) => guard switch
    {
        AtVersion at => at.Version == (NewestOf(scope, at.Key) is { Stored.IsDeleted: false } newest ? newest.Stored.Version : 0),
        Finds finds => view.Find(finds.Type, finds.Criterion).ToHashSet().SetEquals(finds.Keys),
        _ => throw new ArgumentException($"Unknown guard {guard.GetType().Name}.", nameof(guard)),
    };

    private static FhirError Forbidden => FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "This may not be written.");

    private bool MayWrite(AccessScope scope, ModelVersion version, ChangeKind kind)
    {
        ResourceFacts facts = Facts(version);
        return scope.SeesEverything || scope.MayWrite(
            new ResourceFacts(facts.Type, facts.Id, facts.Keys, [.. PatientsOf(version).Select(setup.Hasher.Reference).Distinct()]), kind);
    }

    /// <summary>What a put would make.</summary>
    private ModelVersion Made(Put put, DateTimeOffset now) => Extract(new StoredVersion(put.Key, 1, now, 1, ChangeKind.Create, ModelMeta.Fill(put, 1, now)), 1);

    private ModelVersion? Apply(AccessScope scope, Write write)
    {
        ModelVersion? before = _newest.GetValueOrDefault(write.Key);
        if (write is Delete && (before is null || before.Stored.IsDeleted || !Exists(scope, before)))
        {
            return null;
        }

        long number = (before?.Stored.Version ?? 0) + 1;
        long sequence = _ledger.Size + 1;
        DateTimeOffset now = Now();
        ModelVersion version;
        if (write is Put put)
        {
            byte[] json = ModelMeta.Fill(put, number, now);
            ChangeKind change = before is null || before.Stored.IsDeleted ? ChangeKind.Create : ChangeKind.Update;
            var stored = new StoredVersion(write.Key, number, now, sequence, change, json) { HasBlobs = put.Blobs.Count > 0, IsPosted = put.IsPosted };
            version = Extract(stored, before?.Created ?? sequence);
            version = version with { Stored = stored with { Patients = [.. PatientsOf(version).Select(HashOf)] } };
            _blobs[sequence] = put.Blobs;
        }
        else
        {
            version = before! with
            {
                Stored = new StoredVersion(write.Key, number, now, sequence, ChangeKind.Delete, default) { Patients = before!.Stored.Patients },
            };
        }

        _versions.Add(version);
        _newest[write.Key] = version;
        _ledger.Add(version.Stored, before?.Stored.Sequence ?? 0, OwnerOf(version) is { } owner ? HashOf(owner) : null);
        return version;
    }

    private ModelVersion Extract(StoredVersion stored, long created)
    {
        Element root = FhirJson.Read(stored.Json).Root;
        var values = new IndexValues();
        _extractor.Extract(root, values);
        var keys = new List<IndexKey>();
        _keys.Write(values, keys);
        return new ModelVersion(stored, created, root.Tree, values, [.. keys]);
    }

    /// <summary>To the millisecond; a clock that is set back does not turn the order of versions around.</summary>
    private DateTimeOffset Now()
    {
        DateTimeOffset now = setup.Time.GetUtcNow();
        now = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        return _ledger.Newest > now ? _ledger.Newest : now;
    }
}
