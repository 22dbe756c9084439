using HealthChain.FhirServer.Access.Log;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>A version that an access disclosed or made.</summary>
/// <param name="Patients">In whose compartments it is, as hashes of <c>Patient/id</c>.</param>
internal readonly record struct AccessedVersion(ResourceKey Key, long Version, IReadOnlyList<long> Patients);

/// <summary>A patient whom an access concerns.</summary>
/// <param name="Hash">Of <c>Patient/id</c>, by which scopes decide.</param>
internal readonly record struct ConcernedPatient(ResourceKey Key, long Hash);

/// <summary>What an access record tells, with everything looked up that it names by number: all that an AuditEvent says.</summary>
internal sealed record AuditedAccess(AccessEvent Event, long Sequence, DateTimeOffset Instant)
{
    public IReadOnlyList<ConcernedPatient> Patients { get; init; } = [];

    public IReadOnlyList<AccessedVersion> Accessed { get; init; } = [];

    /// <summary>True when something is left out because it is not the reader's to know.</summary>
    public bool IsReduced { get; init; }

    /// <summary>
    /// As much of it as the scope may know. Who sees all records sees all of each. A patient sees what was done with her own data and by whom:
    /// other patients are left out, and their versions, a target that is none of hers, and the values of queries, which may name anybody.
    /// </summary>
    public AuditedAccess Within(AccessScope scope)
    {
        if (Sees(scope, []))
        {
            return this;
        }

        ConcernedPatient[] patients = [.. Patients.Where(patient => Sees(scope, [patient.Hash]))];
        AccessedVersion[] accessed = [.. Accessed.Where(version => Sees(scope, [.. version.Patients]))];
        bool keepsTarget = patients.Length == Patients.Count
            || patients.Any(patient => IsAt(patient.Key))
            || accessed.Any(version => IsAt(version.Key));
        return this with
        {
            Patients = patients,
            Accessed = accessed,
            IsReduced = true,
            Event = Event with
            {
                Target = keepsTarget ? Event.Target : Event.Target.Split('/')[0],
                Query = Event.Action == AccessAction.Unknown ? null : WithoutValues(Event.Query),
            },
        };
    }

    private static bool Sees(AccessScope scope, ReadOnlySpan<long> patients) => scope.SeesRecord(new RecordFacts(LedgerProofs.StatementKind.Access, patients));

    /// <summary>Whether the target is that resource, or its compartment.</summary>
    private bool IsAt(ResourceKey key) => Event.Target.Split('/') is [var type, var id, ..] && type == key.Type && id == key.Id;

    private static string? WithoutValues(string? query)
    {
        if (query is null)
        {
            return null;
        }

        // The name of an operation or, in a compartment, a type stands before the parameters, which may have question marks of their own.
        int end = query.IndexOf('=', StringComparison.Ordinal);
        int start = query.AsSpan(0, end < 0 ? query.Length : end).IndexOf('?') + 1;
        IEnumerable<string> parameters = query[start..].Split('&').Select(parameter =>
            parameter.IndexOf('=', StringComparison.Ordinal) is >= 0 and var name ? parameter[..name] + "=*" : parameter);
        return query[..start] + string.Join('&', parameters);
    }
}
