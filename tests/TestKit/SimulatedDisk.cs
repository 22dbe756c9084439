using System.Runtime.CompilerServices;
using HealthChain.Files;

namespace HealthChain.TestKit;

/// <summary>The operation before which the process was killed.</summary>
public sealed class KilledException() : Exception("killed");

/// <summary>
/// A disk in memory that behaves as badly as a real one may: what was not synchronised is lost, kept or torn when it crashes, name by name and
/// file by file. One operation can be chosen before which, or in the middle of which, the process is killed.
/// </summary>
public sealed class SimulatedDisk(int seed) : IDisk
{
    private readonly Random _random = new(seed);

    // What the operating system shows, and what the medium has.
    private Dictionary<string, Content> _names = [];
    private Dictionary<string, Content> _durableNames = [];
    private int _killAt = int.MaxValue;

    /// <summary>Changes so far; reads do not count.</summary>
    public int Operations { get; private set; }

    /// <summary>What the operations were, for messages.</summary>
    public List<string> Trace { get; } = [];

    /// <summary>Kills before the change with that number, counted from now; a write is torn instead.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void KillAfter(int operations) => _killAt = Operations + operations;

    /// <summary>The power fails: keeps what was durable, and of the rest whatever chance keeps.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Crash()
    {
        var names = new Dictionary<string, Content>(_durableNames);
        foreach (string name in _names.Keys.Union(_durableNames.Keys).Order(StringComparer.Ordinal).ToList())
        {
            // Changes of names reach the medium at any time before their folder is synchronised.
            if (_random.Next(2) == 0)
            {
                if (_names.TryGetValue(name, out Content? current))
                {
                    names[name] = current;
                }
                else
                {
                    names.Remove(name);
                }
            }
        }

        foreach (Content content in names.Values)
        {
            content.Crash(_random);
        }

        _names = names;
        _durableNames = new(names);
        _killAt = int.MaxValue;
    }

    /// <summary>The process alone is gone: the operating system still has everything.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Kill() => _killAt = int.MaxValue;

    [MethodImpl(MethodImplOptions.Synchronized)]
    public IDiskFile Open(string path, FileMode mode, FileShare share = FileShare.None)
    {
        bool exists = _names.TryGetValue(path, out Content? content);
        if (exists ? mode == FileMode.CreateNew : mode == FileMode.Open)
        {
            throw new IOException($"{path} is {(exists ? "there already" : "not there")}.");
        }

        if (content is null)
        {
            _names.Add(path, content = new Content());
        }

        if (mode == FileMode.Create)
        {
            content.Bytes = [];
        }

        return new OpenFile(this, path, content);
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public byte[]? Read(string path) => _names.TryGetValue(path, out Content? content) ? [.. content.Bytes] : null;

    [MethodImpl(MethodImplOptions.Synchronized)]
    public int Read(string path, Span<byte> buffer, long offset)
    {
        return _names.TryGetValue(path, out Content? content) ? content.Read(buffer, offset) : 0;
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public long Length(string path) => _names.TryGetValue(path, out Content? content) ? content.Bytes.Length : 0;

    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Rename(string from, string to)
    {
        Die(Step("rename " + to));
        _names.Remove(from, out Content? content);
        _names[to] = content!;
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Delete(string path)
    {
        Die(Step("delete " + path));
        _names.Remove(path);
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public void CreateFolder(string path)
    {
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public void SyncFolder(string path)
    {
        Die(Step("folder " + path));
        foreach (string name in _names.Keys.Union(_durableNames.Keys).Where(name => Path.GetDirectoryName(name) == path).ToList())
        {
            if (_names.TryGetValue(name, out Content? current))
            {
                _durableNames[name] = current;
            }
            else
            {
                _durableNames.Remove(name);
            }
        }
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public IReadOnlyList<string> List(string folder) =>
        [.. _names.Keys.Where(name => Path.GetDirectoryName(name) == folder).Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal)];

    /// <summary>Flips a bit of what is there.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Damage(string path, long offset) => _names[path].Bytes[offset] ^= 1;

    private static void Die(bool isKilled)
    {
        if (isKilled)
        {
            throw new KilledException();
        }
    }

    private bool Step(string what)
    {
        Trace.Add(what);
        return Operations++ >= _killAt;
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    private void Write(string path, Content content, ReadOnlySpan<byte> bytes, long offset)
    {
        bool isTorn = Step("write " + path);
        ReadOnlySpan<byte> written = isTorn ? bytes[..(bytes.Length / 2)] : bytes;
        byte[] all = content.Bytes;
        Array.Resize(ref all, (int)Math.Max(all.Length, offset + written.Length));
        written.CopyTo(all.AsSpan((int)offset));
        content.Bytes = all;
        Die(isTorn);
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    private void SetLength(string path, Content content, long length)
    {
        Die(Step("length " + path));
        byte[] all = content.Bytes;
        Array.Resize(ref all, (int)length);
        content.Bytes = all;
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    private void Sync(string path, Content content)
    {
        Die(Step("sync " + path));
        content.Sync();
    }

    private sealed class OpenFile(SimulatedDisk disk, string path, Content content) : IDiskFile
    {
        public long Length
        {
            get => content.Bytes.Length;
            set => disk.SetLength(path, content, value);
        }

        public int Read(Span<byte> buffer, long offset) => content.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => disk.Write(path, content, bytes, offset);

        public void Sync() => disk.Sync(path, content);

        public void Dispose()
        {
        }
    }

    /// <summary>An inode: names may point to it that the medium knows or does not know.</summary>
    private sealed class Content
    {
        private byte[] _durable = [];

        public byte[] Bytes { get; set; } = [];

        public int Read(Span<byte> buffer, long offset)
        {
            int read = (int)Math.Clamp(Bytes.Length - offset, 0, buffer.Length);
            Bytes.AsSpan((int)Math.Min(offset, Bytes.Length), read).CopyTo(buffer);
            return read;
        }

        public void Sync() => _durable = [.. Bytes];

        public void Crash(Random random)
        {
            Bytes = random.Next(3) switch
            {
                0 => _durable,
                1 => Bytes,

                // Pages reach the medium in any order: a beginning of the new, then what was there before, then nothing.
                _ => Torn(random.Next(Bytes.Length + 1)),
            };
            _durable = [.. Bytes];
        }

        private byte[] Torn(int kept)
        {
            var torn = new byte[Math.Max(kept, _durable.Length)];
            _durable.CopyTo(torn, 0);
            Bytes.AsSpan(0, kept).CopyTo(torn);
            return torn;
        }
    }
}
