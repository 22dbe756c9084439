namespace HealthChain.Storage.Sqlite;

/// <summary>Where the database lies and how much memory it may use.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>Folder of the database. Created when it is not there; one process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>This server's base url without the last slash: references to it are found like relative ones.</summary>
    public string? ServerBase { get; init; }

    /// <summary>
    /// Whether everything that is written becomes a leaf of the ledger. A store that was begun without gets leaves for all that it has when it is
    /// first opened with; it cannot go on without from then on.
    /// </summary>
    public bool HasLedger { get; init; } = true;

    /// <summary>
    /// The name of the ledger's log, for ever the one of the first start: <c>hospital.example/ledger</c>. Null for the one that it has, at the
    /// first start one that no other log has.
    /// </summary>
    public string? LedgerOrigin { get; init; }

    /// <summary>Page cache of the writer.</summary>
    public int WriterCacheBytes { get; init; } = 32 << 20;

    /// <summary>Page cache of each reader.</summary>
    public int ReaderCacheBytes { get; init; } = 4 << 20;

    /// <summary>
    /// How much of the file each reader maps into memory. Searches get two to three times faster when it holds the whole file, but what is
    /// mapped counts as memory of the process.
    /// </summary>
    public long ReaderMappedBytes { get; init; }

    /// <summary>Connections for reading; calls beyond that wait.</summary>
    public int Readers { get; init; } = Math.Max(4, Environment.ProcessorCount * 2);

    /// <summary>
    /// Index rows that are kept in memory before they are written to the database in order; about twice as many for a while. Each takes about
    /// 42 bytes. More rows make writing faster the larger the store is (fewer pages are written for each), and a start after a crash slower.
    /// </summary>
    public int GenerationRows { get; init; } = 500_000;

    /// <summary>Most resources that one commit writes together; a larger transaction is a commit of its own.</summary>
    public int MaxGroup { get; init; } = 256;

    /// <summary>Most resources that wait for the writer; more are refused as <see cref="Fhir.ErrorKind.Busy"/>.</summary>
    public int MaxQueued { get; init; } = 32_768;

    /// <summary>Size of the write-ahead log at which it is copied into the database.</summary>
    public long CheckpointBytes { get; init; } = 128L << 20;

    /// <summary>Most resources that one search opens to decide what its index does not tell; beyond it the search is refused as too costly.</summary>
    public int MaxOpenedBySearch { get; init; } = 100_000;

    /// <summary>Names and other texts to sort by that are kept in memory, about 150 bytes each.</summary>
    public int CachedSortValues { get; init; } = 32_768;

    /// <summary>Memory for what stands beside resources and decides searches: about 1 KB for an observation, 300 bytes for smaller resources.</summary>
    public int HeadCacheBytes { get; init; } = 24 << 20;

    /// <summary>Name of a VFS through which the database is written; tests put one that fails in the place of the operating system's.</summary>
    internal string? Vfs { get; init; }
}
