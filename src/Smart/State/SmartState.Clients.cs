namespace HealthChain.Smart.State;

// Who may ask for access.
public sealed partial class SmartState
{
    public IReadOnlyList<Client> Clients
    {
        get
        {
            lock (_gate)
            {
                return [.. _tables.Clients];
            }
        }
    }

    public Client? FindClient(string id)
    {
        lock (_gate)
        {
            return _tables.FindClient(id);
        }
    }

    /// <summary>The client of a code or token, whether it can still be used or not; null when what it came of is gone.</summary>
    public Client? FindClientOfToken(string token)
    {
        lock (_gate)
        {
            return Find(token).Node is { } node ? _tables.FindClient(node.Family.Client) : null;
        }
    }

    /// <summary>
    /// Adds a client or puts it in place of the one with its id. When it may do less than before, or something else, what it was given is
    /// revoked; a client that is only called otherwise keeps it.
    /// </summary>
    public async ValueTask<OAuthResult<Client>> RegisterAsync(Client client)
    {
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            Client? before = _tables.FindClient(client.Id);
            if (before is null && client.Registration == Registration.Dynamic && UnusedRegistrations().Count >= _options.MostUnusedRegistrations)
            {
                return OAuthError.TemporarilyUnavailable("Too many clients have registered themselves and were never used. Try again tomorrow.");
            }

            if (before is not null && Restricts(before, client))
            {
                Apply(new Change.RemoveClient(client.Id));
            }

            Apply(new Change.PutClient(client));
            durable = CommitAsync();
        }

        await durable;
        return client;
    }

    /// <summary>Removes a client with all that it was given; false when there is none.</summary>
    public async ValueTask<bool> RemoveClientAsync(string id)
    {
        Task durable;
        bool isThere;
        lock (_gate)
        {
            isThere = _tables.FindClient(id) is not null;
            if (isThere)
            {
                Apply(new Change.RemoveClient(id));
            }

            durable = CommitAsync();
        }

        await durable;
        return isThere;
    }

    private static bool Restricts(Client before, Client after) =>
        after.IsBlocked
        || before.Kind != after.Kind
        || before.Role != after.Role
        || before.Organisation != after.Organisation
        || before.Purpose != after.Purpose
        || before.IsKeyBound != after.IsKeyBound
        || (before.IsTrusted && !after.IsTrusted)
        || before.GrantTypes.Except(after.GrantTypes).Any()
        || before.AllowedScopes != after.AllowedScopes;

    private void DropUnusedRegistrations(DateTimeOffset now)
    {
        foreach (Client client in UnusedRegistrations().Where(client => now - client.Registered >= _options.UnusedRegistrationLifetime))
        {
            Apply(new Change.RemoveClient(client.Id));
        }

        _ = CommitAsync();
    }

    /// <summary>Clients that registered themselves and were never given anything.</summary>
    private List<Client> UnusedRegistrations() => [.. _tables.Clients.Where(client => client.Registration == Registration.Dynamic && !_tables.IsUsed(client.Id))];
}
