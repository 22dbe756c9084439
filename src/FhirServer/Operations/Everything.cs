using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$everything</c>: the compartment of a patient or an encounter, and what it refers to.
/// https://hl7.org/fhir/R4/patient-operation-everything.html, https://hl7.org/fhir/R4/encounter-operation-everything.html
/// </summary>
/// <remarks>
/// What the compartment refers to comes as included: from a patient's record only resources that can be in no patient's compartment
/// (practitioners, organizations, locations, medications ...), so that a reference to somebody else's data does not bring that along.
/// A patient's consents tell what is withheld, so they come to the patient, and to others who ask for them by <c>_type</c>.
/// Called on the type, it goes through all patients that the requester sees, one after the other.
/// </remarks>
internal sealed class Everything(IResourceStore store, EverythingReader reader, PageCursors cursors, DefinitionSet definitions, string compartment) : IOperation
{
    /// <summary>Most resources in an answer that is not asked for in pages.</summary>
    private const int MaxResources = 10_000;

    /// <summary>How much is fetched at a time when all is wanted at once.</summary>
    private const int ChunkSize = 500;

    public string Name => "everything";

    public string Definition => $"http://hl7.org/fhir/OperationDefinition/{compartment}-everything";

    public OperationLevels Levels => IsPatient ? OperationLevels.Type | OperationLevels.Instance : OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [compartment];

    public bool AffectsState => false;

    private bool IsPatient => compartment == "Patient";

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!, static name => name == PageLinks.Cursor);
        if (!input.IsOk)
        {
            return input.Error;
        }

        Result<EverythingQuestion> question = reader.Read(input.Value, compartment);
        if (!question.IsOk)
        {
            return question.Error;
        }

        if (request.Target.Id is not null && await Read.FindAsync(store, request, cancellationToken) is { IsOk: false } absent)
        {
            return absent.Error;
        }

        var links = new PageLinks(request, request.Target.Id is { } id ? $"{compartment}/{id}/$everything" : $"{compartment}/$everything", question.Value.Parameters);
        var place = new Place(null, null);
        string? cursor = input.Value.Further is [{ Value: var text }, ..] ? text : null;
        if (cursor is not null)
        {
            Result<PagePosition> position = cursors.Open(cursor, links.Context);
            if (!position.IsOk)
            {
                return position.Error;
            }

            place = Place.Of(position.Value);
        }

        EverythingQuestion asked = question.Value with { GivesConsents = request.Requester.Scope.SeesEverything || request.Requester.Role == Role.Patient };
        return await CollectAsync(request, asked, links, cursor, place, cancellationToken);
    }

    /// <summary>Where a page begins: after that patient's place in the list of all, and in that patient's compartment.</summary>
    private readonly record struct Place(SearchPosition? Subject, SearchPosition? Inside)
    {
        /// <summary>Two positions, one within the other, in the numbers that a cursor holds.</summary>
        public PagePosition ToPosition() => new(0, [Subject?.Last ?? -1, Subject?.Newest ?? -1, Inside?.Last ?? -1, Inside?.Newest ?? -1]);

        public static Place Of(PagePosition position) => position.Starts is [var subject, var newest, var inside, var newestInside]
            ? new Place(Of(subject, newest), Of(inside, newestInside))
            : default;

        private static SearchPosition? Of(long last, long newest) => last < 0 ? null : new SearchPosition(last, newest);
    }

    /// <summary>An answer in the making.</summary>
    private sealed class Collected
    {
        private readonly HashSet<ResourceKey> _seen = [];

        public List<BundleEntry> Entries { get; } = [];

        /// <summary>How far the page has come; what is filtered out counts too, so that a page does bounded work.</summary>
        public int Looked { get; set; }

        public void Add(StoredVersion version, EntryRole role)
        {
            if (_seen.Add(version.Key))
            {
                Entries.Add(BundleEntry.Of(role, version));
            }
        }
    }

    private async ValueTask<Result<FhirResponse>> CollectAsync(
        FhirRequest request, EverythingQuestion question, PageLinks links, string? cursor, Place place, CancellationToken cancellationToken)
    {
        var collected = new Collected();
        Place? next = place;
        while (next is { } from)
        {
            if (question.Count is { } count ? collected.Looked >= count : collected.Entries.Count > MaxResources)
            {
                break;
            }

            Result<Place?> step = await StepAsync(request, question, from, collected, cancellationToken);
            if (!step.IsOk)
            {
                return step.Error;
            }

            next = step.Value;
        }

        if (question.Count is null && collected.Entries.Count > MaxResources)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"There are more than {MaxResources} resources; ask for them in pages with _count, or for less with _type or _since.");
        }

        BundleLink self = links.Link("self", cursor);
        return FhirResponse.Of(new Bundle
        {
            Type = "searchset",
            BaseUrl = request.BaseUrl,
            Total = question.Count is null ? collected.Entries.Count(entry => entry.Role == EntryRole.Match) : null,
            Links = next is { } rest ? [self, links.Link("next", cursors.Seal(rest.ToPosition(), links.Context))] : [self],
            Entries = collected.Entries,
        });
    }

    /// <summary>Adds the next piece of one compartment.</summary>
    /// <returns>Where to go on; null at the end.</returns>
    private async ValueTask<Result<Place?>> StepAsync(FhirRequest request, EverythingQuestion question, Place place, Collected collected, CancellationToken cancellationToken)
    {
        string? id = request.Target.Id;
        SearchPosition? afterSubject = null;
        bool isLastSubject = true;
        if (id is null)
        {
            var patients = new SearchRequest { Types = [request.Target.Type!], Count = 1, After = place.Subject };
            Result<SearchPage> page = await store.SearchAsync(request.Requester.Scope, patients, cancellationToken);
            if (!page.IsOk)
            {
                return page.Error;
            }

            if (page.Value.Matches is not [var patient])
            {
                // One that was erased while it was looked for; others may follow.
                return page.Value.Next is { } following ? new Place(following, null) : (Place?)null;
            }

            (id, afterSubject, isLastSubject) = (patient.Key.Id, page.Value.Next, page.Value.Next is null);
        }

        int size = question.Count is { } count ? count - collected.Looked : ChunkSize;
        Result<SearchPage> found = await store.SearchAsync(request.Requester.Scope, Search(question, id, size, place.Inside), cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        if (found.Value.IncludesTruncated)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, "So many resources refer to so many others that they cannot be given at once; ask for smaller pages with _count.");
        }

        Take(question, found.Value, collected);
        return found.Value.Next is { } inside ? new Place(place.Subject, inside)
            : isLastSubject ? (Place?)null
            : new Place(afterSubject, null);
    }

    private void Take(EverythingQuestion question, SearchPage page, Collected collected)
    {
        collected.Looked += page.Matches.Count;
        foreach (StoredVersion match in page.Matches.Where(match => question.Asks(match.Key.Type)))
        {
            collected.Add(match, EntryRole.Match);
        }

        foreach (StoredVersion included in page.Included)
        {
            bool isMember = question.Members.Any(member => member.Name == included.Key.Type);
            if (question.Asks(included.Key.Type) && !(IsPatient && isMember) && !(question.Since is { } since && included.LastUpdated < since))
            {
                collected.Add(included, EntryRole.Include);
            }
        }
    }

    private SearchRequest Search(EverythingQuestion question, string id, int size, SearchPosition? after) => new()
    {
        Types = question.Searched,
        Criterion = new AllOf([new InCompartment(compartment, id), .. question.Criteria]),
        Count = size,
        After = after,
        Includes = question.FollowsReferences ? [.. ResourceTypes.All.Select(type => new Include(type, null, null, IsReverse: false, Iterates: !question.Members.Contains(type)))] : [],
        MaxIncluded = MaxResources,
    };
}
