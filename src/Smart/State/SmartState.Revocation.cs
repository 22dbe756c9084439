using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

// What was given, and how it ends.
public sealed partial class SmartState
{
    /// <summary>What a user gave, the last first.</summary>
    public IReadOnlyList<Authorisation> AuthorisationsOf(string account)
    {
        lock (_gate)
        {
            return _tables.FindAccount(account) is { } node
                ? [.. node.Authorisations.Values.Select(found => found.Authorisation).OrderByDescending(found => found.Given)]
                : [];
        }
    }

    public Authorisation? FindAuthorisation(string account, string client)
    {
        lock (_gate)
        {
            return _tables.FindAuthorisation(new AuthorisationKey(account, client))?.Authorisation;
        }
    }

    /// <summary>Takes back what a user gave to a client, with all tokens that came of it; false when there is nothing.</summary>
    /// <param name="id"><see cref="Authorisation.Id"/> of one of the account's authorisations.</param>
    public async ValueTask<bool> RevokeAuthorisationAsync(string account, string id)
    {
        Task durable;
        AuthorisationNode? node;
        lock (_gate)
        {
            node = _tables.FindAccount(account)?.Authorisations.Values.FirstOrDefault(found => found.Authorisation.Id == id);
            if (node is not null)
            {
                Apply(new Change.RemoveAuthorisation(new AuthorisationKey(account, node.Authorisation.Client)));
            }

            durable = CommitAsync();
        }

        await durable;
        return node is not null;
    }

    /// <summary>
    /// Revokes a client's token: an access token alone, a refresh token with all that came of the same decision.
    /// https://www.rfc-editor.org/rfc/rfc7009#section-2.1
    /// </summary>
    /// <param name="client">The client, authenticated if it is confidential; null when a public one did not say which it is.</param>
    public async ValueTask<RevocationOutcome> RevokeTokenAsync(string? client, string token)
    {
        Task durable;
        RevocationOutcome outcome;
        lock (_gate)
        {
            outcome = Revoke(client, token);
            durable = CommitAsync();
        }

        await durable;
        return outcome;
    }

    /// <summary>What a token is good for at this moment; null for nothing. https://www.rfc-editor.org/rfc/rfc7662</summary>
    public Introspection? Introspect(string token)
    {
        if (FindToken(token) is { } grant)
        {
            return new Introspection(grant, IsRefreshToken: false);
        }

        lock (_gate)
        {
            (FamilyNode? node, _) = Find(token);
            if (node is null
                || node.Family is not { Refresh: { } current } family
                || !FamilyKey.TryRead(token, out FamilyKey key)
                || !Secrets.AreEqual(key.Secret, current)
                || family.RefreshUntil <= _time.GetUtcNow())
            {
                return null;
            }

            Account? account = family.Account is null ? null : _tables.FindAccount(family.Account)?.Account;
            return new Introspection(
                new AccessGrant
                {
                    TokenName = StateTables.NameOf(key.Secret),
                    Client = family.Client,
                    Role = account?.Role ?? Role.Backend,
                    Scopes = family.Scopes,
                    Expires = family.RefreshUntil,
                    Account = family.Account,
                    FhirUser = account?.FhirUser,
                    Organisation = account?.Organisation,
                    Purpose = family.Purpose,
                    Launch = family.Launch,
                    KeyThumbprint = family.KeyThumbprint,
                },
                IsRefreshToken: true);
        }
    }

    /// <summary>
    /// Forgets a person: the accounts of it, what was given in their names, and what any app was given with that patient in context.
    /// Nothing of it is in the journal any more when this returns.
    /// </summary>
    /// <param name="fhirUser">Such as <c>Patient/12</c>.</param>
    /// <returns>How many accounts there were.</returns>
    public async ValueTask<int> EraseAsync(string fhirUser)
    {
        const string OfPatients = "Patient/";
        string? patient = fhirUser.StartsWith(OfPatients, StringComparison.Ordinal) ? fhirUser[OfPatients.Length..] : null;
        int erased;
        Task durable;
        lock (_gate)
        {
            List<string> accounts = [.. _tables.Accounts.Where(account => account.FhirUser == fhirUser).Select(account => account.Id)];
            erased = accounts.Count;
            accounts.ForEach(id => Apply(new Change.RemoveAccount(id)));
            if (patient is not null)
            {
                foreach (Hash256 key in _tables.Families.Where(node => node.Family.Launch.Patient == patient).Select(node => node.Family.Key).ToList())
                {
                    Apply(new Change.RemoveFamily(key));
                }

                foreach (Hash256 key in _tables.Launches.Where(pair => pair.Value.Launch.Context.Patient == patient).Select(pair => pair.Key).ToList())
                {
                    Apply(new Change.RemoveLaunch(key));
                }

                foreach (Authorisation authorisation in _tables.Authorisations.Where(found => found.Patient == patient).ToList())
                {
                    Apply(new Change.PutAuthorisation(authorisation with { Patient = null }));
                }
            }

            durable = CommitAsync();
        }

        await durable;
        await CompactAsync();
        return erased;
    }

    private RevocationOutcome Revoke(string? client, string token)
    {
        (FamilyNode? node, Hash256? access) = Find(token);
        if (node is null)
        {
            return RevocationOutcome.Unknown;
        }

        bool isClients = client is null
            ? _tables.FindClient(node.Family.Client)?.Kind == ClientKind.Public
            : node.Family.Client == client;
        if (!isClients)
        {
            return RevocationOutcome.NotYours;
        }

        Apply(access is { } hash ? new Change.RemoveToken(hash) : new Change.RemoveFamily(node.Family.Key));
        return RevocationOutcome.Revoked;
    }

    /// <summary>The family of any token, and the hash of an access token; codes and refresh tokens that were used before are of the family too.</summary>
    private (FamilyNode? Node, Hash256? Access) Find(string token)
    {
        Hash256 hash = Hash256.Of(Encoding.UTF8.GetBytes(token));
        if (_tables.FindGrant(hash) is { } grant)
        {
            return (grant.Family, hash);
        }

        return FamilyKey.TryRead(token, out FamilyKey key) ? (_tables.FindFamily(key.Family), null) : (null, null);
    }
}
