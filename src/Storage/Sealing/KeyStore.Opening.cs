using System.Buffers.Binary;
using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.Storage.Sealing;

// Creating the key file, and reading it after whatever ended the process before.
public sealed partial class KeyStore
{
    private (IDiskFile File, TenantKey Key) CreateFile()
    {
        Span<byte> tenant = stackalloc byte[16];
        RandomNumberGenerator.Fill(tenant);
        Tenant = BinaryPrimitives.ReadUInt128BigEndian(tenant);
        TenantKey key = TenantKey.Create(_disk, _options.TenantKeyFolder);
        IDiskFile? file = null;
        try
        {
            file = _disk.Open(NextPath, FileMode.Create);
            var header = new byte[KeyFileHeader.Bytes];
            new KeyFileHeader(Tenant, key.Id, RetiredKey: 0, Whole: 0).Write(header, key);
            file.Write(header, 0);
            file.Sync();
            _disk.Rename(NextPath, _path);
            _disk.SyncFolder(_options.Folder);
            return (file, key);
        }
        catch
        {
            file?.Dispose();
            key.Dispose();
            throw;
        }
    }

    private (IDiskFile File, TenantKey Key) OpenFile()
    {
        PrivateFiles.CheckFile(_path);
        IDiskFile file = _disk.Open(_path, FileMode.Open);
        TenantKey? key = null;
        try
        {
            var bytes = new byte[KeyFileHeader.Bytes];
            int read = file.Read(bytes, 0);
            var header = KeyFileHeader.Read(bytes.AsSpan(0, read), _path);
            key = TenantKey.Load(_disk, _options.TenantKeyFolder, header.TenantKey);
            KeyFileHeader.Verify(bytes, key, _path);
            Tenant = header.Tenant;
            FinishRotation(header);
            return (file, key);
        }
        catch
        {
            file.Dispose();
            key?.Dispose();
            throw;
        }
    }

    private void FinishRotation(KeyFileHeader header)
    {
        _disk.Delete(NextPath);
        _disk.SyncFolder(_options.Folder);
        if (header.RetiredKey != 0)
        {
            TenantKey.Remove(_disk, _options.TenantKeyFolder, header.RetiredKey);
        }
    }

    private void Load()
    {
        (int whole, int onDisk) = FindEnd();
        var destroyed = new Dictionary<SubjectId, int>();
        ForEachRecord(whole, (record, place) =>
        {
            // Records that are not whole here are those that a tombstone names.
            if (!KeyRecord.IsWhole(record, place))
            {
                return;
            }

            SubjectId subject = KeyRecord.Subject(record);
            if (KeyRecord.Kind(record) == KeyRecordKind.Tombstone)
            {
                destroyed[subject] = KeyRecord.DestroyedRecord(record);
            }
            else if (_table.TryGet(subject, out _))
            {
                throw Damaged(place);
            }
            else
            {
                _table.Set(subject, place);
            }
        });

        foreach ((SubjectId subject, int record) in destroyed)
        {
            _table.Set(subject, SubjectTable.Destroyed);
            if (record >= whole)
            {
                throw Damaged(record);
            }

            if (record != KeyRecord.NoRecord && !IsOverwritten(record))
            {
                _unfinished[subject] = record;
            }
        }

        _durable = whole;
        DroppedRecords = onDisk - whole;
        if (_file.Length != OffsetOf(whole))
        {
            _file.Length = OffsetOf(whole);
            _file.Sync();
        }

        FinishDestruction();
    }

    /// <summary>
    /// Where the whole records end. What follows was being written when the machine stopped, in whatever order the disk chose. A damaged
    /// record that was durable before a later one was written is damage, and stops the start.
    /// </summary>
    private (int Whole, int OnDisk) FindEnd()
    {
        int onDisk = (int)((_file.Length - KeyFileHeader.Bytes + KeyRecord.Bytes - 1) / KeyRecord.Bytes);
        int durable = ReadHeader().Whole;
        var damaged = new SortedSet<int>();
        var destroyed = new HashSet<int>();
        ForEachRecord(onDisk, (record, place) =>
        {
            if (!KeyRecord.IsWhole(record, place))
            {
                damaged.Add(place);
                return;
            }

            durable = Math.Max(durable, KeyRecord.DurableBefore(record));
            if (KeyRecord.Kind(record) == KeyRecordKind.Tombstone)
            {
                destroyed.Add(KeyRecord.DestroyedRecord(record));
            }
        });

        damaged.ExceptWith(destroyed);
        int whole = damaged.Count == 0 ? onDisk : damaged.Min;
        return whole < durable ? throw Damaged(whole) : (whole, onDisk);
    }

    private KeyFileHeader ReadHeader()
    {
        Span<byte> bytes = stackalloc byte[KeyFileHeader.Bytes];
        _file.Read(bytes, 0);
        return KeyFileHeader.Read(bytes, _path);
    }

    private bool IsOverwritten(int record)
    {
        Span<byte> bytes = stackalloc byte[KeyRecord.Bytes];
        _file.Read(bytes, OffsetOf(record));
        return !bytes.ContainsAnyExcept((byte)0);
    }

    private void ForEachRecord(int count, RecordVisitor visit)
    {
        const int RecordsPerRead = 1024;
        var buffer = new byte[RecordsPerRead * KeyRecord.Bytes];
        for (int start = 0; start < count; start += RecordsPerRead)
        {
            int length = Math.Min(RecordsPerRead, count - start) * KeyRecord.Bytes;
            int read = _file.Read(buffer.AsSpan(0, length), OffsetOf(start));

            // A last record that is shorter than it should be is not whole, whatever the buffer held before.
            buffer.AsSpan(read, length - read).Clear();
            for (int at = 0; at < length; at += KeyRecord.Bytes)
            {
                visit(buffer.AsSpan(at, KeyRecord.Bytes), start + (at / KeyRecord.Bytes));
            }
        }
    }

    private KeyStoreException Damaged(int record) =>
        new($"Record {record} of {_path} is damaged. Restore the file from its backup: without it a subject's data cannot be opened.");

    private delegate void RecordVisitor(ReadOnlySpan<byte> record, int place);
}
