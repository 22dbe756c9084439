using System.Buffers.Binary;
using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.Smart.State.Journal;

/// <summary>
/// A file of sealed frames that is only appended to. Each frame is synchronised before the next is written, so that after a crash the last
/// alone can be torn, and then nobody was told of it. A broken frame before a whole one is damage, and refused.
/// </summary>
/// <remarks>
/// The file: "HCSMARTJ" 8 | version 4 | random id 16 | tag 16, made with the key of the file. A frame: magic 4 | length of what is sealed 4 |
/// number 8 | CRC-32C of that 4 | nonce 12 | sealed | tag 16. The tag binds a frame to its file, its number and its kind. A file begins as a
/// snapshot, in frames of one magic, and goes on with changes, in frames of another; it gets its name when the first of those is durable. So
/// a named file without one has lost something. All numbers are little-endian. Not thread-safe.
/// </remarks>
internal sealed class JournalFile : IDisposable
{
    /// <summary>More than any frame has; a length beyond it is none.</summary>
    public const int MostFrameBytes = 1 << 27;

    private const int Version = 1;
    private const int VersionAt = 8;
    private const int IdAt = 12;
    private const int IdBytes = 16;
    private const int HeaderTagAt = IdAt + IdBytes;
    private const int TagBytes = 16;
    private const int HeaderBytes = HeaderTagAt + TagBytes;

    private const uint SnapshotMagic = 0x534A4348;
    private const uint ChangesMagic = 0x434A4348;
    private const int LengthAt = 4;
    private const int NumberAt = 8;
    private const int ChecksumAt = 16;
    private const int NonceAt = 20;
    private const int NonceBytes = 12;
    private const int SealedAt = NonceAt + NonceBytes;
    private const int Overhead = SealedAt + TagBytes;

    private readonly string _path;
    private readonly IDiskFile _file;
    private readonly AesGcm _cipher;
    private long _number;
    private byte[] _buffer = new byte[1 << 14];

    private JournalFile(string path, IDiskFile file, ReadOnlySpan<byte> header, ReadOnlySpan<byte> key)
    {
        _path = path;
        _file = file;
        Span<byte> own = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, header.Slice(IdAt, IdBytes), "HealthChain 1 authorisation journal"u8);
        _cipher = new AesGcm(own, TagBytes);
        CryptographicOperations.ZeroMemory(own);
        Bytes = HeaderBytes;
    }

    private static ReadOnlySpan<byte> Magic => "HCSMARTJ"u8;

    /// <summary>How far the file is whole and durable.</summary>
    public long Bytes { get; private set; }

    /// <summary>Begins a file, in place of one that is there; nothing of it is durable yet.</summary>
    public static JournalFile Create(IDisk disk, string path, ReadOnlySpan<byte> key)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[VersionAt..], Version);
        RandomNumberGenerator.Fill(header.Slice(IdAt, IdBytes));
        var journal = new JournalFile(path, disk.Open(path, FileMode.Create, FileShare.Read), header, key);
        try
        {
            journal._cipher.Encrypt(HeaderNonce, default, default, header.Slice(HeaderTagAt, TagBytes), header[..HeaderTagAt]);
            journal._file.Write(header, 0);
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file and reads it to its end, where it goes on. What a crash left of a last frame is cut off.</summary>
    /// <param name="read">Gets the content of each frame, valid during the call.</param>
    /// <exception cref="SmartStateException">The file is damaged, or its key is another.</exception>
    public static JournalFile Open(IDisk disk, string path, ReadOnlySpan<byte> key, Action<ReadOnlyMemory<byte>> read)
    {
        IDiskFile file = disk.Open(path, FileMode.Open, FileShare.Read);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.Read(header, 0) < HeaderBytes || !header.StartsWith(Magic))
        {
            file.Dispose();
            throw new SmartStateException($"{path} is no journal of the authorisation server, or its beginning is damaged. Restore it from its backup.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header[VersionAt..]);
        if (version != Version)
        {
            file.Dispose();
            throw new SmartStateException($"{path} has format {version}; this program reads format {Version}.");
        }

        var journal = new JournalFile(path, file, header, key);
        try
        {
            journal.CheckHeader(header);
            journal.ReadAll(read);
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Appends a frame durably. After a failure the file may have a torn frame, which the next overwrites.</summary>
    public void Append(ReadOnlySpan<byte> content, bool isSnapshot)
    {
        int length = Overhead + content.Length;
        Reserve(length);
        Span<byte> frame = _buffer.AsSpan(0, length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, isSnapshot ? SnapshotMagic : ChangesMagic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[LengthAt..], content.Length);
        BinaryPrimitives.WriteInt64LittleEndian(frame[NumberAt..], _number);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[ChecksumAt..], Crc32C.Of(frame[..ChecksumAt]));
        RandomNumberGenerator.Fill(frame[NonceAt..SealedAt]);
        _cipher.Encrypt(frame[NonceAt..SealedAt], content, frame[SealedAt..^TagBytes], frame[^TagBytes..], frame[..ChecksumAt]);

        // After a failed synchronisation the system may take the lost pages for written, so everything since the last good one is written anew.
        if (_file.Length != Bytes)
        {
            _file.Length = Bytes;
        }

        _file.Write(frame, Bytes);
        _file.Sync();
        Bytes += length;
        _number++;
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher.Dispose();
    }

    // No frame has it: theirs are random.
    private static ReadOnlySpan<byte> HeaderNonce => new byte[NonceBytes];

    private void CheckHeader(ReadOnlySpan<byte> header)
    {
        try
        {
            _cipher.Decrypt(HeaderNonce, default, header.Slice(HeaderTagAt, TagBytes), default, header[..HeaderTagAt]);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new SmartStateException($"{_path} was altered, or the keys belong to another. Restore both from one backup.");
        }
    }

    private void ReadAll(Action<ReadOnlyMemory<byte>> read)
    {
        long end = _file.Length;
        bool hasChanges = false;
        while (TryRead(end, out uint magic, out ReadOnlyMemory<byte> content))
        {
            hasChanges |= magic == ChangesMagic;
            read(content);
            Bytes += Overhead + content.Length;
            _number++;
        }

        if (!hasChanges || HasLaterFrame(end))
        {
            throw new SmartStateException($"{_path} is damaged at byte {Bytes}. Restore it from its backup.");
        }

        if (end != Bytes)
        {
            _file.Length = Bytes;
        }

        // What a process that was killed had written is there, but may be so in memory only, and others are about to rely on it.
        _file.Sync();
    }

    /// <summary>Reads the frame that is next; false when none is whole there.</summary>
    private bool TryRead(long end, out uint magic, out ReadOnlyMemory<byte> content)
    {
        content = default;
        Span<byte> header = stackalloc byte[SealedAt];
        if (_file.Read(header, Bytes) < SealedAt || !IsHeader(header, out magic, out int length, out long number))
        {
            magic = 0;
            return false;
        }

        if (number != _number || Bytes + Overhead + length > end)
        {
            return false;
        }

        Reserve(2 * (length + TagBytes));
        Span<byte> sealedContent = _buffer.AsSpan(0, length + TagBytes);
        Memory<byte> plain = _buffer.AsMemory(length + TagBytes, length);
        if (_file.Read(sealedContent, Bytes + SealedAt) < sealedContent.Length)
        {
            return false;
        }

        try
        {
            _cipher.Decrypt(header[NonceAt..SealedAt], sealedContent[..length], sealedContent[length..], plain.Span, header[..ChecksumAt]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        content = plain;
        return true;
    }

    /// <summary>Whether a frame begins after the place where none is whole: then what is broken there was durable once.</summary>
    private bool HasLaterFrame(long end)
    {
        const int Window = 1 << 20;
        byte[] window = new byte[Window + ChecksumAt + sizeof(uint)];
        for (long at = Bytes + 1; at < end; at += Window)
        {
            int filled = _file.Read(window, at);
            for (int i = 0; i + ChecksumAt + sizeof(uint) <= filled && i < Window; i++)
            {
                if (IsHeader(window.AsSpan(i), out _, out _, out long number) && number > _number)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsHeader(ReadOnlySpan<byte> bytes, out uint magic, out int length, out long number)
    {
        magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        length = BinaryPrimitives.ReadInt32LittleEndian(bytes[LengthAt..]);
        number = BinaryPrimitives.ReadInt64LittleEndian(bytes[NumberAt..]);
        return magic is SnapshotMagic or ChangesMagic
            && length is >= 0 and <= MostFrameBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumAt..]) == Crc32C.Of(bytes[..ChecksumAt]);
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length < bytes)
        {
            _buffer = new byte[Math.Max(bytes, 2 * _buffer.Length)];
        }
    }
}
