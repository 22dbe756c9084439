using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>The tables, and how older ones become these. docs/storage-format.md says what they hold.</summary>
internal static class Schema
{
    public const int PageBytes = 8192;

    /// <summary>The steps from nothing to today's tables. What has been released is never changed: a new step is added.</summary>
    private static readonly string[][] Steps =
    [
        [
            "CREATE TABLE meta(k INTEGER PRIMARY KEY, v BLOB NOT NULL)",
            "CREATE TABLE type(n INTEGER PRIMARY KEY, name TEXT NOT NULL)",
            "CREATE TABLE param(n INTEGER PRIMARY KEY, url TEXT NOT NULL)",
            "CREATE TABLE count(type INTEGER PRIMARY KEY, current INTEGER NOT NULL, versions INTEGER NOT NULL)",
            "CREATE TABLE subject(sub INTEGER PRIMARY KEY, h INTEGER NOT NULL UNIQUE, id BLOB NOT NULL)",
            """
            CREATE TABLE ver(vid INTEGER PRIMARY KEY, rid INTEGER NOT NULL, v INTEGER NOT NULL, ts INTEGER NOT NULL, op INTEGER NOT NULL,
                type INTEGER NOT NULL, sub INTEGER NOT NULL, leaf BLOB, hash BLOB NOT NULL, body BLOB)
            """,
            "CREATE INDEX ver_rid ON ver(rid, v)",
            "CREATE INDEX ver_type ON ver(type, vid, rid)",
            """
            CREATE TABLE res(rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, first INTEGER NOT NULL, vid INTEGER NOT NULL, v INTEGER NOT NULL,
                ts INTEGER NOT NULL, op INTEGER NOT NULL, sub INTEGER NOT NULL, pat INTEGER NOT NULL, h INTEGER NOT NULL, keys BLOB NOT NULL)
            """,
            "CREATE INDEX res_type ON res(type) WHERE op >= 0",
            """
            CREATE TABLE value(p INTEGER NOT NULL, h INTEGER NOT NULL, pat INTEGER NOT NULL, rid INTEGER NOT NULL,
                PRIMARY KEY(p, h, pat, rid)) WITHOUT ROWID
            """,
            """
            CREATE TABLE range(p INTEGER NOT NULL, w INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, h INTEGER NOT NULL,
                rid INTEGER NOT NULL, PRIMARY KEY(p, w, lo, hi, h, rid)) WITHOUT ROWID
            """,
            "CREATE TABLE moved(sub INTEGER NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY(sub, rid)) WITHOUT ROWID",
            "CREATE TABLE blob(address BLOB NOT NULL, vid INTEGER NOT NULL, PRIMARY KEY(address, vid)) WITHOUT ROWID",
            "CREATE INDEX blob_vid ON blob(vid)",
            "CREATE TABLE erasing(sub INTEGER PRIMARY KEY)",
        ],
        [
            """
            CREATE TABLE record(seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, ts INTEGER NOT NULL, sub INTEGER NOT NULL, subs BLOB NOT NULL,
                leaf BLOB NOT NULL, body BLOB)
            """,
            "CREATE TABLE chain(sub INTEGER PRIMARY KEY, last INTEGER NOT NULL)",
            "ALTER TABLE erasing ADD COLUMN body BLOB",
        ],
        [
            // A row may hold several records.
            """
            CREATE TABLE records(seq INTEGER PRIMARY KEY, last INTEGER NOT NULL, n INTEGER NOT NULL, kind INTEGER NOT NULL, ts INTEGER NOT NULL,
                sub INTEGER NOT NULL, subs BLOB NOT NULL, leaf BLOB NOT NULL, body BLOB)
            """,
            "INSERT INTO records SELECT seq, seq, 1, kind, ts, sub, subs, leaf, body FROM record ORDER BY seq",
            "DROP TABLE record",
            "ALTER TABLE records RENAME TO record",
        ],
    ];

    /// <summary>The version that this program writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>Brings a database to today's version, each step in a transaction of its own.</summary>
    /// <exception cref="StoreException">It was written by a newer program.</exception>
    public static void Migrate(Connection connection) => Migrate(connection, Steps);

    internal static void Migrate(Connection connection, string[][] steps)
    {
        long version = connection.QueryInt64("PRAGMA user_version");
        if (version > steps.Length)
        {
            throw new StoreException(
                $"The database has format {version}; this program knows formats up to {steps.Length}. Start a newer version of the program.");
        }

        for (; version < steps.Length; version++)
        {
            connection.Execute("BEGIN IMMEDIATE");
            try
            {
                foreach (string statement in steps[version])
                {
                    connection.Execute(statement);
                }

                connection.Execute($"PRAGMA user_version={version + 1}");
                connection.Execute("COMMIT");
            }
            catch
            {
                connection.Rollback();
                throw;
            }
        }
    }
}
