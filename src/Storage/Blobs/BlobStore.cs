using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// Large content beside the database, sealed under its subject's key, each blob a file that is named by its address. Thread-safe; holds
/// about 200 KB per open blob, whatever its size.
/// </summary>
/// <remarks>
/// A blob is written before the version that refers to it, and never changed. What no version refers to is swept. Erasing the subject makes it
/// unreadable at once.
/// </remarks>
public sealed partial class BlobStore
{
    private readonly BlobStoreOptions _options;
    private readonly KeyStore _keys;
    private readonly TimeProvider _time;
    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly string _incoming;

    // Folders whose own name is durable.
    private readonly ConcurrentDictionary<string, bool> _folders = new();

    // Files in _incoming that somebody is writing right now.
    private readonly ConcurrentDictionary<string, bool> _writing = new();

    public BlobStore(BlobStoreOptions options, KeyStore keys, TimeProvider time)
        : this(options, keys, time, Disk.Real)
    {
    }

    internal BlobStore(BlobStoreOptions options, KeyStore keys, TimeProvider time, IDisk disk)
    {
        _options = options;
        _folder = Path.GetFullPath(options.Folder);
        _keys = keys;
        _time = time;
        _disk = disk;
        _incoming = Path.Combine(_folder, "incoming");
        PrivateFiles.EnsureFolder(disk, _folder);
        PrivateFiles.EnsureFolder(disk, _incoming);
    }

    /// <summary>
    /// Takes in content up to the configured size. The blob is durable when this returns; a new secret of the subject is not until the key store
    /// is flushed, as before any commit.
    /// </summary>
    /// <returns>The reference, or an error when the content is too long or the subject was erased; nothing stays of it then.</returns>
    /// <exception cref="IOException">The disk is full or failed; nothing stays.</exception>
    public async ValueTask<Result<BlobReference>> WriteAsync(SubjectId subject, Stream content, CancellationToken cancellationToken)
    {
        if (!_keys.TryGetOrCreate(subject, out SubjectKeys? subjectKeys))
        {
            return Erased();
        }

        UInt128 salt = RandomNumber();
        using BlobCipher? cipher = BlobCipher.Create(subjectKeys, _keys.Tenant, salt);
        if (cipher is null)
        {
            return Erased();
        }

        string path = Path.Combine(_incoming, RandomNumber().ToString("x32"));
        _writing[path] = true;
        bool isKept = false;
        try
        {
            Result<BlobReference> reference;
            using (IDiskFile file = _disk.Open(path, FileMode.CreateNew))
            {
                reference = await CopyAsync(content, file, cipher, salt, cancellationToken);
                if (!reference.IsOk)
                {
                    return reference;
                }

                file.Sync();
            }

            Publish(path, reference.Value.Address);
            isKept = true;
            return reference;
        }
        finally
        {
            if (!isKept)
            {
                _disk.Delete(path);
            }

            _writing.TryRemove(path, out _);
        }
    }

    /// <summary>Opens a blob for reading from any place.</summary>
    /// <returns>Ok, Missing, Damaged (of another length), UnknownSubject or ErasedSubject. Altered content shows while reading.</returns>
    public SealStatus Open(SubjectId subject, BlobReference reference, out BlobStream? stream)
    {
        stream = null;
        if (_keys.TryGet(subject, out SubjectKeys? subjectKeys) == KeyState.Unknown)
        {
            return SealStatus.UnknownSubject;
        }

        BlobCipher? cipher = subjectKeys is null ? null : BlobCipher.Create(subjectKeys, _keys.Tenant, reference.Salt);
        if (cipher is null)
        {
            return SealStatus.ErasedSubject;
        }

        var info = new FileInfo(PathOf(reference.Address));
        if (!info.Exists)
        {
            cipher.Dispose();
            return SealStatus.Missing;
        }

        if (info.Length != BlobCipher.SealedBytes(reference.Bytes))
        {
            cipher.Dispose();
            return SealStatus.Damaged;
        }

        var file = File.OpenHandle(info.FullName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        stream = new BlobStream(file, cipher, _keys, subject, reference);
        return SealStatus.Ok;
    }

    /// <summary>The folder of a blob is named by its last two letters: the first are the same for all.</summary>
    internal string PathOf(BlobAddress address)
    {
        var name = address.ToString();
        return Path.Combine(_folder, name[^2..], name);
    }

    private async ValueTask<Result<BlobReference>> CopyAsync(
        Stream content, IDiskFile file, BlobCipher cipher, UInt128 salt, CancellationToken cancellationToken)
    {
        using var contentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sealedHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // One byte more than a chunk, to know whether a full chunk is the last.
        byte[] plain = ArrayPool<byte>.Shared.Rent(BlobCipher.ChunkBytes + 1);
        byte[] chunkBytes = ArrayPool<byte>.Shared.Rent(BlobCipher.SealedChunkBytes);
        try
        {
            sealedHash.AppendData(BlobCipher.Prefix);
            file.Write(BlobCipher.Prefix, 0);
            long bytes = 0;
            int carried = 0;
            for (long chunk = 0; ; chunk++)
            {
                int filled = carried + await content.ReadAtLeastAsync(
                    plain.AsMemory(carried, BlobCipher.ChunkBytes + 1 - carried),
                    BlobCipher.ChunkBytes + 1 - carried,
                    throwOnEndOfStream: false,
                    cancellationToken);
                bool isLast = filled <= BlobCipher.ChunkBytes;
                int length = Math.Min(filled, BlobCipher.ChunkBytes);
                bytes += length;
                if (bytes + (filled - length) > _options.MaxBytes)
                {
                    return FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, $"The content is longer than {_options.MaxBytes} bytes.");
                }

                contentHash.AppendData(plain, 0, length);
                cipher.Seal(chunk, isLast, plain.AsSpan(0, length), chunkBytes.AsSpan(0, length + BlobCipher.TagBytes));
                sealedHash.AppendData(chunkBytes, 0, length + BlobCipher.TagBytes);
                file.Write(chunkBytes.AsSpan(0, length + BlobCipher.TagBytes), BlobCipher.OffsetOf(chunk));
                if (isLast)
                {
                    var address = new BlobAddress(Digest.Read(sealedHash.GetHashAndReset()));
                    return new BlobReference(address, bytes, Digest.Read(contentHash.GetHashAndReset()), salt);
                }

                plain[0] = plain[BlobCipher.ChunkBytes];
                carried = 1;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
            ArrayPool<byte>.Shared.Return(plain);
            ArrayPool<byte>.Shared.Return(chunkBytes);
        }
    }

    private void Publish(string path, BlobAddress address)
    {
        string target = PathOf(address);
        string folder = Path.GetDirectoryName(target)!;
        if (!_folders.ContainsKey(folder))
        {
            PrivateFiles.EnsureFolder(_disk, folder);
            _folders[folder] = true;
        }

        _disk.Rename(path, target);
        try
        {
            _disk.SyncFolder(folder);
        }
        catch
        {
            _disk.Delete(target);
            throw;
        }
    }

    private static UInt128 RandomNumber()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static FhirError Erased() => FhirError.Of(ErrorKind.Gone, IssueType.Deleted, "The subject of the content was erased.");
}
