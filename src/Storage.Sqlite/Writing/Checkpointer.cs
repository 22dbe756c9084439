using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// Copies the write-ahead log into the database while the writer goes on. What is written meanwhile is left over, so the writer
/// copies that small rest itself; then the log begins anew.
/// </summary>
internal sealed class Checkpointer(StoreFiles files, SqliteStoreOptions options, ReaderPool readers)
{
    /// <summary>A log that has grown so much longer than asked for is copied by the writer, whatever it costs.</summary>
    private const int MostTimes = 8;

    /// <summary>
    /// Milliseconds for which the writer waits until those who read in the log have ended, as searches do at once. Without it there would always be one
    /// under load, and the log would never begin anew.
    /// </summary>
    private const int ReaderPatience = 100;

    private readonly int _pages = (int)(options.CheckpointBytes / Schema.PageBytes);
    private int _next;
    private Task _copying = Task.CompletedTask;
    private bool _hasRest;

    /// <summary>To be called by the writer after each commit.</summary>
    /// <exception cref="SqliteException">Copying failed; the log goes on growing.</exception>
    public void Notice(Connection writer)
    {
        if (!_copying.IsCompleted)
        {
            return;
        }

        if (_hasRest || writer.LogPages > Math.Max(_next, (long)_pages * MostTimes))
        {
            _hasRest = false;
            bool beginsAnew = false;
            readers.LetGo(() => beginsAnew = writer.Checkpoint(CheckpointMode.Restart, ReaderPatience));

            // A reader may hold the log for long (a backup, a check): what is copied already is not tried again with each commit.
            _next = beginsAnew ? _pages : writer.LogPages + _pages;
        }
        else if (writer.LogPages > Math.Max(_pages, _next))
        {
            _hasRest = true;
            _copying = Task.Run(Copy);
        }
    }

    /// <summary>Waits until nothing is being copied. Why a copy failed does not matter: whoever copies the rest learns whether it still does.</summary>
    public void Finish() => _ = Task.WhenAny(_copying).GetAwaiter().GetResult();

    private void Copy()
    {
        using Connection connection = files.OpenForWriting(options with { WriterCacheBytes = 1 << 20 });
        readers.LetGo(() => connection.Checkpoint(CheckpointMode.Passive));
    }
}
