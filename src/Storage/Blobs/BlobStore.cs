using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.Files;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// Large content beside the database, each blob sealed under a key of its own, in a file that is named by its address. Thread-safe; holds
/// about 200 KB per open blob, whatever its size.
/// </summary>
/// <remarks>
/// A blob is written before the version that refers to it, and never changed. Only its reference opens it. What no version refers to is swept.
/// </remarks>
public sealed partial class BlobStore
{
    private readonly BlobOptions _options;
    private readonly TimeProvider _time;
    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly string _incoming;

    // Folders whose own name is durable.
    private readonly ConcurrentDictionary<string, bool> _folders = new();

    // Files in _incoming that somebody is writing right now.
    private readonly ConcurrentDictionary<string, bool> _writing = new();

    public BlobStore(BlobOptions options, TimeProvider time)
        : this(options, time, RealDisk.Instance)
    {
    }

    internal BlobStore(BlobOptions options, TimeProvider time, IDisk disk)
    {
        _options = options;
        _folder = Path.GetFullPath(options.Folder);
        _time = time;
        _disk = disk;
        _incoming = Path.Combine(_folder, "incoming");
        PrivateFiles.EnsureFolder(disk, _folder);
        PrivateFiles.EnsureFolder(disk, _incoming);
    }

    /// <summary>Begins a blob.</summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public BlobWriter Create()
    {
        Span<byte> name = stackalloc byte[16];
        RandomNumberGenerator.Fill(name);
        string path = Path.Combine(_incoming, BinaryPrimitives.ReadUInt128BigEndian(name).ToString("x32"));
        _writing[path] = true;
        try
        {
            return new BlobWriter(this, path, _disk.Open(path, FileMode.CreateNew), _options.MaxBytes);
        }
        catch
        {
            _writing.TryRemove(path, out _);
            throw;
        }
    }

    /// <summary>Takes in content up to the configured size. The blob is durable when this returns.</summary>
    /// <returns>The reference, or an error when the content is too long; nothing stays of it then.</returns>
    /// <exception cref="IOException">The disk is full or failed; nothing stays.</exception>
    public async ValueTask<Result<BlobReference>> WriteAsync(Stream content, CancellationToken cancellationToken)
    {
        using BlobWriter writer = Create();
        while (await content.ReadAsync(writer.GetMemory(), cancellationToken) is > 0 and int count)
        {
            if (!writer.TryAdvance(count))
            {
                return TooLong(_options.MaxBytes);
            }
        }

        return writer.Complete();
    }

    /// <summary>Opens a blob for reading from any place.</summary>
    /// <returns>Ok, Missing, or Damaged (of another length). Altered content shows while reading.</returns>
    public SealStatus Open(BlobReference reference, out BlobStream? stream)
    {
        stream = null;
        SealStatus status = Find(reference, out string path);
        if (status == SealStatus.Ok)
        {
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
            stream = new BlobStream(file, reference);
        }

        return status;
    }

    /// <summary>Whether a blob is there and has its length, without looking into it.</summary>
    public SealStatus Find(BlobReference reference) => Find(reference, out _);

    /// <summary>What is said of content beyond the configured size.</summary>
    public static FhirError TooLong(long maxBytes) =>
        FhirError.Of(ErrorKind.TooLarge, IssueType.TooLong, $"The content is longer than {maxBytes} bytes.");

    /// <summary>The folder of a blob is named by its last two letters: the first are the same for all.</summary>
    /// <summary>Whether there is a blob of that address; whether it is whole is seen when it is opened.</summary>
    public bool Has(BlobAddress address) => File.Exists(PathOf(address));

    internal string PathOf(BlobAddress address)
    {
        var name = address.ToString();
        return Path.Combine(_folder, name[^2..], name);
    }

    /// <summary>Gives a written blob its name, durably.</summary>
    internal void Publish(string path, BlobAddress address)
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

    /// <summary>Ends a write; removes the file unless it has become a blob.</summary>
    internal void End(string path, bool isPublished)
    {
        if (!isPublished)
        {
            _disk.Delete(path);
        }

        _writing.TryRemove(path, out _);
    }

    private SealStatus Find(BlobReference reference, out string path)
    {
        path = PathOf(reference.Address);
        var info = new FileInfo(path);
        return !info.Exists ? SealStatus.Missing
            : info.Length != BlobCipher.SealedBytes(reference.Bytes) ? SealStatus.Damaged
            : SealStatus.Ok;
    }
}
