using System.Text;

namespace HealthChain.Storage.Sqlite.Native;

/// <summary>
/// A compiled statement. Bind, then <see cref="Step"/>; <see cref="Reset"/> before the next use. Spans of columns live until the next
/// step or reset. Bound blobs and texts are copied by SQLite, unless the caller pins them (see <see cref="BindPinned"/>).
/// </summary>
internal sealed unsafe class Statement : IDisposable
{
    private const nint Static = 0;
    private const nint Transient = -1;

    private readonly Connection _connection;
    private nint _handle;

    internal Statement(Connection connection, nint handle)
    {
        _connection = connection;
        _handle = handle;
    }

    /// <summary>Goes to the next row; false when there is none. Throws what SQLite reports, after a reset.</summary>
    public bool Step()
    {
        int code = SqliteLibrary.Step(_handle);
        if (code == ResultCodes.Row)
        {
            return true;
        }

        if (code == ResultCodes.Done)
        {
            return false;
        }

        SqliteException failure = _connection.Failure(code);
        _ = SqliteLibrary.Reset(_handle);
        throw failure;
    }

    /// <summary>Steps to the end and resets: for statements that change rows.</summary>
    public void Run()
    {
        while (Step())
        {
        }

        Reset();
    }

    // The result repeats the failure of the last step, which has been thrown already.
    public void Reset() => _ = SqliteLibrary.Reset(_handle);

    public void Bind(int index, long value) => _connection.Check(SqliteLibrary.BindInt64(_handle, index, value));

    public void Bind(int index, double value) => _connection.Check(SqliteLibrary.BindDouble(_handle, index, value));

    public void BindNull(int index) => _connection.Check(SqliteLibrary.BindNull(_handle, index));

    public void Bind(int index, ReadOnlySpan<byte> blob)
    {
        // A null pointer would bind NULL; an empty blob needs any address.
        byte nothing = 0;
        fixed (byte* start = blob)
        {
            _connection.Check(SqliteLibrary.BindBlob(_handle, index, blob.IsEmpty ? &nothing : start, blob.Length, Transient));
        }
    }

    /// <summary>Binds without a copy; the memory must stay pinned until the statement was stepped and reset.</summary>
    public void BindPinned(int index, byte* start, int length) =>
        _connection.Check(SqliteLibrary.BindBlob(_handle, index, start, length, Static));

    public void BindText(int index, ReadOnlySpan<byte> utf8)
    {
        byte nothing = 0;
        fixed (byte* start = utf8)
        {
            _connection.Check(SqliteLibrary.BindText(_handle, index, utf8.IsEmpty ? &nothing : start, utf8.Length, Transient));
        }
    }

    public bool IsNull(int column) => SqliteLibrary.ColumnType(_handle, column) == 5;

    public long Int64(int column) => SqliteLibrary.ColumnInt64(_handle, column);

    public int Int32(int column) => checked((int)SqliteLibrary.ColumnInt64(_handle, column));

    public double Double(int column) => SqliteLibrary.ColumnDouble(_handle, column);

    public ReadOnlySpan<byte> Blob(int column)
    {
        byte* start = SqliteLibrary.ColumnBlob(_handle, column);
        return new ReadOnlySpan<byte>(start, SqliteLibrary.ColumnBytes(_handle, column));
    }

    public string Text(int column)
    {
        byte* start = SqliteLibrary.ColumnText(_handle, column);
        return start is null ? "" : Encoding.UTF8.GetString(new ReadOnlySpan<byte>(start, SqliteLibrary.ColumnBytes(_handle, column)));
    }

    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = SqliteLibrary.Finalize(_handle);
            _handle = 0;
        }
    }
}
