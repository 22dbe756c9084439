using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart.Jose;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>Reads Subscriptions: https://hl7.org/fhir/R4/subscription.html. What this server cannot keep is refused, naming the element.</summary>
internal sealed class SubscriptionReader(SearchReader search, ServerOptions options)
{
    private const int LongestCriteria = 4096;
    private const int LongestEndpoint = 2048;

    private readonly OutsideReach _reach = options.Subscriptions.ReachFor(options.Development);

    public Result<SubscriptionTerms> Read(Element subscription)
    {
        Result<(TypeSchema Type, List<QueryParameter> Query, SearchPlan Plan)> criteria = ReadCriteria(subscription.TextOf("criteria") ?? "");
        if (!criteria.IsOk)
        {
            return criteria.Error;
        }

        Element channel = subscription.Child("channel");
        string? type = channel.Exists ? channel.TextOf("type") : null;
        SubscriptionChannel? kind = type switch
        {
            "rest-hook" => SubscriptionChannel.RestHook,
            "websocket" => SubscriptionChannel.WebSocket,
            _ => null,
        };
        if (kind is null)
        {
            return Refuse("type", $"Notifications go out by rest-hook and by websocket, not by '{SearchPath.Shown(type ?? "")}'.");
        }

        Result<FhirFormat?> payload = ReadPayload(channel.TextOf("payload"));
        if (!payload.IsOk)
        {
            return payload.Error;
        }

        Result<Uri?> endpoint = kind == SubscriptionChannel.RestHook ? ReadEndpoint(channel.TextOf("endpoint")) : (Uri?)null;
        return !endpoint.IsOk ? endpoint.Error : new SubscriptionTerms(
            criteria.Value.Type, criteria.Value.Query, criteria.Value.Plan.Request.Criterion, kind.Value, endpoint.Value, payload.Value, ReadEnd(subscription));
    }

    /// <summary>The search that finds one resource if it meets the criteria: so they mean what they mean in any search, chains and all, for whoever asks.</summary>
    public Result<SearchPlan> SearchFor(SubscriptionTerms terms, string id) => search.Read(Context(terms.Of), [.. terms.Query, new QueryParameter("_id", id), new QueryParameter("_count", "1")]);

    private Result<(TypeSchema Type, List<QueryParameter> Query, SearchPlan Plan)> ReadCriteria(string criteria)
    {
        if (criteria.Length > LongestCriteria)
        {
            return Criteria($"The criteria are longer than {LongestCriteria} letters.");
        }

        int question = criteria.IndexOf('?', StringComparison.Ordinal);
        string name = question < 0 ? criteria : criteria[..question];
        if (ResourceTypes.Find(name) is not { } type)
        {
            return Criteria($"Criteria are a search such as 'Observation?code=1234-5'; '{SearchPath.Shown(name)}' is no resource type.");
        }

        if (name == "AuditEvent")
        {
            return Criteria("Nobody is notified of accesses: they are searched for.");
        }

        List<QueryParameter> query = question < 0 ? [] : QueryText.Read(criteria.AsSpan(question));
        if (query.FirstOrDefault(parameter => SearchReader.IsOfResult(parameter.Name) || parameter.Name is "_type" or "_format" or "_pretty") is { Name: { } shaping })
        {
            return Criteria($"'{SearchPath.Shown(shaping)}' says how an answer is to look; criteria say which resources are meant.");
        }

        Result<SearchPlan> plan = search.Read(Context(type), query);
        return plan.IsOk ? (type, query, plan.Value) : Criteria(string.Join(' ', plan.Error.Issues.Select(issue => issue.Message)));
    }

    private SearchContext Context(TypeSchema type) => new() { Types = [type], Handling = SearchHandling.Strict, ServerBase = options.BaseUrl };

    private static Result<FhirFormat?> ReadPayload(string? payload) => payload switch
    {
        null or "" => (FhirFormat?)null,
        "application/fhir+json" => FhirFormat.Json,
        "application/fhir+xml" => FhirFormat.Xml,
        _ => Refuse("payload", "A notification holds nothing, application/fhir+json or application/fhir+xml."),
    };

    private Result<Uri?> ReadEndpoint(string? text)
    {
        if (text is null || text.Length > LongestEndpoint || !Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) || endpoint.Query.Length > 0 || !OutsideHttp.MayAsk(endpoint, _reach))
        {
            string where = _reach switch
            {
                OutsideReach.Public => "of a server of the public internet",
                OutsideReach.PublicAndLoopback => "of a server of the public internet, or http on this machine",
                _ => ", or http on this machine",
            };
            return Refuse("endpoint", $"A rest-hook needs an https URL {where.TrimStart(' ', ',')} without user, query and fragment.");
        }

        // What comes back as a write would be notified of again.
        return options.BaseUrl is { } own && (endpoint.AbsoluteUri + "/").StartsWith(new Uri(own).AbsoluteUri + "/", StringComparison.OrdinalIgnoreCase)
            ? Refuse("endpoint", "This server does not notify itself.")
            : endpoint;
    }

    /// <summary>An instant that cannot be read is none that is far away: what shall end must not go on for ever.</summary>
    private static DateTimeOffset? ReadEnd(Element subscription) =>
        subscription.TextOf("end") is not { } end ? null
        : DateRange.TryParse(Encoding.UTF8.GetBytes(end), out DateRange instant) ? new DateTimeOffset(Math.Clamp(instant.Start, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero)
        : DateTimeOffset.MinValue;

    private static FhirError Criteria(string message) => FhirError.Of(ErrorKind.Unprocessable, IssueType.Value, message, "Subscription.criteria");

    private static FhirError Refuse(string element, string message) => FhirError.Of(ErrorKind.Unprocessable, IssueType.Value, message, $"Subscription.channel.{element}");
}
