using System.Buffers.Binary;
using HealthChain.Files;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// A file of records of one length, each with its number and a checksum, that is only appended to. A record counts when <see cref="Append"/> has
/// returned: it is on the disk then.
/// </summary>
/// <remarks>
/// A record that was being written at a crash is dropped: only the last one can be. A broken one before others is no crash but damage, and is
/// reported when it is read. Format: docs/storage-format.md.
/// </remarks>
internal sealed class JournalFile
{
    private const int NumberBytes = 8;
    private const int ChecksumBytes = 4;

    private readonly IDisk _disk;
    private readonly string _path;
    private readonly int _recordBytes;

    private JournalFile(IDisk disk, string path, int payloadBytes)
    {
        _disk = disk;
        _path = path;
        _recordBytes = NumberBytes + payloadBytes + ChecksumBytes;
    }

    /// <summary>How many records there are.</summary>
    public long Count { get; private set; }

    /// <exception cref="JournalDamagedException">The last two records are broken.</exception>
    public static JournalFile Open(IDisk disk, string path, int payloadBytes)
    {
        var file = new JournalFile(disk, path, payloadBytes);
        disk.CreateFolder(Path.GetDirectoryName(path)!);
        file.FindEnd();
        if (file.Count > 0)
        {
            // What is there may be of a process that was killed before it was durable, and counts from now on.
            disk.Sync(path);
            disk.SyncFolder(Path.GetDirectoryName(path)!);
        }

        return file;
    }

    /// <summary>Appends durably. After a failure the file may have a torn record, which the next append overwrites.</summary>
    public void Append(ReadOnlySpan<byte> payload)
    {
        byte[] record = Frame(Count, payload);
        _disk.Write(_path, record, Count * _recordBytes);
        _disk.Sync(_path);
        if (Count == 0)
        {
            // The file may be new, and then its name is not durable yet.
            _disk.SyncFolder(Path.GetDirectoryName(_path)!);
        }

        Count++;
    }

    /// <summary>Puts these records in place of all, in one step.</summary>
    public void Replace(IReadOnlyList<byte[]> payloads)
    {
        byte[] all = [.. payloads.SelectMany((payload, number) => Frame(number, payload))];
        _disk.Replace(_path, all);
        Count = payloads.Count;
    }

    /// <exception cref="JournalDamagedException">The record is broken.</exception>
    public byte[] Read(long number) => TryRead(number) ?? throw Damaged(number);

    private void FindEnd()
    {
        // A write never extends the file by more than a record, so the last one alone can be torn.
        Count = (_disk.Length(_path) + _recordBytes - 1) / _recordBytes;
        if (Count > 0 && TryRead(Count - 1) is null)
        {
            Count--;
        }

        if (Count > 0)
        {
            _ = Read(Count - 1);
        }
    }

    private byte[]? TryRead(long number)
    {
        byte[] record = new byte[_recordBytes];
        if (_disk.Read(_path, record, number * _recordBytes) < _recordBytes)
        {
            return null;
        }

        ReadOnlySpan<byte> framed = record.AsSpan(..^ChecksumBytes);
        return BinaryPrimitives.ReadUInt32BigEndian(record.AsSpan(^ChecksumBytes..)) == Crc32C.Of(framed)
            && BinaryPrimitives.ReadInt64BigEndian(framed) == number
            ? framed[NumberBytes..].ToArray()
            : null;
    }

    private byte[] Frame(long number, ReadOnlySpan<byte> payload)
    {
        byte[] record = new byte[_recordBytes];
        BinaryPrimitives.WriteInt64BigEndian(record, number);
        payload.CopyTo(record.AsSpan(NumberBytes..^ChecksumBytes));
        BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(^ChecksumBytes..), Crc32C.Of(record.AsSpan(..^ChecksumBytes)));
        return record;
    }

    private JournalDamagedException Damaged(long number) => new($"Record {number} of {_path} is damaged.");
}

/// <summary>What the log remembers of itself cannot be read, so that it does not know any more what it signed.</summary>
public sealed class JournalDamagedException(string message) : Exception(message);
