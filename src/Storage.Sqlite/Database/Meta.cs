namespace HealthChain.Storage.Sqlite.Database;

/// <summary>What the table <c>meta</c> holds, by its keys.</summary>
internal enum Meta
{
    /// <summary>Tenant of the key store that the database belongs to, 16 bytes.</summary>
    Tenant = 1,

    /// <summary>A hash that only the right index key gives.</summary>
    HasherCheck = 2,

    /// <summary>Sequence number up to which the index tables are complete.</summary>
    Watermark = 3,

    /// <summary>SHA-256 over the search parameters by which all resources are indexed.</summary>
    Parameters = 4,

    /// <summary>A number of a resource below which none may be given again, though the rows are erased.</summary>
    LastRid = 5,

    /// <summary>The same for numbers of subjects.</summary>
    LastSubject = 6,

    /// <summary>The database comes from a backup and was not opened since: patients may have been erased after that was taken.</summary>
    IsRestored = 7,

    /// <summary>When it was last tried whether writing works again, in milliseconds of Unix time.</summary>
    Probed = 8,

    /// <summary>The name of the ledger's log, as text; there is none when the store has no ledger.</summary>
    LedgerOrigin = 9,

    /// <summary>Sequence number up to which the table <c>chain</c> is complete.</summary>
    ChainsWatermark = 10,

    /// <summary>Whether what was written before there was a ledger has its leaves.</summary>
    LedgerBegun = 11,
}
