using HealthChain.Smart.Scopes;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>
/// Rules in the hands of one bearer. Hands out the requester as which each sort of interaction runs, always the same object, so that a request costs
/// no more than looking it up. Thread-safe.
/// </summary>
/// <param name="requester">The bearer; what is handed out differs from it in the scope alone.</param>
internal sealed class Entitlement(Requester requester, AccessRules rules, Holder holder)
{
    private readonly Requester?[] _for = new Requester?[(int)Permissions.All + 1];
    private Requester? _forTransactions;

    public AccessRules Rules => rules;

    /// <summary>The requester as one who does what needs all of these permissions.</summary>
    public Requester For(Permissions permissions) => _for[(int)permissions] ??= With(rules.Seen(permissions), rules.RecordsOf(permissions));

    /// <summary>The requester as one who commits a transaction.</summary>
    public Requester ForTransactions() => _forTransactions ??= With(rules.SeenInTransactions, RecordReach.Nobodys);

    private Requester With(TypeRules seen, RecordReach records) =>
        requester with { Scope = new RuledScope(requester.Who, seen, rules, records, holder) };
}
