using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>Whether notifications may go out at this moment.</summary>
/// <param name="Requester">On whose behalf, with what exists for it; null when nobody's any more.</param>
/// <param name="Ended">Why not, for the owner to read; null when they may.</param>
internal readonly record struct Standing(Requester? Requester, string? Ended)
{
    public static Standing Over(string reason) => new(null, reason);
}

/// <summary>
/// Finds out what the owner of a Subscription may see, at the moment of each notification and never before: as if she asked now with what she was given, if
/// that stands.
/// </summary>
internal sealed class SubscriptionStandings(SubscriptionBook book, Requesters requesters, SmartState? state = null)
{
    private const Permissions Needed = Permissions.Read | Permissions.Search;

    public async ValueTask<Standing> OfAsync(Subscriber subscriber, CancellationToken cancellationToken)
    {
        if (book.Find(subscriber.Key.Id) is not { Owner: { } owner })
        {
            return Standing.Over("It is not known any more whose Subscription this is.");
        }

        Requester? requester = owner.Kind switch
        {
            OwnerKind.Client => OfClient(subscriber, owner),
            OwnerKind.Operator => requesters.OfToken(owner.Name),
            _ => requesters.Development,
        };
        return requester is null ? Standing.Over("What the owner was given has ended.") : await NowAsync(requester, cancellationToken);
    }

    /// <summary>What exists for a requester who reads and searches.</summary>
    public static async ValueTask<Standing> NowAsync(Requester requester, CancellationToken cancellationToken)
    {
        if (requester.Rights is not { } rights)
        {
            return new Standing(requester, null);
        }

        Entitlement entitlement = await rights.NowAsync(cancellationToken);
        return entitlement.Rules.Party is { Role: Role.Practitioner or Role.Backend or Role.Insurer, IsCurrent: false }
            ? Standing.Over("The owner's organisation is not verified at present.")
            : new Standing(entitlement.For(Needed), null);
    }

    private Requester? OfClient(Subscriber subscriber, SubscriptionOwner owner)
    {
        if (state?.FindStanding(owner.Name, owner.Account, owner.Decision, ScopeSet.Parse(owner.Scopes)) is not { } grant
            || grant.Role != owner.Role || grant.Organisation != owner.Organisation || grant.FhirUser != owner.FhirUser)
        {
            return null;
        }

        // Rules are found once for all notifications; what depends on the moment is asked of them each time.
        if (subscriber.Known is not { } known || !known.IsOf(grant))
        {
            subscriber.Known = known = new KnownRequester(grant, requesters.OfStanding(grant));
        }

        return known.Requester;
    }
}
