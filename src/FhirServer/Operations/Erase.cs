using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart.State;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$erase</c>: destroys the key of a patient and with it all that is the patient's alone. Its definition is in
/// Definitions/Patient-erase.json.
/// </summary>
/// <remarks>The reason is kept in the log and in the ledger, so it may hold nothing that is known of the patient.</remarks>
internal sealed partial class Erase(IResourceStore store, Mentions mentions, DefinitionSet definitions, Erase.Accounts accounts, SubscriptionBook subscriptions, ILogger<Erase> logger) : IOperation
{
    private const int MinReason = 3;
    private const int MaxReason = 200;
    private const int MaxRelated = 1000;

    /// <summary>Shorter texts of the patient, such as a middle initial, may well stand in a reason by chance.</summary>
    private const int MinTelling = 3;

    /// <summary>Elements that say nothing of who the patient is, or that any reason might have words of.</summary>
    private static readonly string[] NotTelling = ["meta", "text", "gender", "use", "system", "language", "rank", "country", "contained", "extension", "type", "code"];

    public string Name => "erase";

    public string Definition => OwnDefinitions.Canonical + "Patient-erase";

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = ["Patient"];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (Administrators.Refuse(request.Requester) is { } refusal)
        {
            return refusal;
        }

        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        string reason = input.Value.Text("reason")!.Trim();
        if (reason.Length is < MinReason or > MaxReason || reason.Any(char.IsControl))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"The reason must be a line of {MinReason} to {MaxReason} characters.");
        }

        AccessScope scope = AccessScope.System("erasing a patient");
        var key = new ResourceKey("Patient", request.Target.Id!);
        StoredVersion? patient = await store.ReadAsync(scope, key, cancellationToken);
        if (IsIn(reason, key.Id) || (patient is { IsDeleted: false } && Texts(FhirJson.Read(patient.Json).Root).Any(text => IsIn(reason, text))))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, "The reason holds something that is known of the patient, such as a name or an identifier; the log keeps it, so say it without.");
        }

        // Before the record: were it the other way round, a failure between the two would leave an account of somebody who is nowhere any more.
        List<string> persons = patient is null ? [] : await PersonsAsync(scope, key, cancellationToken);
        foreach (string person in persons)
        {
            await EraseAccountsAsync(person);
        }

        // What was begun is ended, also when the client does not wait for it.
        Result<Erasure> erased = await store.EraseAsync(scope, key, RecordOf(request, reason), persons.Count == 0 ? cancellationToken : CancellationToken.None);
        if (!erased.IsOk)
        {
            return erased.Error;
        }

        // A request that was let in before can have written a Subscription meanwhile.
        persons.ForEach(person => subscriptions.Forget(person));

        request.Access.IsWritten = true;
        LogErasure(logger, request.Requester.Who, erased.Value.Resources, erased.Value.Versions, reason);
        using var answer = new ParametersWriter();
        answer.Integer("resources", erased.Value.Resources);
        answer.Integer("versions", erased.Value.Versions);
        Mentioned stays = await mentions.OfAsync(scope, key, cancellationToken);
        foreach (ResourceKey resource in stays.Resources)
        {
            answer.Json("stays", "valueReference", Encoding.UTF8.GetBytes($$"""{"reference":"{{resource}}"}"""));
        }

        answer.Boolean("more", !stays.IsAll);
        return answer.ToResponse();
    }

    /// <summary>The related persons, who are erased with the patient, and the patient.</summary>
    private async ValueTask<List<string>> PersonsAsync(AccessScope scope, ResourceKey patient, CancellationToken cancellationToken)
    {
        var search = new SearchRequest { Types = [ResourceTypes.Find("RelatedPerson")!], Criterion = new InCompartment(patient.Type, patient.Id), Count = MaxRelated };
        IReadOnlyList<StoredVersion> related = (await store.SearchAsync(scope, search, cancellationToken)).Value.Matches;
        return [.. related.Select(static person => person.Key.ToString()), patient.ToString()];
    }

    /// <summary>
    /// A person's accounts, what apps were given of the record, and what was to be told to whoever had them: without an owner Subscriptions tell nothing and
    /// soon are off.
    /// </summary>
    private async ValueTask EraseAccountsAsync(string fhirUser)
    {
        subscriptions.Forget(fhirUser);
        if (accounts.State is { } state)
        {
            await state.EraseAsync(fhirUser);
        }
    }

    /// <summary>
    /// The access record of the erasure, which outlives the patient's secret: it does not tell who was erased, nor does it repeat a name that the client
    /// gave its request.
    /// </summary>
    private static byte[] RecordOf(FhirRequest request, string reason) => AccessCodec.Write(
        AccessLog.EventOf(request.Requester, request.Access, AccessAction.Operation, AccessOutcome.Success) with
        {
            Target = "Patient",
            Query = "$erase",
            Detail = reason,
            RequestId = null,
        });

    /// <summary>Everything readable of the patient: names, identifiers, dates, addresses, numbers.</summary>
    private static IEnumerable<string> Texts(Element element)
    {
        foreach (Element child in element.Children)
        {
            if (NotTelling.Contains(child.Name))
            {
                continue;
            }

            if (child is { HasValue: true, IsText: true })
            {
                yield return child.Text!;
            }

            foreach (string text in Texts(child))
            {
                yield return text;
            }
        }
    }

    /// <summary>Whether a text, or one of its longer words, stands in the reason, whatever the case and the accents.</summary>
    private static bool IsIn(string reason, string text)
    {
        HashSet<string> words = [.. Words(reason)];
        string[] telling = [.. Words(text).Where(word => word.Length >= MinTelling)];
        return Array.Exists(telling, words.Contains) || (text.Length >= MinTelling && reason.Contains(text, StringComparison.OrdinalIgnoreCase));
    }

    private static string[] Words(string text) =>
        Encoding.UTF8.GetString(SearchText.Fold(Encoding.UTF8.GetBytes(text))).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "{Requester} erased a patient: {Resources} resources, {Versions} versions; reason: {Reason}")]
    private static partial void LogErasure(ILogger logger, string requester, long resources, long versions, string reason);

    /// <param name="State">Null on a server without an authorisation server.</param>
    internal sealed record Accounts(SmartState? State);
}
