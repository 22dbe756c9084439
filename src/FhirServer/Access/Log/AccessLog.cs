using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using Microsoft.AspNetCore.Connections;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>
/// Puts on record who asked for what, and which versions left: once for each interaction, before its answer leaves. What cannot be put on
/// record is not answered (docs/adr/0029-access-log.md).
/// </summary>
/// <remarks>Records of writes are committed with what is written (<see cref="RecordOf"/>); all others are appended when the answer is known.</remarks>
internal sealed class AccessLog(IResourceStore store, IndexHasher hasher, ServerOptions options)
{
    private const string Interrupted = "The request ended before there was an answer.";
    private const string Failed = "The server failed.";

    private static readonly AccessScope Scope = AccessScope.System("access log");

    /// <summary>Of what is committed: its answer is not made yet.</summary>
    private static readonly Ending Written = new(AccessOutcome.Success, Status: 0, Reason: null);

    private readonly AccessBodies _bodies = new(hasher);

    public bool IsOn { get; } = options.AccessLog;

    /// <summary>
    /// The record of an interaction that writes, to be committed together with what it writes; null when there is no log. Whoever commits it says so
    /// by <see cref="AccessEntry.IsWritten"/>.
    /// </summary>
    /// <param name="disclosed">Versions that the answer holds besides those that are made.</param>
    public LedgerRecord? RecordOf(FhirRequest request, params IReadOnlyList<StoredVersion> disclosed) =>
        IsOn ? Describe(request, Written, null, disclosed) : null;

    /// <summary>Puts on record how an interaction ended, unless it is already. An error means that the answer must not leave.</summary>
    public ValueTask<Result<long>> AppendAsync(FhirRequest request, in Result<FhirResponse> answer)
    {
        if (!Owes(request))
        {
            return ValueTask.FromResult<Result<long>>(0);
        }

        if (!answer.IsOk)
        {
            return AppendRefusedAsync(request, answer.Error);
        }

        FhirResponse given = answer.Value;
        return AppendAsync(Describe(request, Ending.Of((int)given.Status, null), given.Version, given.Disclosed, given.Bundle));
    }

    /// <summary>Puts on record that an interaction ended without an answer: because the client went away, or by a bug.</summary>
    public ValueTask<Result<long>> AppendAsync(FhirRequest request, Exception failure) => !Owes(request)
        ? ValueTask.FromResult<Result<long>>(0)
        : AppendAsync(Describe(request, failure switch
        {
            OperationCanceledException or ConnectionResetException => new Ending(AccessOutcome.MinorFailure, Status: 0, Interrupted),
            BadHttpRequestException refused => Ending.Of(refused.StatusCode, refused.Message),
            _ => Ending.Of(StatusCodes.Status500InternalServerError, Failed),
        }));

    /// <summary>Puts on record what was asked in a way that nobody could read.</summary>
    /// <param name="what">What is known of it: method and path, or its place in a bundle.</param>
    public ValueTask<Result<long>> AppendAsync(Requester requester, AccessEntry access, string what, FhirError error)
    {
        int status = Outcomes.StatusOf(error.Kind);
        return AppendAsync(EventOf(requester, access, AccessAction.Unknown, Ending.Of(status, null).Outcome) with { Status = status, Query = what, Detail = ReasonOf(error) });
    }

    /// <summary>Something that a requester does besides the interactions of FHIR.</summary>
    public static AccessEvent EventOf(Requester requester, AccessEntry access, AccessAction action, AccessOutcome outcome) => new(action, outcome)
    {
        Who = requester.Who,
        Account = requester.Account,
        FhirUser = requester.FhirUser,
        Role = requester.Role,
        Organisation = requester.Organisation,
        Purpose = requester.Purpose,
        TokenName = requester.TokenName,
        Address = access.Address?.ToString(),
        RequestId = access.RequestId,
    };

    /// <summary>Puts something on record that is no interaction of FHIR.</summary>
    /// <param name="patients">Whom it concerns.</param>
    public ValueTask<Result<long>> AppendAsync(AccessEvent happened, params IEnumerable<ResourceKey> patients) => IsOn
        ? AppendAsync(new LedgerRecord(AccessCodec.Write(happened)) { Patients = Distinct([.. patients.Select(hasher.Reference)]) })
        : ValueTask.FromResult<Result<long>>(0);

    /// <summary>Puts on record that a version leaves without having been asked for in a request.</summary>
    public ValueTask<Result<long>> AppendAsync(AccessEvent happened, StoredVersion disclosed) => IsOn
        ? AppendAsync(new LedgerRecord(AccessCodec.Write(happened)) { Patients = Distinct([.. disclosed.Patients]), Accessed = [disclosed.Sequence] })
        : ValueTask.FromResult<Result<long>>(0);

    /// <summary>
    /// What is withheld is not there for whoever asks, but whose it is may read who asked for it. Not so where a patient asks, who reads the log as well: that
    /// a record concerns somebody else besides would tell that it is there.
    /// </summary>
    private async ValueTask<Result<long>> AppendRefusedAsync(FhirRequest request, FhirError error)
    {
        bool mayBeThere = error.Kind != ErrorKind.Busy && request.Target is { Type: not null, Id: not null } && _bodies.AskerOf(request.Requester).Patient == 0;
        StoredVersion? refused = mayBeThere ? await store.ReadAsync(Scope, new ResourceKey(request.Target.Type!.Name, request.Target.Id!), CancellationToken.None) : null;
        return await AppendAsync(Describe(request, Ending.Of(Outcomes.StatusOf(error.Kind), ReasonOf(error)), refused: refused?.Patients));
    }

    // Whoever asked may be gone by now; that it was asked is on record all the same.
    private ValueTask<Result<long>> AppendAsync(LedgerRecord record) => store.AppendRecordAsync(Scope, record, CancellationToken.None);

    /// <summary>Whether the interaction still needs a record; from now on it has one. What the server can do is no secret, so nobody asks who asked.</summary>
    private bool Owes(FhirRequest request)
    {
        if (!IsOn || request.Access.IsWritten || request.Target.Kind == TargetKind.Capabilities)
        {
            return false;
        }

        request.Access.IsWritten = true;
        return true;
    }

    /// <summary>A body, and beside it the versions that left and whom all that concerns.</summary>
    /// <param name="refused">The patients of what was asked for and not given.</param>
    private LedgerRecord Describe(
        FhirRequest request, Ending ending, StoredVersion? version = null, IReadOnlyList<StoredVersion>? further = null, Bundle? bundle = null, IReadOnlyList<long>? refused = null)
    {
        long asking = _bodies.AskerOf(request.Requester).Patient;
        if (version is not null && bundle is null && further is not { Count: > 0 } && (asking == 0 || version.Patients.Contains(asking)))
        {
            // The most frequent, so without lists: a version knows whom it concerns.
            return new LedgerRecord(_bodies.Write(request, ending, version.Patients.Count == 1)) { Patients = version.Patients, Accessed = version.Sequence > 0 ? [version.Sequence] : [] };
        }

        var patients = new List<long>();
        var accessed = new List<long>();
        if (asking != 0)
        {
            patients.Add(asking);
        }

        _bodies.AddNamed(request, patients);
        patients.AddRange(refused ?? []);
        Add(version);
        for (int i = 0; i < further?.Count; i++)
        {
            Add(further[i]);
        }

        for (int i = 0; i < bundle?.Entries.Count; i++)
        {
            Add(bundle.Entries[i].Version);
        }

        // The store adds to those of what is written the patients of old and new versions. Who broke the glass writes nothing but the report to that patient.
        List<long> concerned = Distinct(patients);
        return new LedgerRecord(_bodies.Write(request, ending, concerned.Count == 1 && (ending != Written || request.Requester.BreakGlass is not null))) { Patients = concerned, Accessed = Distinct(accessed) };

        void Add(StoredVersion? disclosed)
        {
            // The definitions that the server works by are not in the store.
            if (disclosed is { Sequence: > 0 })
            {
                accessed.Add(disclosed.Sequence);
                patients.AddRange(disclosed.Patients);
            }
        }
    }

    private static List<long> Distinct(List<long> numbers)
    {
        numbers.Sort();
        int kept = 0;
        for (int i = 0; i < numbers.Count; i++)
        {
            if (i == 0 || numbers[i] != numbers[i - 1])
            {
                numbers[kept++] = numbers[i];
            }
        }

        numbers.RemoveRange(kept, numbers.Count - kept);
        return numbers;
    }

    /// <summary>The first of the issues says why; messages never name a patient.</summary>
    private static string? ReasonOf(FhirError error) => error.Issues.Count > 0 ? error.Issues[0].Message : null;
}
