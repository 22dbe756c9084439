using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.Storage.Sealing;

// What changes the key file: new secrets, destruction, rotation of the tenant key.
public sealed partial class KeyStore
{
    // Records known to be on disk; the next one goes there. Changed under _writing.
    private int _durable;

    // After a rotation whose last step failed, the name of the new file might not survive a crash, and what is appended with it.
    private bool _isNameDurable = true;

    // Subjects of which the tombstone is durable but the secret may not be overwritten yet.
    private readonly Dictionary<SubjectId, int> _unfinished = [];

    /// <summary>
    /// Makes all new secrets durable, many with one synchronisation. Call it before the commit that depends on them. If it throws, nothing is
    /// lost: they stay in memory and the next call writes them again.
    /// </summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Flush()
    {
        lock (_writing)
        {
            SubjectId[] subjects;
            byte[] batch;
            lock (_gate)
            {
                if (_new.Count == 0)
                {
                    return;
                }

                subjects = [.. _new.Keys];
                batch = new byte[subjects.Length * KeyRecord.Bytes];
                for (int i = 0; i < subjects.Length; i++)
                {
                    Span<byte> record = batch.AsSpan(i * KeyRecord.Bytes, KeyRecord.Bytes);
                    KeyRecord.WriteSecret(record, _durable + i, _durable, subjects[i], _new[subjects[i]], _tenantKey, Tenant);
                }
            }

            int first = Append(batch);
            lock (_gate)
            {
                for (int i = 0; i < subjects.Length; i++)
                {
                    _table.Set(subjects[i], first + i);
                    _new.Remove(subjects[i], out byte[]? secret);
                    CryptographicOperations.ZeroMemory(secret);
                }
            }
        }
    }

    /// <summary>
    /// Destroys a subject's secret: overwritten on disk and in memory when this returns, and never made again, also if there was none. If it
    /// throws, call it again; a destruction that had begun is finished at the next start at the latest.
    /// </summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Destroy(SubjectId subject)
    {
        lock (_writing)
        {
            KeyState state;
            int record;
            lock (_gate)
            {
                state = State(subject, out record);
                record = _table.TryGet(subject, out _) ? record : KeyRecord.NoRecord;
            }

            if (state != KeyState.Destroyed)
            {
                Span<byte> tombstone = stackalloc byte[KeyRecord.Bytes];
                KeyRecord.WriteTombstone(tombstone, _durable, _durable, subject, record);
                Append(tombstone);
                lock (_gate)
                {
                    _table.Set(subject, SubjectTable.Destroyed);
                    _cache.Destroy(subject);
                    if (_new.Remove(subject, out byte[]? secret))
                    {
                        CryptographicOperations.ZeroMemory(secret);
                    }
                }

                if (record != KeyRecord.NoRecord)
                {
                    _unfinished[subject] = record;
                }
            }

            FinishDestruction();
        }
    }

    /// <summary>
    /// Wraps all secrets by a new tenant key, into a new file that takes the old one's place at once, and removes the old tenant key. What is
    /// sealed stays as it is. Overwritten or copied parts of the old file open nothing any more.
    /// </summary>
    /// <exception cref="IOException">The disk is full or failed; either key is in use, consistently.</exception>
    public void RotateTenantKey()
    {
        lock (_writing)
        {
            EnsureNameIsDurable();
            FinishDestruction();
            TenantKey newKey = TenantKey.Create(_disk, _options.TenantKeyFolder);
            UInt128 oldKey = _tenantKey.Id;
            IDiskFile? newFile = null;
            var places = new List<KeyValuePair<SubjectId, int>>();
            try
            {
                newFile = _disk.Open(NextPath, FileMode.Create);
                Rewrite(newFile, newKey, places);
                newFile.Sync();
                _disk.Rename(NextPath, _path);
            }
            catch
            {
                // The new key's file stays: should the new file have got its name after all, it is needed. Otherwise it opens nothing.
                newFile?.Dispose();
                newKey.Dispose();
                throw;
            }

            _isNameDurable = false;
            lock (_gate)
            {
                _file.Dispose();
                _tenantKey.Dispose();
                (_file, _tenantKey) = (newFile, newKey);
                foreach ((SubjectId subject, int place) in places)
                {
                    _table.Set(subject, place);
                }
            }

            _durable = _table.Count;
            EnsureNameIsDurable();
            TenantKey.Remove(_disk, _options.TenantKeyFolder, oldKey);
        }
    }

    /// <summary>
    /// Writes a copy of the key file as of the last flush, for a backup. It opens nothing without the tenant key (<see cref="TenantKeyPath"/>),
    /// which is to be kept elsewhere; each rotation needs a new copy of both.
    /// </summary>
    /// <exception cref="IOException">The file exists, or the disk is full or failed.</exception>
    public void CopyTo(string path)
    {
        lock (_writing)
        {
            using IDiskFile copy = _disk.Open(path, FileMode.CreateNew);
            var buffer = new byte[1 << 20];
            long end = OffsetOf(_durable);
            for (long at = 0; at < end; at += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
                _file.Read(part, at);
                copy.Write(part, at);
            }

            copy.Sync();
        }

        _disk.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private string NextPath => _path + ".next";

    private void Rewrite(IDiskFile file, TenantKey key, List<KeyValuePair<SubjectId, int>> places)
    {
        var header = new KeyFileHeader(Tenant, key.Id, _tenantKey.Id, _table.Count);
        var bytes = new byte[KeyFileHeader.Bytes];
        header.Write(bytes, key);
        file.Write(bytes, 0);

        const int RecordsPerWrite = 1024;
        var batch = new byte[RecordsPerWrite * KeyRecord.Bytes];
        Span<byte> secret = stackalloc byte[SubjectKeys.SecretBytes];
        int place = 0;
        int inBatch = 0;
        foreach ((SubjectId subject, int old) in _table.All())
        {
            Span<byte> record = batch.AsSpan(inBatch++ * KeyRecord.Bytes, KeyRecord.Bytes);
            if (old == SubjectTable.Destroyed)
            {
                KeyRecord.WriteTombstone(record, place, durableBefore: 0, subject, KeyRecord.NoRecord);
            }
            else
            {
                // The old tenant key is shared with readers.
                lock (_gate)
                {
                    ReadSecret(subject, old, secret);
                }

                KeyRecord.WriteSecret(record, place, durableBefore: 0, subject, secret, key, Tenant);
                places.Add(new(subject, place));
            }

            place++;
            if (inBatch == RecordsPerWrite || place == _table.Count)
            {
                file.Write(batch.AsSpan(0, inBatch * KeyRecord.Bytes), OffsetOf(place - inBatch));
                inBatch = 0;
            }
        }

        CryptographicOperations.ZeroMemory(secret);
    }

    /// <summary>Appends records durably and returns the number of the first.</summary>
    private int Append(ReadOnlySpan<byte> records)
    {
        EnsureNameIsDurable();
        int first = _durable;

        // After a failed synchronisation the system may take the lost pages for written, so everything since the last good one is written anew.
        if (_file.Length != OffsetOf(first))
        {
            _file.Length = OffsetOf(first);
        }

        _file.Write(records, OffsetOf(first));
        _file.Sync();
        _durable = first + (records.Length / KeyRecord.Bytes);
        return first;
    }

    private void FinishDestruction()
    {
        if (_unfinished.Count == 0)
        {
            return;
        }

        Span<byte> zeros = stackalloc byte[KeyRecord.Bytes];
        zeros.Clear();
        foreach (int record in _unfinished.Values)
        {
            _file.Write(zeros, OffsetOf(record));
        }

        _file.Sync();
        _unfinished.Clear();
    }

    private void EnsureNameIsDurable()
    {
        if (!_isNameDurable)
        {
            _disk.SyncFolder(_options.Folder);
            _isNameDurable = true;
        }
    }
}
