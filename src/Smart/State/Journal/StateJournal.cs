using HealthChain.Files;

namespace HealthChain.Smart.State.Journal;

/// <summary>
/// Makes changes durable, many with one synchronisation: what arrives while the disk is busy goes with the next frame. When the file has grown
/// to a multiple of what lives, a new one is written beside it, a piece between one group and the next, and takes its place.
/// </summary>
/// <remarks>Thread-safe. One thread of its own does all work on the disk.</remarks>
internal sealed class StateJournal : IDisposable
{
    /// <summary>Changes of one frame end about there.</summary>
    private const int FrameBytes = 1 << 20;

    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly byte[] _key;
    private readonly JournalLimits _limits;
    private readonly Func<IEnumerable<Change>> _snapshot;
    private readonly ChangeCodec _codec = new();
    private readonly FieldWriter _writer = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Lock _gate = new();
    private readonly Thread _thread;

    // Under _gate: what the next frame takes, and who waits for it.
    private List<Change[]> _queue = [];
    private Waiters _queueWaiters = new();
    private Task _last = Task.CompletedTask;
    private Waiters? _compactionWaiters;
    private bool _isStopping;
    private Exception? _fault;
    private int _waiting;

    // Of the thread alone. What a failed write did not make durable goes first with the next.
    private readonly List<Change[]> _unwritten = [];
    private JournalFile _file;
    private bool _isNameDurable = true;
    private Compaction? _compaction;
    private long _bytesOfSnapshot;

    private StateJournal(IDisk disk, string folder, ReadOnlySpan<byte> key, JournalLimits limits, Action<Change> read, Func<IEnumerable<Change>> snapshot)
    {
        _disk = disk;
        _folder = folder;
        _key = key.ToArray();
        _limits = limits;
        _snapshot = snapshot;
        _file = OpenOrCreate(read);
        _bytesOfSnapshot = _file.Bytes;
        _thread = new Thread(Run) { IsBackground = true, Name = "authorisation journal" };
        _thread.Start();
    }

    /// <summary>Whether so much waits for a disk that fails that no more can be taken.</summary>
    public bool IsFull => Volatile.Read(ref _waiting) > _limits.MostWaiting;

    private string Path => System.IO.Path.Combine(_folder, SmartState.FileName);

    private string NextPath => Path + DiskExtensions.Unfinished;

    /// <param name="read">Gets all changes of the past, in order, before this returns.</param>
    /// <param name="snapshot">
    /// Lists all that lives, as changes that make it; called and gone through at any time later, by another thread. It is fine if it has some of the
    /// changes that are made meanwhile: they are appended too, and come again after it.
    /// </param>
    /// <exception cref="SmartStateException">The journal is damaged, or belongs to other keys.</exception>
    public static StateJournal Open(IDisk disk, string folder, ReadOnlySpan<byte> key, JournalLimits limits, Action<Change> read, Func<IEnumerable<Change>> snapshot) =>
        new(disk, folder, key, limits, read, snapshot);

    /// <summary>
    /// Takes changes that belong together, in the order in which it is called. The task ends when they and all before them are durable, or fails;
    /// after a failure they are tried again with the next. Without changes it ends when all before are durable: who finds something done
    /// may not say so earlier than who did it.
    /// </summary>
    public Task AppendAsync(Change[] changes)
    {
        Task durable;
        lock (_gate)
        {
            if (_fault is not null || _isStopping)
            {
                return Task.FromException(_fault ?? new ObjectDisposedException(nameof(StateJournal)));
            }

            if (changes.Length == 0 && !_last.IsFaulted)
            {
                return _last;
            }

            _queue.Add(changes);
            _waiting++;
            durable = _last = _queueWaiters.Task;
        }

        _wake.Set();
        return durable;
    }

    /// <summary>Writes what lives into a new file, so that nothing else stays on the disk; ends when that has the old one's place.</summary>
    public Task CompactAsync()
    {
        Task compacted;
        lock (_gate)
        {
            if (_fault is not null || _isStopping)
            {
                return Task.FromException(_fault ?? new ObjectDisposedException(nameof(StateJournal)));
            }

            _compactionWaiters ??= new Waiters();
            compacted = _compactionWaiters.Task;
        }

        _wake.Set();
        return compacted;
    }

    /// <summary>Ends after what was taken is written.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
        }

        _wake.Set();
        _thread.Join();
        _compaction?.Dispose();
        _file.Dispose();
        _wake.Dispose();
    }

    private JournalFile OpenOrCreate(Action<Change> read)
    {
        _disk.CreateFolder(_folder);
        _disk.Delete(NextPath);
        if (_disk.List(_folder).Contains(System.IO.Path.GetFileName(Path)))
        {
            // The name too may be of a process that was killed before it was durable.
            _disk.SyncFolder(_folder);
            return JournalFile.Open(_disk, Path, _key, content => ReadChanges(content.Span, read));
        }

        JournalFile file = JournalFile.Create(_disk, NextPath, _key);
        try
        {
            file.Append([], isSnapshot: false);
            _disk.Rename(NextPath, Path);
            _disk.SyncFolder(_folder);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void ReadChanges(ReadOnlySpan<byte> content, Action<Change> read)
    {
        FieldReader reader = _codec.Open(content);
        while (!reader.IsAtEnd)
        {
            read(_codec.Read(ref reader));
        }
    }

    private void Run()
    {
        try
        {
            while (Next())
            {
            }
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // A mistake of ours: what is in memory may be wrong, so nothing is taken any more. Whoever waits hears why.
            Fail(fault);
            return;
        }

        Fail(new ObjectDisposedException(nameof(StateJournal)));
    }

    /// <summary>One round: what has arrived, and a piece of the snapshot. False when it is over.</summary>
    private bool Next()
    {
        if (_compaction is null)
        {
            _wake.WaitOne();
        }

        (List<Change[]> queue, Waiters waiters, bool isStopping) = Take();
        if (queue.Count > 0 || (isStopping && _unwritten.Count > 0))
        {
            Write(queue, waiters);
        }

        if (isStopping)
        {
            return false;
        }

        Compact();
        return true;
    }

    private (List<Change[]> Queue, Waiters Waiters, bool IsStopping) Take()
    {
        lock (_gate)
        {
            (List<Change[]> Queue, Waiters Waiters, bool IsStopping) taken = (_queue, _queueWaiters, _isStopping);
            if (_queue.Count > 0)
            {
                _queue = [];
                _queueWaiters = new Waiters();
            }

            return taken;
        }
    }

    private void Write(List<Change[]> queue, Waiters waiters)
    {
        _unwritten.AddRange(queue);
        try
        {
            EnsureNameIsDurable();
            while (_unwritten.Count > 0)
            {
                WriteFrame();
            }

            waiters.Succeed();
        }
        catch (IOException failure)
        {
            waiters.Fail(failure);
        }
        catch (Exception fault)
        {
            waiters.Fail(fault);
            throw;
        }
    }

    private void WriteFrame()
    {
        _writer.Clear();
        int count = 0;
        while (count < _unwritten.Count && _writer.Length < FrameBytes)
        {
            Encode(_unwritten[count++]);
        }

        _file.Append(_writer.Written, isSnapshot: false);
        _compaction?.Later.AddRange(_unwritten[..count]);
        _unwritten.RemoveRange(0, count);
        lock (_gate)
        {
            _waiting -= count;
        }
    }

    private void Encode(Change[] changes)
    {
        foreach (Change change in changes)
        {
            _codec.Write(_writer, change);
        }
    }

    private void Compact()
    {
        try
        {
            if (_compaction is null)
            {
                BeginCompaction();
            }
            else if (!TryWritePiece(_compaction))
            {
                FinishCompaction(_compaction);
            }
        }
        catch (IOException failure)
        {
            Waiters? waiters = _compaction?.Waiters;
            _compaction?.Dispose();
            _compaction = null;

            // Not again at once: the disk may be full. If the new file is in use already, its name becomes durable before the next frame.
            _bytesOfSnapshot = _file.Bytes;
            waiters?.Fail(failure);
        }
    }

    private void BeginCompaction()
    {
        Waiters? waiters;
        lock (_gate)
        {
            waiters = _compactionWaiters;
            _compactionWaiters = null;
        }

        if (waiters is not null || _file.Bytes > Math.Max(_limits.CompactionBytes, 2 * _bytesOfSnapshot))
        {
            // Changes that wait in the queue are in the snapshot and come again after it. They are rows put and removed: nothing changes by that.
            _compaction = new Compaction(waiters, _snapshot().GetEnumerator());
            _compaction.File = JournalFile.Create(_disk, NextPath, _key);
        }
    }

    /// <summary>False when nothing is left of the snapshot.</summary>
    private bool TryWritePiece(Compaction compaction)
    {
        _writer.Clear();
        while (_writer.Length < FrameBytes && compaction.Rows.MoveNext())
        {
            _codec.Write(_writer, compaction.Rows.Current);
        }

        if (_writer.Length == 0)
        {
            return false;
        }

        compaction.File!.Append(_writer.Written, isSnapshot: true);
        return true;
    }

    private void FinishCompaction(Compaction compaction)
    {
        JournalFile next = compaction.File!;
        _writer.Clear();
        compaction.Later.ForEach(Encode);
        next.Append(_writer.Written, isSnapshot: false);
        _disk.Rename(NextPath, Path);
        _isNameDurable = false;
        _file.Dispose();
        _file = next;
        _bytesOfSnapshot = next.Bytes;
        compaction.File = null;
        EnsureNameIsDurable();
        _compaction = null;
        compaction.Waiters?.Succeed();
    }

    private void EnsureNameIsDurable()
    {
        if (!_isNameDurable)
        {
            _disk.SyncFolder(_folder);
            _isNameDurable = true;
        }
    }

    private void Fail(Exception fault)
    {
        Waiters waiters;
        Waiters? compaction;
        lock (_gate)
        {
            _fault = fault;
            (waiters, compaction) = (_queueWaiters, _compactionWaiters);
        }

        waiters.Fail(fault);
        compaction?.Fail(fault);
        _compaction?.Waiters?.Fail(fault);
    }

    /// <summary>Those that wait for the same thing.</summary>
    private sealed class Waiters
    {
        private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _completion.Task;

        public void Succeed() => _completion.TrySetResult();

        public void Fail(Exception failure) => _completion.TrySetException(failure);
    }

    /// <summary>A new file that is being written.</summary>
    /// <param name="rows">What is left of the snapshot.</param>
    private sealed class Compaction(Waiters? waiters, IEnumerator<Change> rows) : IDisposable
    {
        public Waiters? Waiters { get; } = waiters;

        public IEnumerator<Change> Rows => rows;

        /// <summary>Changes that became durable in the old file meanwhile.</summary>
        public List<Change[]> Later { get; } = [];

        public JournalFile? File { get; set; }

        public void Dispose()
        {
            rows.Dispose();
            File?.Dispose();
        }
    }
}

/// <summary>When the journal is written anew, and how much may wait for a disk that fails.</summary>
internal sealed record JournalLimits
{
    public static JournalLimits Default { get; } = new();

    /// <summary>A file that is shorter is left as it is.</summary>
    public long CompactionBytes { get; init; } = 16 << 20;

    /// <summary>Operations whose changes are not durable.</summary>
    public int MostWaiting { get; init; } = 100_000;
}
