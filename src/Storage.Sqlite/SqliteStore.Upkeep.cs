using System.Runtime.CompilerServices;
using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite;

// Erasing, indexing again, and the blobs in use.
public sealed partial class SqliteStore
{
    public async ValueTask<Result<Erasure>> EraseAsync(
        AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Result<Result<Erasure>> outcome = await _writer.RunAloneAsync(session => _parts.Heads.Rewrite(() => new Eraser(session, _parts).Erase(scope, patient, record.Span)));
        _search.Forget();
        return outcome.Error is { } error ? error : outcome.Value;
    }

    public async ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken)
    {
        // From here on the rows of all resources that nobody changes are in the tables.
        await AloneAsync(session => session.Drain());
        TypeSchema? schema = type is null ? null : FhirSchema.R4.Type(type);
        long count = type is null || schema is not null ? await ReindexAsync(schema, cancellationToken) : 0;
        if (type is null)
        {
            await AloneAsync(session => ParameterFingerprint.Write(session.Connection, _parts.Parameters));
            _parametersChanged = false;
        }

        return count;
    }

    public async IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int AtOnce = 256;
        var blobs = new List<BlobAddress>(AtOnce);
        BlobAddress? last = null;
        do
        {
            blobs.Clear();
            using (ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken))
            {
                rented.Snapshot.FindBlobs(last, blobs, AtOnce);
            }

            foreach (BlobAddress blob in blobs)
            {
                yield return blob;
                last = blob;
            }
        }
        while (blobs.Count == AtOnce);
    }

    private async Task<long> ReindexAsync(TypeSchema? type, CancellationToken cancellationToken)
    {
        const int AtOnce = 200;
        var rids = new List<long>(AtOnce + 1);
        var batch = new List<Reindexed>(AtOnce);
        long count = 0;
        bool isLast;
        long after = 0;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            rids.Clear();
            batch.Clear();
            using (ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken))
            {
                isLast = rented.Snapshot.FindAll(type, after, rids, AtOnce);
                Compute(rented.Snapshot, rids, batch);
            }

            await AloneAsync(session => _parts.Heads.Rewrite(() =>
            {
                new Reindexing(session, _parts).Write(batch);
                return batch.Count;
            }));
            count += batch.Count(resource => !resource.IsDeleted);
            after = rids.Count > 0 ? rids[^1] : after;
        }
        while (!isLast);
        return count;
    }

    private void Compute(Snapshot snapshot, List<long> rids, List<Reindexed> batch)
    {
        var head = new Head();
        foreach (long rid in rids)
        {
            // A deletion has the keys of the version that it ended.
            if (snapshot.TryGetHead(rid, head)
                && snapshot.FindVersion(rid, head.IsDeleted ? head.Version - 1 : head.Version) is { } row
                && snapshot.Open(row.Sequence) is { } version)
            {
                batch.Add(Reindexing.Of(head, row.Instant, version, _preparers));
            }
        }
    }

    private async Task AloneAsync(Action<WriterSession> work)
    {
        Result<bool> outcome = await _writer.RunAloneAsync(session =>
        {
            work(session);
            return true;
        });
        _ = outcome.Value;
    }
}
