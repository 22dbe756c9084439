using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Goes through records in their order, row by row.</summary>
/// <param name="rows">Gives rows with <see cref="RecordRow.Columns"/> in the order of their numbers, beginning with the one that holds what is first wanted.</param>
/// <param name="records">A list to fill again and again.</param>
/// <param name="after">Those up to this sequence number are passed over.</param>
internal struct RecordsUp(Statement rows, List<RecordRow> records, long after)
{
    private int _next;
    private int _count;

    public RecordRow Current { get; private set; } = null!;

    /// <exception cref="StoreException">They are damaged.</exception>
    public bool MoveNext()
    {
        while (true)
        {
            while (_next == _count)
            {
                if (!rows.Step())
                {
                    return false;
                }

                RecordRow.ReadAll(rows, records);
                (_next, _count) = (0, records.Count);
            }

            Current = records[_next++];
            if (Current.Sequence > after)
            {
                return true;
            }
        }
    }
}
