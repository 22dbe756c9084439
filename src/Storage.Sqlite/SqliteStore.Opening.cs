using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Searching;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite;

// From files to a store that works.
public sealed partial class SqliteStore
{
    /// <summary>Opens the store or creates it; after a crash it is repaired first, which takes about a second for 100,000 resources.</summary>
    /// <param name="keys">Belongs to this store alone; stays the caller's.</param>
    /// <exception cref="StoreException">In use, of another key store, of a newer program, or damaged.</exception>
    public static Task<SqliteStore> OpenAsync(
        SqliteStoreOptions options, KeyStore keys, SearchParameterSet parameters, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(options, keys, keys.GetIndexHasher(), parameters, time, cancellationToken);

    /// <summary>The same with a key of index hashes that tests share between stores.</summary>
    internal static Task<SqliteStore> OpenAsync(
        SqliteStoreOptions options, KeyStore keys, IndexHasher hasher, SearchParameterSet parameters, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Run(() => Open(options, keys, hasher, parameters, time), cancellationToken);

    private static SqliteStore Open(SqliteStoreOptions options, KeyStore keys, IndexHasher hasher, SearchParameterSet parameters, TimeProvider time)
    {
        var files = new StoreFiles(options.Folder);
        try
        {
            (Numbers numbers, bool parametersChanged, string? origin) = Prepare(files, options, keys, hasher, parameters);
            IndexedParameter? lastUpdated = parameters.Find(FhirSchema.R4.Type("Patient")!, "_lastUpdated");
            var rows = new RowWriter(lastUpdated is null ? -1 : numbers.OfParameter(lastUpdated.Id));
            var parts = new EngineParts(options, keys, new ResourceSealer(keys), hasher, parameters, numbers, rows, new HeadCache(options.HeadCacheBytes), time, origin);
            var generations = new GenerationSource(new GenerationSet(new Generation(0), null));
            var search = new SearchEngine(parts);
            WriterSession OpenSession() => OpenWriter(parts, files, generations, search.Holds);
            WriterSession session = OpenSession();
            var changes = new ChangeSignal();
            changes.Advance(session.State.Sequence);
            var readers = new ReaderPool(
                options.Readers, generations, () => new Snapshot(files.OpenForReading(options), parts, generations.Current, parts.Heads));
            var preparers = new PreparerPool(() => new Preparer(parameters, hasher, numbers, rows, options.ServerBase));
            var writer = new Writer(session, OpenSession, new Checkpointer(files, options, readers), readers, changes, options);
            parts.Meter.Watch(() => writer.Queued);
            return new SqliteStore(files, parts, preparers, readers, writer, changes, search, parametersChanged);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>At the start and after each failure: what was begun and cut short goes on before anything else is written.</summary>
    private static WriterSession OpenWriter(EngineParts parts, StoreFiles files, GenerationSource generations, GuardSearch search)
    {
        var session = new WriterSession(parts, files, generations, search);
        try
        {
            if (parts.LedgerOrigin is { } origin)
            {
                new LedgerBeginning(session, parts).Complete(origin);
            }

            parts.Heads.Rewrite(() => new Eraser(session, parts).FinishAll());
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Brings the tables to today's form and checks that database and keys belong together.</summary>
    private static (Numbers Numbers, bool ParametersChanged, string? LedgerOrigin) Prepare(
        StoreFiles files, SqliteStoreOptions options, KeyStore keys, IndexHasher hasher, SearchParameterSet parameters)
    {
        using Connection connection = files.OpenForWriting(options);
        Schema.Migrate(connection);
        connection.Execute("BEGIN IMMEDIATE");
        Numbers numbers = Numbers.Load(connection, parameters);
        CheckKeys(connection, keys, hasher);
        string? origin = LedgerName.Of(connection, options, keys.Tenant);
        if (origin is not null && WriterState.MetaOf(connection, Meta.LedgerBegun) == 0)
        {
            // Without a ledger the chains lead through records alone: they are made anew.
            connection.Execute("DELETE FROM chain");
            connection.Execute($"DELETE FROM meta WHERE k={(int)Meta.ChainsWatermark}");
        }

        bool parametersChanged = ParameterFingerprint.IsOther(connection, parameters);
        connection.Execute("COMMIT");
        return (numbers, parametersChanged, origin);
    }

    private static void CheckKeys(Connection connection, KeyStore keys, IndexHasher hasher)
    {
        Span<byte> tenant = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(tenant, keys.Tenant);
        long check = hasher.ExactText("which key this is"u8);
        using (Statement known = connection.Prepare("SELECT (SELECT v FROM meta WHERE k=?), (SELECT v FROM meta WHERE k=?)"))
        {
            known.Bind(1, (long)Meta.Tenant);
            known.Bind(2, (long)Meta.HasherCheck);
            known.Step();
            if (!known.IsNull(0))
            {
                if (!known.Blob(0).SequenceEqual(tenant))
                {
                    throw new StoreException("The keys belong to another database, or were lost and made anew. Restore the key folder from its backup.");
                }

                if (known.Int64(1) != check)
                {
                    throw new StoreException("The key of the search index is not the one of this database. Restore the key folder from its backup.");
                }

                CheckSubjects(connection, keys);
                return;
            }
        }

        using Statement insert = connection.Prepare("INSERT INTO meta(k, v) VALUES(?,?)");
        insert.Bind(1, (long)Meta.Tenant);
        insert.Bind(2, tenant);
        insert.Run();
        insert.Bind(1, (long)Meta.HasherCheck);
        insert.Bind(2, check);
        insert.Run();
    }

    /// <summary>
    /// When the key file lost records at its end, they must not be those of subjects that the database knows: they would get other secrets.
    /// And a database from a backup may hold subjects that were erased since.
    /// </summary>
    private static void CheckSubjects(Connection connection, KeyStore keys)
    {
        bool isRestored = WriterState.MetaOf(connection, Meta.IsRestored) != 0;
        if (keys.DroppedRecords == 0 && !isRestored)
        {
            return;
        }

        using (Statement subjects = connection.Prepare("SELECT sub, id FROM subject"))
        using (Statement erase = connection.Prepare("INSERT OR IGNORE INTO erasing(sub) VALUES(?)"))
        {
            while (subjects.Step())
            {
                KeyState state = keys.StateOf(SubjectId.Read(subjects.Blob(1)));
                if (state == KeyState.Unknown)
                {
                    throw new StoreException("The key file lacks secrets that the database needs. Restore it from its backup.");
                }

                if (state == KeyState.Destroyed)
                {
                    erase.Bind(1, subjects.Int64(0));
                    erase.Run();
                }
            }
        }

        connection.Execute($"DELETE FROM meta WHERE k={(int)Meta.IsRestored}");
    }
}
