using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>What is special about writing a Subscription: what it may say, and that its writer owns it from then on.</summary>
internal sealed class SubscriptionWrites(SubscriptionReader reader, SubscriptionBook book, SubscriptionDirectory directory, RecentCommits recent, IndexHasher hasher, ServerOptions options)
{
    /// <summary>Checks a Subscription that is to be stored, and takes out of it what is not for reading.</summary>
    public Result<Put> Prepare(Put put, Requester requester)
    {
        Result<SubscriptionTerms> terms = reader.Read(put.Resource);
        if (!terms.IsOk)
        {
            return terms.Error;
        }

        SubscriptionEntry? before = book.Find(put.Key.Id);
        bool isOwn = before?.Owner.Is(requester) == true;
        if (before is not null && !isOwn && !requester.Scope.SeesEverything)
        {
            return FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "This is not the requester's Subscription.");
        }

        Result<IReadOnlyList<string>> headers = SubscriptionHeaders.Read(put.Resource.Child("channel"), isOwn ? before!.Headers : []);
        if (!headers.IsOk)
        {
            return headers.Error;
        }

        Subscriber? subscriber = directory.Find(put.Key.Id);

        // In this order: what it was about to become it may be by now.
        SubscriptionStatus? becoming = subscriber?.Becoming?.Value;
        SubscriptionState? known = subscriber?.State;
        Result<SubscriptionStatus> status = StatusOf(put.Resource, known?.Status, becoming, isOwn && IsSentAsBefore(known, terms.Value, before!.Headers, headers.Value));
        if (!status.IsOk)
        {
            return status.Error;
        }

        bool becomesLive = status.Value is SubscriptionStatus.Requested or SubscriptionStatus.Active && known is not { IsLive: true };
        return becomesLive && IsFull(requester) is { } full
            ? full
            : put with
            {
                Resource = Rewritten(put.Resource, status.Value),
                Attachment = new Prepared(SubscriptionOwner.Of(requester), headers.Value),
            };
    }

    /// <summary>Takes note of what was committed, for good before the answer leaves: who reads it may rely on being notified.</summary>
    public void Apply(IReadOnlyList<Write> writes, Committed committed)
    {
        if (directory.Live > 0)
        {
            recent.Add(writes, committed);
        }

        IReadOnlyList<StoredVersion?> versions = committed.Versions;
        for (int i = 0; i < versions.Count; i++)
        {
            if (versions[i] is { Key.Type: SubscriptionTerms.Type } version)
            {
                Apply(writes[i], version);
            }
        }
    }

    /// <summary>Owner and headers, then what it says: that also when the first cannot be written down, for the version is there.</summary>
    private void Apply(Write write, StoredVersion version)
    {
        Subscriber? subscriber = directory.Find(version.Key.Id);
        subscriber?.BeginChange();
        try
        {
            SubscriptionEntry? before = book.Find(version.Key.Id);
            if (write is Put { Attachment: Prepared prepared })
            {
                bool goesOn = before is not null && subscriber?.State.IsLive == true;
                book.Put(new SubscriptionEntry(version.Key.Id, prepared.Owner, prepared.Headers, goesOn ? before!.Since : version.Sequence) { Sequence = version.Sequence });
            }
            else if (version.IsDeleted && before is { Headers.Count: > 0 })
            {
                book.Put(before with { Headers = [], Sequence = version.Sequence });
            }
        }
        finally
        {
            directory.Apply(version);
            subscriber?.EndChange();
        }
    }

    /// <summary>
    /// Owners ask for notifications and turn them off; the rest is the server's to say. Who sends a Subscription back as it was read, changed perhaps, does not
    /// have to know that: it is checked again where anything changed of how notifications are sent.
    /// </summary>
    private static Result<SubscriptionStatus> StatusOf(Element subscription, SubscriptionStatus? known, SubscriptionStatus? becoming, bool isSentAsBefore)
    {
        SubscriptionStatus? wanted = SubscriptionStatuses.Find(subscription.TextOf("status"));
        return wanted switch
        {
            SubscriptionStatus.Requested or SubscriptionStatus.Off => wanted.Value,
            SubscriptionStatus.Active when wanted == known || wanted == becoming => isSentAsBefore ? SubscriptionStatus.Active : SubscriptionStatus.Requested,
            SubscriptionStatus.Error when wanted == known || wanted == becoming => SubscriptionStatus.Error,
            _ => FhirError.Of(
                ErrorKind.Unprocessable, IssueType.BusinessRule, "Ask for notifications by 'requested' and turn them off by 'off'; the server says whether they are sent.", "Subscription.status"),
        };
    }

    private static bool IsSentAsBefore(SubscriptionState? known, SubscriptionTerms terms, IReadOnlyList<string> headersBefore, IReadOnlyList<string> headers) =>
        known?.Terms is { } before && before.Channel == terms.Channel && before.Endpoint == terms.Endpoint && headersBefore.SequenceEqual(headers);

    private FhirError? IsFull(Requester requester)
    {
        SubscriptionOptions limits = options.Subscriptions;
        if (directory.Live >= limits.Most)
        {
            return FhirError.Of(ErrorKind.Busy, IssueType.Throttled, "This server has as many Subscriptions as it may.");
        }

        long owner = SubscriptionOwner.HashOf(requester, hasher);
        return directory.All().Count(subscriber => subscriber.State.IsLive && book.OwnerOf(hasher.Reference(subscriber.Key)) == owner) < limits.MostOfOwner
            ? null
            : FhirError.Of(ErrorKind.Unprocessable, IssueType.TooCostly, $"One owner may have {limits.MostOfOwner} Subscriptions that are not off.");
    }

    /// <summary>As it is stored: with the server's word on its status, and without secrets.</summary>
    private static Element Rewritten(Element subscription, SubscriptionStatus status)
    {
        JsonObject resource = JsonNode.Parse(FhirJson.ToBytes(subscription))!.AsObject();
        resource["status"] = status.Code();
        if (status != SubscriptionStatus.Error)
        {
            resource.Remove("error");
            resource.Remove("_error");
        }

        JsonObject channel = resource["channel"]!.AsObject();
        channel.Remove("_header");
        if (channel["header"] is JsonArray headers)
        {
            channel["header"] = new JsonArray([.. headers.Select(header => (JsonNode?)JsonValue.Create(SubscriptionHeaders.Hide((string)header!)))]);
        }

        return FhirJson.Read(NodeJson.Of(resource)).Root;
    }

    /// <summary>What goes into the book when the version is committed.</summary>
    private sealed record Prepared(SubscriptionOwner Owner, IReadOnlyList<string> Headers);
}
