using System.Runtime.CompilerServices;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.ContractTests.Model;

/// <summary>
/// The contract in its simplest form: all versions in a list, every search a filter over all of them. The oracle for the engines and
/// a store for tests that need no durable one. One lock, no index.
/// </summary>
public sealed class ModelStore(StoreSetup setup) : IResourceStore
{
    private readonly Lock _lock = new();
    private readonly List<ModelVersion> _versions = [];
    private readonly Dictionary<ResourceKey, ModelVersion> _newest = [];
    private readonly SearchExtractor _extractor = new(setup.Parameters);
    private readonly IndexKeyWriter _keys = new(setup.Hasher);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult(Newest(scope, key)?.Stored);
        }
    }

    public ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult(
                _versions.Find(candidate => candidate.Stored.Key == key && candidate.Stored.Version == version && Exists(scope, candidate))?.Stored);
        }
    }

    public ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            SearchPage page = View(scope).Search(request, _versions.Count, sequence => _versions[(int)sequence - 1]);
            return ValueTask.FromResult<Result<SearchPage>>(page);
        }
    }

    public ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            StoredVersion[] all = [.. _versions.Where(version => IsAsked(request, version.Stored) && Exists(scope, version)).Select(version => version.Stored).Reverse()];
            StoredVersion[] rest = [.. all.Where(version => request.Before is not { } before || version.Sequence < before)];
            StoredVersion[] page = [.. rest.Take(request.Count)];
            long? next = page.Length > 0 && rest.Length > page.Length ? page[^1].Sequence : null;
            return ValueTask.FromResult(new HistoryPage(page, all.Length, next));
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
            ModelView view = View(scope);
            if (transaction.Guards.FirstOrDefault(guard => !Holds(scope, view, guard)) is { } failed)
            {
                return ValueTask.FromResult<Result<CommitResult>>(new GuardFailed(failed));
            }

            if (transaction.Writes.Any(write => write is Put && _newest.TryGetValue(write.Key, out ModelVersion? newest) && !Exists(scope, newest)))
            {
                return ValueTask.FromResult<Result<CommitResult>>(FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The id cannot be used."));
            }

            StoredVersion?[] versions = [.. transaction.Writes.Select(write => Apply(scope, write))];
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return ValueTask.FromResult<Result<CommitResult>>(new Committed(versions));
        }
    }

    public async IAsyncEnumerable<StoredVersion> ChangesAsync(
        AccessScope scope, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StoredVersion[] changes;
        lock (_lock)
        {
            changes = [.. _versions.Skip((int)after).Where(version => Exists(scope, version)).Select(version => version.Stored)];
        }

        foreach (StoredVersion change in changes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return change;
        }

        await ValueTask.CompletedTask;
    }

    public async ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_versions.Count > after)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ModelView View(AccessScope scope) =>
        new(setup.Parameters, [.. _newest.Values.Where(version => !version.Stored.IsDeleted && Exists(scope, version))]);

    private ModelVersion? Newest(AccessScope scope, ResourceKey key) =>
        _newest.TryGetValue(key, out ModelVersion? newest) && Exists(scope, newest) ? newest : null;

    private bool Exists(AccessScope scope, ModelVersion version) =>
        scope.SeesEverything
        || (scope.MaySee(version.Stored.Key.Type) && scope.Sees(Facts(version)) && scope.Sees(Facts(_newest[version.Stored.Key])));

    private ResourceFacts Facts(ModelVersion version)
    {
        (string type, string id) = (version.Stored.Key.Type, version.Stored.Key.Id);
        return new ResourceFacts(type, setup.Hasher.Reference(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(id)), version.Keys);
    }

    private bool IsAsked(HistoryRequest request, StoredVersion version) =>
        (request.Type is null || version.Key.Type == request.Type)
        && (request.Id is null || version.Key.Id == request.Id)
        && (request.Since is not { } since || version.LastUpdated >= since)
        && (request.At is not { } at || WasCurrent(version, at.From, at.To));

    private bool WasCurrent(StoredVersion version, DateTimeOffset from, DateTimeOffset to)
    {
        ModelVersion? next = _versions.Find(candidate => candidate.Stored.Key == version.Key && candidate.Stored.Version == version.Version + 1);
        return version.LastUpdated <= to && (next is null || next.Stored.LastUpdated > from);
    }

    private bool Holds(AccessScope scope, ModelView view, Guard guard) => guard switch
    {
        AtVersion at => at.Version == (Newest(scope, at.Key) is { Stored.IsDeleted: false } newest ? newest.Stored.Version : 0),
        Finds finds => view.Find(finds.Type, finds.Criterion).ToHashSet().SetEquals(finds.Keys),
        _ => throw new ArgumentException($"Unknown guard {guard.GetType().Name}.", nameof(guard)),
    };

    private StoredVersion? Apply(AccessScope scope, Write write)
    {
        ModelVersion? before = _newest.GetValueOrDefault(write.Key);
        if (write is Delete && (before is null || before.Stored.IsDeleted || !Exists(scope, before)))
        {
            return null;
        }

        long number = (before?.Stored.Version ?? 0) + 1;
        long sequence = _versions.Count + 1;
        DateTimeOffset now = Now();
        ModelVersion version;
        if (write is Put put)
        {
            byte[] json = ModelMeta.Fill(put, number, now);
            ChangeKind change = before is null || before.Stored.IsDeleted ? ChangeKind.Create : ChangeKind.Update;
            version = Extract(new StoredVersion(write.Key, number, now, sequence, change, json), before?.Created ?? sequence);
        }
        else
        {
            version = before! with { Stored = new StoredVersion(write.Key, number, now, sequence, ChangeKind.Delete, default) };
        }

        _versions.Add(version);
        _newest[write.Key] = version;
        return version.Stored;
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
        return _versions.Count > 0 && _versions[^1].Stored.LastUpdated > now ? _versions[^1].Stored.LastUpdated : now;
    }
}
