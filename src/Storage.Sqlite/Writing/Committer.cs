using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Whether a search finds exactly the resources that a guard names; an error when it would cost too much to tell.</summary>
internal delegate Result<bool> GuardSearch(Snapshot view, AccessScope scope, Finds guard);

/// <summary>
/// Applies prepared transactions one after the other within the writer's database transaction. What a transaction may be refused for
/// is found before its first row is written; anything thrown after that undoes the whole group.
/// </summary>
internal sealed partial class Committer(
    WriteStatements sql, WriterState state, RecentIndex index, PatientChains chains, Snapshot view, EngineParts parts, GuardSearch search)
{
    private const int MostOnStack = 512;

    private readonly Head _head = new();
    private readonly ResourceRows _before = new(parts);
    private readonly ResourceRows _after = new(parts);
    private readonly SubjectDirectory _subjects = new(sql, state);
    private readonly LeafMaker _leaves = new(parts.Keys);
    private byte[] _sealed = new byte[8192];

    /// <summary>To be called when a subject was erased: who comes back gets another.</summary>
    public void ForgetSubjects() => _subjects.Forget();

    /// <summary>Why what a scope may not write is not written.</summary>
    public static FhirError Forbidden => FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "This may not be written.");

    /// <summary>What a transaction came to; the versions are durable when the database transaction is.</summary>
    public Result<CommitResult> Apply(PreparedTransaction transaction)
    {
        view.Advance(state.Sequence, index.Set);
        foreach (Guard guard in transaction.Guards)
        {
            Result<bool> holds = Holds(transaction.Scope, guard);
            if (!holds.IsOk)
            {
                return holds.Error;
            }

            if (!holds.Value)
            {
                return new GuardFailed(guard);
            }
        }

        if (Refusal(transaction) is { } refusal)
        {
            return refusal;
        }

        BeginTelling(transaction.Record);
        var versions = new StoredVersion?[transaction.Writes.Count];
        for (int i = 0; i < versions.Length; i++)
        {
            versions[i] = transaction.Writes[i] is PreparedPut put ? Put(put) : Delete(transaction.Scope, transaction.Writes[i]);
        }

        return new Committed(versions) { Record = _told is { } told ? Append(Told(told)) : 0 };
    }

    /// <summary>Why nothing of a transaction can be written; null when all can.</summary>
    private FhirError? Refusal(PreparedTransaction transaction)
    {
        AccessScope scope = transaction.Scope;
        if (!scope.SeesEverything)
        {
            foreach (PreparedWrite write in transaction.Writes)
            {
                if (write is PreparedPut && TryFind(write.Identity) && !_head.IsSeenBy(scope))
                {
                    return FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The id cannot be used.");
                }
            }

            foreach (PreparedWrite write in transaction.Writes)
            {
                bool exists = TryFind(write.Identity);
                if ((exists && (write is PreparedPut || (!_head.IsDeleted && _head.IsSeenBy(scope))) && !MayReplace(scope, write))
                    || (write is PreparedPut put && (!exists || _head.IsDeleted) && !scope.MayBringAbout(put.Key.Type)))
                {
                    return Forbidden;
                }
            }
        }

        return transaction.Record is { } record ? Refusal(record, transaction.Writes) : null;
    }

    /// <summary>Whether the scope may write over, or end, what stands at the head.</summary>
    private bool MayReplace(AccessScope scope, PreparedWrite write) => scope.MayWrite(
        new ResourceFacts(_head.Type.Name, _head.Identity, _head.Keys, [.. view.PatientsOf(_head)]), write is PreparedPut ? ChangeKind.Update : ChangeKind.Delete);

    private Result<bool> Holds(AccessScope scope, Guard guard)
    {
        switch (guard)
        {
            case AtVersion at:
                bool isThere = TryFind(parts.Hasher.Reference(at.Key)) && !_head.IsDeleted && _head.IsSeenBy(scope);
                return at.Version == (isThere ? _head.Version : 0);
            case Finds finds:
                return search(view, scope, finds);
            default:
                throw new ArgumentException($"Unknown guard {guard.GetType().Name}.", nameof(guard));
        }
    }

    private bool TryFind(long identity) => view.FindIdentity(identity) is var rid and not 0 && view.TryGetHead(rid, _head);

    private StoredVersion Put(PreparedPut put)
    {
        bool exists = TryFind(put.Identity);
        long instant = state.Now();
        long rid = exists ? _head.Rid : state.NextRid();
        long version = exists ? _head.Version + 1 : 1;
        long sequence = state.NextSequence();
        Subject subject = put.Patient == 0 ? Subject.NoPerson : _subjects.Of(put.Patient);
        ChangeKind change = exists && !_head.IsDeleted ? ChangeKind.Update : ChangeKind.Create;
        int op = Operation.OfPut(change == ChangeKind.Update, put.Blobs.Count > 0, put.IsPosted);
        var row = new VersionRow(sequence, rid, version, instant, op, put.PutType, subject.Number);
        IReadOnlyList<long> old = exists && _told is not null ? view.PatientsOf(_head) : [];
        byte[] body = put.Body.Fill(version, DateTimeOffset.FromUnixTimeMilliseconds(instant));
        WriteVersion(row, put.Key, subject.Id, body, exists ? _head.Newest : 0);
        WriteBlobs(put.Blobs, sequence);
        put.SetInstant(instant);
        _before.Clear();
        if (exists)
        {
            _before.Read(_head);
        }

        WriteResource(row, put.Identity, subject.Number, put.Keys, exists);
        _after.Set(put.Rows, put.PutType, subject.Number, rid);
        _before.ChangeTo(_after, index, sequence);
        if (!exists)
        {
            index.Add(IndexRow.Value(Numbers.Identity, put.Identity, 0, rid), sequence);
        }

        state.Count(parts.Numbers.OfType(put.PutType.Id), change == ChangeKind.Create ? 1 : 0, 1);
        Tell(sequence, put.Patients, old);
        return row.Stored(put.Key, body, put.Patients);
    }

    private StoredVersion? Delete(AccessScope scope, PreparedWrite write)
    {
        if (!TryFind(write.Identity) || _head.IsDeleted || !_head.IsSeenBy(scope))
        {
            return null;
        }

        long instant = state.Now();
        long sequence = state.NextSequence();
        TypeSchema type = _head.Type;
        var row = new VersionRow(sequence, _head.Rid, _head.Version + 1, instant, Operation.OfDelete, type, _head.Subject);
        IReadOnlyList<long> patients = view.PatientsOf(_head);
        WriteVersion(row, write.Key, view.SubjectIdOf(_head.Subject)!.Value, BodyTemplate.OfDeletion(write.Key), _head.Newest);
        _before.Read(_head);
        WriteResource(row, _head.Identity, _head.Patient, _head.Coded, exists: true);
        _after.Set([], type, _head.Patient, _head.Rid);
        _before.ChangeTo(_after, index, sequence);
        state.Count(parts.Numbers.OfType(type.Id), -1, 1);
        Tell(sequence, patients, []);
        return row.Stored(write.Key, default, patients);
    }

    private void WriteVersion(in VersionRow row, ResourceKey key, SubjectId subject, byte[] body, long previousOfResource)
    {
        ReadOnlySpan<byte> sealedBody = Sealed(subject, row.Seal, body);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        sql.InsertVersion.Bind(1, row.Sequence);
        sql.InsertVersion.Bind(2, row.Rid);
        sql.InsertVersion.Bind(3, row.Version);
        sql.InsertVersion.Bind(4, row.Instant);
        sql.InsertVersion.Bind(5, row.Op);
        sql.InsertVersion.Bind(6, parts.Numbers.OfType(row.Type.Id));
        sql.InsertVersion.Bind(7, row.Subject);
        sql.InsertVersion.Bind(8, hash);
        sql.InsertVersion.Bind(9, sealedBody);
        if (parts.LedgerOrigin is { } origin)
        {
            BindLeaf(origin, row, key, subject, hash, previousOfResource);
        }

        sql.InsertVersion.Run();
    }

    /// <summary>Seals what was written; the bytes live until the next call.</summary>
    private ReadOnlySpan<byte> Sealed(SubjectId subject, in SealedVersion what, ReadOnlySpan<byte> plain)
    {
        int length = plain.Length + ResourceSealer.Overhead;
        if (_sealed.Length < length)
        {
            _sealed = new byte[length * 2];
        }

        Span<byte> sealedBytes = _sealed.AsSpan(0, length);
        SealStatus status = parts.Sealer.Seal(subject, what, plain, sealedBytes);

        // The rows of an erased subject are gone, so nothing leads to it.
        return status == SealStatus.Ok ? sealedBytes : throw new StoreException($"What was written could not be sealed: {status}.");
    }

    private void BindLeaf(string origin, in VersionRow row, ResourceKey key, SubjectId subject, ReadOnlySpan<byte> hash, long previousOfResource)
    {
        long previousOfPatient = row.Subject == 0 ? 0 : chains.Advance(row.Subject, row.Sequence);
        Span<byte> leaf = stackalloc byte[VersionLeaf.Bytes];
        VersionStatement statement = VersionLeaf.StatementOf(origin, row, key, hash, previousOfPatient, previousOfResource);
        if (!_leaves.TryCommit(subject, statement, leaf[..Hash256.Bytes]))
        {
            throw new StoreException("A version has no leaf, because its subject has no secret.");
        }

        VersionLeaf.WriteLinks(leaf, previousOfPatient, previousOfResource);
        sql.InsertVersion.Bind(10, leaf);
    }

    private void WriteResource(in VersionRow row, long identity, long patient, ReadOnlySpan<byte> keys, bool exists)
    {
        parts.Heads.Change(row.Rid, row.Sequence);
        if (exists)
        {
            if (_head.Subject != 0 && _head.Subject != row.Subject)
            {
                // Versions under the old subject remain, and its erasure must find them.
                sql.InsertMoved.Bind(1, _head.Subject);
                sql.InsertMoved.Bind(2, row.Rid);
                sql.InsertMoved.Run();
            }

            sql.UpdateResource.Bind(1, row.Sequence);
            sql.UpdateResource.Bind(2, row.Version);
            sql.UpdateResource.Bind(3, row.Instant);
            sql.UpdateResource.Bind(4, row.Op);
            sql.UpdateResource.Bind(5, row.Subject);
            sql.UpdateResource.Bind(6, patient);
            sql.UpdateResource.Bind(7, keys);
            sql.UpdateResource.Bind(8, row.Rid);
            sql.UpdateResource.Run();
            return;
        }

        sql.InsertResource.Bind(1, row.Rid);
        sql.InsertResource.Bind(2, parts.Numbers.OfType(row.Type.Id));
        sql.InsertResource.Bind(3, row.Sequence);
        sql.InsertResource.Bind(4, row.Sequence);
        sql.InsertResource.Bind(5, row.Version);
        sql.InsertResource.Bind(6, row.Instant);
        sql.InsertResource.Bind(7, row.Op);
        sql.InsertResource.Bind(8, row.Subject);
        sql.InsertResource.Bind(9, patient);
        sql.InsertResource.Bind(10, identity);
        sql.InsertResource.Bind(11, keys);
        sql.InsertResource.Run();
    }

    private void WriteBlobs(IReadOnlyList<BlobAddress> blobs, long sequence)
    {
        Span<byte> address = stackalloc byte[Digest.Bytes];
        foreach (BlobAddress blob in blobs)
        {
            blob.Sealed.Write(address);
            sql.InsertBlob.Bind(1, address);
            sql.InsertBlob.Bind(2, sequence);
            sql.InsertBlob.Run();
        }
    }
}
