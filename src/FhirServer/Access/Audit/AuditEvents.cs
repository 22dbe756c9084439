using System.Globalization;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Access.Log;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// Access records as AuditEvents. Each has one version and an id that is its place in the ledger: <c>AuditEvent/log-4711</c>. Nothing of
/// them is stored; they are written when somebody reads them, as much of them as that reader may know.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class AuditEvents(IResourceStore engine, IndexHasher hasher, AuditEventText text)
{
    public const string Type = "AuditEvent";

    private const string IdStart = "log-";

    /// <summary>Looks up what records name by number; what of it the reader may know is decided record by record.</summary>
    private static readonly AccessScope Everything = AccessScope.System("what access records name");

    /// <summary>The record whose AuditEvent has that key; null for every other resource.</summary>
    public static long? SequenceOf(ResourceKey key) =>
        key.Type == Type
        && key.Id.StartsWith(IdStart, StringComparison.Ordinal)
        && long.TryParse(key.Id.AsSpan(IdStart.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)
        && IdOf(sequence) == key.Id
            ? sequence
            : null;

    public static string IdOf(long sequence) => IdStart + sequence.ToString(CultureInfo.InvariantCulture);

    /// <summary>The AuditEvent of a record; null when there is none for the scope.</summary>
    public async ValueTask<StoredVersion?> ReadAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        scope.MaySee(Type)
        && await engine.ReadRecordAsync(scope, sequence, cancellationToken) is { Kind: StatementKind.Access } record
            ? (await WriteAsync(scope, [record], cancellationToken))[0]
            : null;

    /// <summary>By what scopes know a patient.</summary>
    public long HashOf(ResourceKey patient) => hasher.Reference(patient);

    /// <summary>Whether there is, or was, such a patient.</summary>
    public async ValueTask<bool> KnowsAsync(ResourceKey patient, CancellationToken cancellationToken) =>
        await engine.ReadAsync(Everything, patient, cancellationToken) is not null;

    /// <summary>The version of a stored AuditEvent with that sequence number; null when it does not exist for the scope.</summary>
    public async ValueTask<StoredVersion?> FindStoredAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        await engine.IdentifyAsync(Everything, [sequence], cancellationToken) is [{ Key.Type: Type } version]
            ? await engine.ReadVersionAsync(scope, version.Key, version.Version, cancellationToken)
            : null;

    /// <summary>The AuditEvents of records that the scope sees.</summary>
    public async ValueTask<IReadOnlyList<StoredVersion>> WriteAsync(AccessScope scope, IReadOnlyList<StoredRecord> records, CancellationToken cancellationToken)
    {
        Dictionary<long, VersionIdentity> versions = await IdentifyAsync([.. records.SelectMany(record => record.Accessed).Distinct()], cancellationToken);
        bool seesAll = scope.SeesRecord(new RecordFacts(StatementKind.Access, []));
        var written = new List<StoredVersion>(records.Count);
        foreach (StoredRecord record in records)
        {
            AuditedAccess access = AccessOf(record, versions);
            bool isOfSeveral = !seesAll && access.Patients.Count > 1;
            written.Add(Write(record, (isOfSeveral ? await WithPatientsAsync(access, cancellationToken) : access).Within(scope)));
        }

        return written;
    }

    /// <summary>The values of a record that do not depend on the versions that it names, which then need not be looked up.</summary>
    public IndexValues OutlineOf(AccessScope scope, StoredRecord record, SearchExtractor extractor)
    {
        var values = new IndexValues();
        extractor.Extract(FhirJson.Read(Write(record, AccessOf(record, []).Within(scope)).Json).Root, values);
        return values;
    }

    /// <summary>What numbers stand for: versions, or records that somebody read. What was erased stands for nothing.</summary>
    private async ValueTask<Dictionary<long, VersionIdentity>> IdentifyAsync(long[] sequences, CancellationToken cancellationToken)
    {
        var versions = new Dictionary<long, VersionIdentity>();
        if (sequences.Length > 0)
        {
            foreach (VersionIdentity version in await engine.IdentifyAsync(Everything, sequences, cancellationToken))
            {
                versions.Add(version.Sequence, version);
            }
        }

        foreach (long sequence in sequences)
        {
            if (!versions.ContainsKey(sequence) && await engine.ReadRecordAsync(Everything, sequence, cancellationToken) is { Kind: StatementKind.Access })
            {
                versions.Add(sequence, new VersionIdentity(sequence, new ResourceKey(Type, IdOf(sequence)), 1));
            }
        }

        return versions;
    }

    /// <summary>Whose each version is, which only matters to a reader who may know some of them.</summary>
    private async ValueTask<AuditedAccess> WithPatientsAsync(AuditedAccess access, CancellationToken cancellationToken)
    {
        var versions = new List<AccessedVersion>(access.Accessed.Count);
        foreach (AccessedVersion version in access.Accessed)
        {
            StoredVersion? stored = await engine.ReadVersionAsync(Everything, version.Key, version.Version, cancellationToken);
            versions.Add(version with { Patients = stored?.Patients ?? [] });
        }

        return access with { Accessed = versions };
    }

    private StoredVersion Write(StoredRecord record, AuditedAccess access)
    {
        string id = IdOf(record.Sequence);
        return new StoredVersion(new ResourceKey(Type, id), 1, record.Instant, record.Sequence, ChangeKind.Create, text.Write(id, access))
        {
            IsPosted = true,
            Patients = [.. access.Patients.Select(patient => patient.Hash)],
        };
    }

    private AuditedAccess AccessOf(StoredRecord record, Dictionary<long, VersionIdentity> versions)
    {
        // A body of a later program tells nothing to this one, but that there was an access stays true.
        AccessEvent happened = AccessCodec.Read(record.Body.Span) ?? new AccessEvent(AccessAction.Unknown, AccessOutcome.Success);
        ConcernedPatient[] patients = [.. record.Patients.Select(patient => new ConcernedPatient(patient, hasher.Reference(patient)))];
        long[] everybody = [.. patients.Select(patient => patient.Hash)];
        return new AuditedAccess(happened, record.Sequence, record.Instant)
        {
            Patients = patients,
            Accessed = [.. record.Accessed.Where(versions.ContainsKey).Select(sequence => versions[sequence]).Select(version => new AccessedVersion(version.Key, version.Version, everybody))],
        };
    }
}
