namespace HealthChain.Smart.State;

// Who can log in.
public sealed partial class SmartState
{
    public IReadOnlyList<Account> Accounts
    {
        get
        {
            lock (_gate)
            {
                return [.. _tables.Accounts];
            }
        }
    }

    public Account? FindAccount(string id)
    {
        lock (_gate)
        {
            return _tables.FindAccount(id)?.Account;
        }
    }

    public Account? FindAccountByName(string name)
    {
        lock (_gate)
        {
            return _tables.FindAccountByName(name);
        }
    }

    public Account? FindAccountByExternal(string issuer, string subject)
    {
        lock (_gate)
        {
            return _tables.Accounts.FirstOrDefault(account => account.ExternalIssuer == issuer && account.ExternalSubject == subject);
        }
    }

    /// <summary>Adds an account; false when its id or name is taken.</summary>
    public async ValueTask<bool> AddAccountAsync(Account account)
    {
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            if (_tables.FindAccount(account.Id) is not null || _tables.FindAccountByName(account.Name) is not null)
            {
                return false;
            }

            Apply(new Change.PutAccount(account));
            durable = CommitAsync();
        }

        await durable;
        return true;
    }

    /// <summary>
    /// Changes an account as it is at this moment; null when there is none, or when its new name is another's. An account that gets another
    /// role, person, organisation or owner elsewhere, that may not break the glass any more, or is disabled, loses all that was given in its name, and its
    /// sessions.
    /// </summary>
    /// <param name="change">Makes the new account out of the present one. Called under a lock: it must be quick and call nothing of the state.</param>
    public async ValueTask<Account?> ChangeAccountAsync(string id, Func<Account, Account> change)
    {
        Task durable;
        Account after;
        lock (_gate)
        {
            if (_tables.FindAccount(id)?.Account is not { } before)
            {
                return null;
            }

            after = change(before) with { Id = id };
            if (_tables.FindAccountByName(after.Name) is { } namesake && namesake.Id != id)
            {
                return null;
            }

            if (IsAnothers(before, after))
            {
                Apply(new Change.RemoveAccount(id));
            }

            Apply(new Change.PutAccount(after));
            durable = CommitAsync();
        }

        await durable;
        return after;
    }

    /// <summary>Removes an account with all that was given in its name, and its sessions; false when there is none.</summary>
    public async ValueTask<bool> RemoveAccountAsync(string id)
    {
        Task durable;
        bool isThere;
        lock (_gate)
        {
            isThere = _tables.FindAccount(id) is not null;
            if (isThere)
            {
                Apply(new Change.RemoveAccount(id));
            }

            durable = CommitAsync();
        }

        await durable;
        return isThere;
    }

    private static bool IsAnothers(Account before, Account after) =>
        after.IsDisabled
        || before.Person != after.Person
        || (before.MayBreakGlass && !after.MayBreakGlass)
        || (before.ExternalSubject is not null && (before.ExternalIssuer, before.ExternalSubject) != (after.ExternalIssuer, after.ExternalSubject));
}
