using System.Globalization;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// The inbox of a patient, for the page that shows it. It does nothing by itself: it searches and calls the operations as the patient, by the way in of all
/// requests, so that what an app could not do is not done here either, and all of it is on record.
/// </summary>
internal sealed class Inbox(FhirService service, AccessDecisions decisions, ServerOptions options, TimeProvider time) : IPatientInbox
{
    /// <summary>Of each kind, the newest.</summary>
    private const int MostShown = 50;
    private const string ReportType = "Communication";
    private const string Alert = "http://terminology.hl7.org/CodeSystem/communication-category|alert";

    private static readonly ScopeSet Scopes = ScopeSet.Parse("user/Task.rus user/Consent.rus user/Communication.rs user/Organization.rs user/Practitioner.rs user/PractitionerRole.rs");

    public async ValueTask<InboxContent?> ReadAsync(InboxVisitor visitor, CancellationToken cancellationToken)
    {
        string patient = visitor.Patient.FhirUser!;
        if (await RequestsAsync(visitor, null, cancellationToken) is not { } requests
            || await SearchAsync(
                visitor,
                ConsentRequest.ConsentType,
                [new("patient", patient), new("status", "active"), new("_sort", "-date"), new("_include", "Consent:actor")],
                cancellationToken) is not { } consents
            || await SearchAsync(
                visitor, ReportType, [new("subject", patient), new("category", Alert), new("_sort", "-sent"), new("_include", "Communication:sender")], cancellationToken) is not { } reports)
        {
            return null;
        }

        return new InboxContent(
            [.. requests.Select(request => request.Shown)],
            [.. consents.Matches.Select(version => GivenOf(version, consents))],
            [.. reports.Matches.Select(version => EmergencyOf(version, reports)).OfType<EmergencyAccess>()],
            IsCut: requests.Count == MostShown || consents.Matches.Count == MostShown || reports.Matches.Count == MostShown);
    }

    public async ValueTask<InboxOutcome> ApproveAsync(InboxVisitor visitor, string request, string version, ApprovedPart? part, CancellationToken cancellationToken)
    {
        if (!RequestTarget.IsId(request))
        {
            return InboxOutcome.Unknown;
        }

        if (await RequestsAsync(visitor, request, cancellationToken) is not { } found)
        {
            return InboxOutcome.Unavailable;
        }

        if (found is not [var open])
        {
            return InboxOutcome.Unknown;
        }

        // What the page could not say in full it offered nobody to approve; a form that was made up changes nothing about that.
        AccessTerms terms = open.Shown.Terms;
        return open.Shown.Bar != ApprovalBar.None ? InboxOutcome.Changed
            : part is null ? await AnswerAsync(visitor, request, AnswerRequest.Approve, version, [], cancellationToken)

            // Without a word of data, all of it would be agreed to.
            : terms.Data.Count > 0 && part.Data.Count == 0 ? InboxOutcome.Empty
            : part.LastDay < DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) ? InboxOutcome.Refused
            : await AnswerAsync(visitor, request, AnswerRequest.Approve, version, ParametersOf(part, open), cancellationToken);
    }

    public ValueTask<InboxOutcome> RejectAsync(InboxVisitor visitor, string request, string version, CancellationToken cancellationToken) =>
        AnswerAsync(visitor, request, AnswerRequest.Reject, version, [], cancellationToken);

    public ValueTask<InboxOutcome> RevokeAsync(InboxVisitor visitor, string access, CancellationToken cancellationToken) =>
        OperateAsync(visitor, ConsentRequest.ConsentType, access, "revoke", Preconditions.None, [], cancellationToken);

    /// <param name="Proposal">The Consent that is proposed.</param>
    private sealed record OpenRequest(AccessRequest Shown, JsonObject Proposal);

    /// <param name="Included">What the matches refer to, by reference.</param>
    private sealed record Found(IReadOnlyList<StoredVersion> Matches, IReadOnlyDictionary<string, StoredVersion> Included)
    {
        /// <summary>The name beside the reference: names are what people gave themselves.</summary>
        public string NameOf(string reference) =>
            Included.TryGetValue(reference, out StoredVersion? version) && PlainName.Of(FhirJson.Read(version.Json).Root) is { } name ? $"{name} ({reference})" : reference;
    }

    /// <summary>The requests that the patient can answer; null when they cannot be had.</summary>
    /// <param name="id">Of the only one; null for all.</param>
    private async ValueTask<IReadOnlyList<OpenRequest>?> RequestsAsync(InboxVisitor visitor, string? id, CancellationToken cancellationToken)
    {
        Found? found = await SearchAsync(
            visitor,
            ConsentRequest.Type,
            [
                new("patient", visitor.Patient.FhirUser!),
                new("status", ConsentRequest.Open),
                new("code", $"{ConsentRequest.CodeSystem}|{ConsentRequest.Code}"),
                .. id is null ? Array.Empty<QueryParameter>() : [new("_id", id)],
                new("_sort", "-authored-on"),
                new("_include", "Task:focus"),
                new("_include", "Task:requester"),
                new("_include:iterate", "Consent:actor"),
            ],
            cancellationToken);
        return found is null ? null : [.. found.Matches.Select(version => OpenOf(version, found)).OfType<OpenRequest>()];
    }

    private OpenRequest? OpenOf(StoredVersion version, Found found)
    {
        if (ConsentRequest.Read(version, options.BaseUrl) is not { } asked || !found.Included.TryGetValue(asked.Proposal.ToString(), out StoredVersion? proposed))
        {
            return null;
        }

        JsonObject proposal = ConsentTexts.Parse(proposed);
        AccessTerms terms = PlainTerms.Of(proposal, found.NameOf);
        ApprovalBar bar = time.GetUtcNow().UtcTicks >= asked.Until ? ApprovalBar.Late
            : proposed.Version != asked.ProposalVersion ? ApprovalBar.Changed
            : terms is { IsWhole: true, Kind: TermsKind.Adds, LastDay: not null } ? ApprovalBar.None
            : ApprovalBar.Unreadable;
        string reason = (string?)ConsentTexts.Parse(version)["reasonCode"]?["text"] ?? "";
        return new OpenRequest(
            new AccessRequest(version.Key.Id, version.Version.ToString(CultureInfo.InvariantCulture), found.NameOf(asked.By), reason, terms, bar), proposal);
    }

    private static GivenAccess GivenOf(StoredVersion version, Found found)
    {
        JsonObject consent = ConsentTexts.Parse(version);
        return new GivenAccess(version.Key.Id, TimeOf(consent["dateTime"]) is { } since ? DateOnly.FromDateTime(since.UtcDateTime) : null, PlainTerms.Of(consent, found.NameOf));
    }

    /// <summary>What a message tells of an emergency; null for a message that tells of something else.</summary>
    private static EmergencyAccess? EmergencyOf(StoredVersion version, Found found)
    {
        JsonObject report = ConsentTexts.Parse(version);
        bool isEmergency = report["reasonCode"]?[0]?["coding"]?[0] is { } coding
            && (string?)coding["system"] == Vocabulary.BreakGlass.System && (string?)coding["code"] == Vocabulary.BreakGlass.Code;
        return isEmergency
            ? new EmergencyAccess(
                (string?)report["sender"]?["reference"] is { } sender ? found.NameOf(sender) : "Somebody unknown",
                TimeOf(report["sent"]),
                (string?)report["payload"]?[0]?["contentString"] ?? "")
            : null;
    }

    private static DateTimeOffset? TimeOf(JsonNode? time) =>
        DateTimeOffset.TryParse((string?)time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset read) ? read : null;

    /// <summary>What is less than was asked for; that it is no more, the operation finds out.</summary>
    private static JsonArray ParametersOf(ApprovedPart part, OpenRequest open)
    {
        var parameters = new JsonArray([.. part.Data.Distinct(StringComparer.Ordinal).Select(type => new JsonObject { ["name"] = "class", ["valueCode"] = type })]);
        if (part.LastDay is { } day && day != open.Shown.Terms.LastDay)
        {
            var period = new JsonObject { ["end"] = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) };
            if (PlainTerms.StartOf(open.Proposal) is { } start)
            {
                period["start"] = start;
            }

            parameters.Add(new JsonObject { ["name"] = "period", ["valuePeriod"] = period });
        }

        return parameters;
    }

    private ValueTask<InboxOutcome> AnswerAsync(InboxVisitor visitor, string request, string operation, string version, JsonArray parameters, CancellationToken cancellationToken) =>
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? OperateAsync(visitor, ConsentRequest.Type, request, operation, new Preconditions(IfMatch: $"W/\"{number}\""), parameters, cancellationToken)
            : ValueTask.FromResult(InboxOutcome.Changed);

    private async ValueTask<InboxOutcome> OperateAsync(
        InboxVisitor visitor, string type, string id, string operation, Preconditions conditions, JsonArray parameters, CancellationToken cancellationToken)
    {
        if (!RequestTarget.IsId(id))
        {
            return InboxOutcome.Unknown;
        }

        FhirRequest request = RequestOf(visitor, HttpVerb.Post, new RequestTarget(TargetKind.Operation, ResourceTypes.Find(type), id, Name: operation)) with
        {
            Conditions = conditions,
            Body = parameters.Count == 0 ? default : RequestBody.Of(ConsentTexts.Read(new JsonObject { ["resourceType"] = "Parameters", ["parameter"] = parameters })),
        };
        Result<FhirResponse> answer = await service.AnswerAsync(request, cancellationToken);
        return answer.IsOk ? InboxOutcome.Done : answer.Error.Kind switch
        {
            ErrorKind.NotFound or ErrorKind.Gone or ErrorKind.Forbidden => InboxOutcome.Unknown,
            ErrorKind.Conflict or ErrorKind.PreconditionFailed => InboxOutcome.Changed,
            ErrorKind.Invalid or ErrorKind.Unprocessable => InboxOutcome.Refused,
            _ => InboxOutcome.Unavailable,
        };
    }

    private async ValueTask<Found?> SearchAsync(InboxVisitor visitor, string type, QueryParameter[] query, CancellationToken cancellationToken)
    {
        FhirRequest request = RequestOf(visitor, HttpVerb.Get, new RequestTarget(TargetKind.Type, ResourceTypes.Find(type))) with
        {
            Query = [.. query, new("_count", MostShown.ToString(CultureInfo.InvariantCulture))],
            Prefer = new Preferences(Handling: SearchHandling.Strict),
        };
        Result<FhirResponse> found = await service.AnswerAsync(request, cancellationToken);
        return found is { IsOk: true, Value.Bundle: { } bundle }
            ? new Found([.. Of(bundle, EntryRole.Match)], Of(bundle, EntryRole.Include).ToDictionary(version => version.Key.ToString()))
            : null;

        static IEnumerable<StoredVersion> Of(Bundle bundle, EntryRole role) => bundle.Entries.Where(entry => entry.Role == role).Select(entry => entry.Version!);
    }

    private FhirRequest RequestOf(InboxVisitor visitor, HttpVerb verb, RequestTarget target)
    {
        Person patient = visitor.Patient;
        var requester = new Requester(patient.Account, new ClosedScope(patient.Account)) { Role = patient.Role, Account = patient.Account, FhirUser = patient.FhirUser };
        return new FhirRequest
        {
            Verb = verb,
            Target = target,
            Requester = decisions.Of(requester, patient.Role, Scopes, patientInContext: null).Requester,
            Access = new AccessEntry(visitor.Address),
            BaseUrl = options.BaseUrl ?? "",
        };
    }
}
