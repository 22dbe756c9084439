using System.Buffers.Binary;
using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>
/// A file of sealed records that is appended to. A record counts when <see cref="Append"/> has returned. Format: docs/storage-format.md.
/// </summary>
/// <remarks>A record that was being written at a crash is dropped: only the last one can be. Used by one thread at a time.</remarks>
internal sealed class SealedJournal
{
    public const int KeyBytes = 32;

    private const int LengthBytes = 4;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int Overhead = LengthBytes + NonceBytes + TagBytes;

    private readonly IDisk _disk;
    private readonly string _path;
    private readonly byte[] _key;
    private long _end;
    private long _count;

    /// <param name="onRecord">Is given the records that are there, in their order.</param>
    public SealedJournal(IDisk disk, string path, byte[] key, Action<byte[]> onRecord)
    {
        (_disk, _path, _key) = (disk, path, key);
        disk.CreateFolder(Path.GetDirectoryName(path)!);
        ReadOnlySpan<byte> file = disk.Read(path);
        while (Open(file[(int)_end..]) is { } record)
        {
            onRecord(record);
            _end += record.Length + Overhead;
            _count++;
        }

        if (IsMore(file[(int)_end..]))
        {
            // No crash does that. What cannot be read is kept for whoever can repair it, and nothing is taken for true of it.
            IsDamaged = true;
            disk.Replace(path + ".damaged", file);
        }
    }

    public long Count => _count;

    /// <summary>Records in the middle of it could not be read.</summary>
    public bool IsDamaged { get; }

    public void Append(ReadOnlySpan<byte> record)
    {
        byte[] frame = Frame(record, _count);
        _disk.Write(_path, frame, _end);
        _disk.Sync(_path);
        if (_end == 0)
        {
            _disk.SyncFolder(Path.GetDirectoryName(_path)!);
        }

        _end += frame.Length;
        _count++;
    }

    /// <summary>Puts these records in place of all, in one step.</summary>
    public void Replace(IEnumerable<byte[]> records)
    {
        byte[] all = [.. records.SelectMany((record, number) => Frame(record, number))];
        _disk.Replace(_path, all);
        _end = all.Length;
        _count = records.Count();
    }

    /// <summary>Whether a whole record stands after one that cannot be read.</summary>
    private static bool IsMore(ReadOnlySpan<byte> rest) =>
        rest.Length > Overhead && BinaryPrimitives.ReadInt32LittleEndian(rest) is > 0 and var length && rest.Length - Overhead > length;

    private byte[] Frame(ReadOnlySpan<byte> record, long number)
    {
        byte[] frame = new byte[record.Length + Overhead];
        BinaryPrimitives.WriteInt32LittleEndian(frame, record.Length);
        Span<byte> nonce = frame.AsSpan(LengthBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Encrypt(nonce, record, frame.AsSpan(LengthBytes + NonceBytes, record.Length), frame.AsSpan(frame.Length - TagBytes), Place(number));
        return frame;
    }

    private byte[]? Open(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < Overhead)
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (length < 0 || length > rest.Length - Overhead)
        {
            return null;
        }

        byte[] record = new byte[length];
        using var cipher = new AesGcm(_key, TagBytes);
        try
        {
            cipher.Decrypt(
                rest.Slice(LengthBytes, NonceBytes), rest.Slice(LengthBytes + NonceBytes, length), rest.Slice(LengthBytes + NonceBytes + length, TagBytes), record, Place(_count));
            return record;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>A record is good in its place alone.</summary>
    private static byte[] Place(long number)
    {
        byte[] place = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(place, number);
        return place;
    }
}
