using System.Text;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>The name of the ledger's log: every leaf commits to it, so it is decided at the first start and never again.</summary>
internal static class LedgerName
{
    /// <summary>The name by which the store's log goes; null when it has none. Within the caller's transaction.</summary>
    /// <exception cref="StoreException">The options want something else than what was begun.</exception>
    public static string? Of(Connection connection, SqliteStoreOptions options, UInt128 tenant)
    {
        if (options.LedgerOrigin is { } wanted && !LedgerProofs.Statement.IsOrigin(wanted))
        {
            throw new StoreException($"The name of the ledger must have 1 to {LedgerProofs.Statement.MostOriginBytes} characters of ASCII and no space.");
        }

        if (Stored(connection) is { } stored)
        {
            return !options.HasLedger ? throw new StoreException("The database has a ledger and cannot go on without: what was proven would have a gap.")
                : options.LedgerOrigin is null || options.LedgerOrigin == stored ? stored
                : throw new StoreException($"The ledger of this database is called {stored} for ever, not {options.LedgerOrigin}.");
        }

        if (!options.HasLedger)
        {
            return null;
        }

        string origin = options.LedgerOrigin ?? $"healthchain/{tenant:x32}";
        using Statement insert = connection.Prepare("INSERT INTO meta(k, v) VALUES(?,?)");
        insert.Bind(1, (long)Meta.LedgerOrigin);
        insert.BindText(2, Encoding.UTF8.GetBytes(origin));
        insert.Run();
        return origin;
    }

    private static string? Stored(Connection connection)
    {
        using Statement select = connection.Prepare("SELECT v FROM meta WHERE k=?");
        select.Bind(1, (long)Meta.LedgerOrigin);
        return select.Step() ? select.Text(0) : null;
    }
}
