using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.ContractTests.Model;

/// <summary>The ledger in its simplest form: all statements in a list, each with its owner; who is erased has no openings any more.</summary>
internal sealed class ModelLedger(string origin)
{
    private readonly List<Leaf> _leaves = [];
    private readonly Dictionary<long, long> _last = [];

    public long Size => _leaves.Count;

    /// <summary>When the last was written.</summary>
    public DateTimeOffset Newest => _leaves.Count == 0 ? DateTimeOffset.MinValue : DateTimeOffset.FromUnixTimeMilliseconds(_leaves[^1].Statement.Instant);

    public void Add(StoredVersion version, long previousOfResource, long? owner)
    {
        VersionOperation operation = version.Change switch
        {
            ChangeKind.Create => VersionOperation.Create,
            ChangeKind.Update => VersionOperation.Update,
            _ => VersionOperation.Delete,
        };
        Append(
            new VersionStatement(
                origin,
                version.Sequence,
                version.LastUpdated.ToUnixTimeMilliseconds(),
                version.Key.Type,
                version.Key.Id,
                version.Version,
                operation,
                version.IsDeleted ? default : Hash256.Of(version.Json.Span),
                previousOfResource,
                owner is { } patient ? Advance(patient) : 0),
            null,
            owner is null ? [] : [owner.Value]);
    }

    public long Add(LedgerRecord record, DateTimeOffset now)
    {
        // Of whom nothing was written there is no chain.
        long[] patients = [.. record.Patients.Distinct()];
        long[] known = [.. patients.Where(_last.ContainsKey)];
        long[] accessed = [.. record.Accessed.Distinct().Order()];
        var previous = new SequenceList([.. patients.Select(patient => known.Contains(patient) ? Advance(patient) : 0)]);
        Hash256 body = Hash256.Of(record.Body.Span);
        long instant = now.ToUnixTimeMilliseconds();
        Append(
            record.Kind == StatementKind.Access
                ? new AccessStatement(origin, Size + 1, instant, body, SequenceSet.Of(accessed), record.Consent, previous)
                : new EventStatement(origin, Size + 1, instant, body),
            new StoredRecord(record.Kind, Size + 1, DateTimeOffset.FromUnixTimeMilliseconds(instant), accessed, record.Consent, record.Body),
            patients.Length == 1 ? known : [],
            known);
        return Size;
    }

    public void Erase(long patient, IEnumerable<long> versions, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        long[] records = [.. _leaves.Where(leaf => leaf.Record is not null && leaf.Owners.Contains(patient)).Select(leaf => leaf.Statement.Sequence)];
        long[] erased = [.. versions.Concat(records).Order()];
        foreach (long sequence in erased)
        {
            _leaves[(int)sequence - 1] = _leaves[(int)sequence - 1] with { IsErased = true, Owners = [], Concerned = [] };
        }

        // Of several patients whom a record concerns, one is known no more.
        for (int i = 0; i < _leaves.Count; i++)
        {
            _leaves[i] = _leaves[i] with { Concerned = [.. _leaves[i].Concerned.Where(concerned => concerned != patient)] };
        }

        long instant = now.ToUnixTimeMilliseconds();
        var statement = new ErasureStatement(origin, Size + 1, instant, Hash256.Of(body.Span), SequenceSet.Of(erased), _last[patient]);
        _last.Remove(patient);
        Append(statement, new StoredRecord(StatementKind.Erasure, Size + 1, DateTimeOffset.FromUnixTimeMilliseconds(instant), erased, 0, body), []);
    }

    /// <param name="resolve">The patient with that hash, if there is one.</param>
    public StoredRecord? Record(AccessScope scope, long sequence, Func<long, ResourceKey?> resolve) => Seen(scope, sequence) is { Record: { } record } leaf
        ? record with { Patients = [.. leaf.Concerned.Select(resolve).OfType<ResourceKey>()] }
        : null;

    public RecordPage Records(AccessScope scope, RecordQuery query, long? patient, Func<long, ResourceKey?> resolve)
    {
        StoredRecord[] rest =
        [
            .. _leaves
                .Where(leaf => patient is null || leaf.Concerned.Contains(patient.Value))
                .Select(leaf => Record(scope, leaf.Statement.Sequence, resolve))
                .OfType<StoredRecord>()
                .Where(record => IsAsked(query, record))
                .Reverse(),
        ];
        StoredRecord[] page = [.. rest.Take(query.Count)];
        return new RecordPage(page, rest.Length > page.Length && page.Length > 0 ? page[^1].Sequence : null);
    }

    public LeafOpening? OpenRecord(AccessScope scope, long sequence) =>
        Seen(scope, sequence) is { Record: not null } ? Open(sequence) : null;

    public LeafOpening? Open(long sequence) => _leaves[(int)sequence - 1] is { IsErased: false } leaf
        ? new LeafOpening(sequence, leaf.Statement.ToArray(), SaltOf(sequence))
        : null;

    public int Read(long after, Span<byte> commitments)
    {
        int count = 0;
        for (; after + count < Size && (count + 1) * Hash256.Bytes <= commitments.Length; count++)
        {
            Leaf leaf = _leaves[(int)after + count];
            Commitment.Write(leaf.Statement.ToArray(), SaltOf(leaf.Statement.Sequence), commitments[(count * Hash256.Bytes)..]);
        }

        return count;
    }

    private static byte[] SaltOf(long sequence) => SHA256.HashData(Encoding.ASCII.GetBytes($"salt {sequence}"))[..Commitment.SaltBytes];

    private static bool IsAsked(RecordQuery query, StoredRecord record) =>
        (query.Before is not { } before || record.Sequence < before)
        && (query.From is not { } from || record.Instant >= from)
        && (query.Until is not { } until || record.Instant < until)
        && (query.Kind is not { } kind || record.Kind == kind);

    private Leaf? Seen(AccessScope scope, long sequence)
    {
        if (sequence < 1 || sequence > Size || _leaves[(int)sequence - 1] is { IsErased: true } or { Record: null })
        {
            return null;
        }

        Leaf leaf = _leaves[(int)sequence - 1];
        return scope.SeesEverything || scope.SeesRecord(new RecordFacts(leaf.Statement.Kind, leaf.Concerned)) ? leaf : null;
    }

    private long Advance(long patient)
    {
        long previous = _last.GetValueOrDefault(patient);
        _last[patient] = Size + 1;
        return previous;
    }

    private void Append(Statement statement, StoredRecord? record, long[] owners, long[]? concerned = null) =>
        _leaves.Add(new Leaf(statement, record, owners, concerned ?? owners, IsErased: false));

    private sealed record Leaf(Statement Statement, StoredRecord? Record, long[] Owners, long[] Concerned, bool IsErased);
}
