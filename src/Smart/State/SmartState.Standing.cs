using HealthChain.LedgerProofs;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

// What outlives single tokens.
public sealed partial class SmartState
{
    /// <summary>
    /// What still stands, at this moment, of something that was given: for what the guarded server does for a client while nobody shows a token. A user's
    /// decision stands as long as a token can come of it (so with <c>offline_access</c> beyond the session) and neither it, the account nor the client was
    /// ended. A system has nobody who decides anew: what it was given stands as long as it is registered for it.
    /// </summary>
    /// <param name="account">The user; null for a system.</param>
    /// <param name="decision"><see cref="AccessGrant.Decision"/> of the token.</param>
    /// <param name="scopes">Those of the token.</param>
    /// <returns>Who may do what, as a new token would say; null when it has ended.</returns>
    public AccessGrant? FindStanding(string client, string? account, string? decision, ScopeSet scopes)
    {
        lock (_gate)
        {
            if (_tables.FindClient(client) is not { IsBlocked: false } known)
            {
                return null;
            }

            return account is null ? StandingOf(known, scopes) : StandingOf(known, account, decision, scopes);
        }
    }

    private static AccessGrant? StandingOf(Client client, ScopeSet scopes) =>
        !scopes.IsWithin(ScopeSet.Parse(client.AllowedScopes)) ? null : new AccessGrant
        {
            TokenName = client.Id,
            Client = client.Id,
            Role = client.Role,
            Scopes = scopes,
            Expires = DateTimeOffset.MaxValue,
            Organisation = client.Organisation,
            Purpose = client.Purpose,
        };

    private AccessGrant? StandingOf(Client client, string account, string? decision, ScopeSet scopes)
    {
        if (decision is not { Length: 2 * Hash256.Bytes }
            || _tables.FindFamily(new Hash256(Convert.FromHexString(decision))) is not { Family: var family }
            || family.Client != client.Id
            || family.Account != account
            || family.Expires <= _time.GetUtcNow()
            || !scopes.IsWithin(family.Scopes)
            || _tables.FindAccount(account) is not { Account: { IsDisabled: false } user })
        {
            return null;
        }

        return new AccessGrant
        {
            TokenName = StateTables.NameOf(family.Key),
            Client = client.Id,
            Role = user.Role,
            Scopes = scopes,
            Expires = family.Expires,
            Account = account,
            FhirUser = user.FhirUser,
            Organisation = user.Organisation,
            Purpose = family.Purpose,
            Launch = family.Launch,
        };
    }
}
