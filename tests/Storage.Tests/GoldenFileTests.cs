using System.Text;
using HealthChain.Files;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;
using Xunit;

namespace HealthChain.Storage.Tests;

/// <summary>
/// Bytes that an earlier build wrote must open for ever: these files never change, a new format gets a new folder beside them, written with
/// HEALTHCHAIN_WRITE_GOLDEN set to it.
/// </summary>
public class GoldenFileTests
{
    private static readonly SubjectId Patient = new(1, 2);
    private static readonly SubjectId Erased = new(3, 4);
    private static readonly SealedVersion Version = new("Patient", 42, 7);

    [Fact]
    public void Format_1_opens() => Verify(Path.Combine(AppContext.BaseDirectory, "Golden", "1"));

    [Fact]
    public async Task What_is_written_today_opens_in_the_same_way()
    {
        using var folders = new Folders();
        string folder = Environment.GetEnvironmentVariable("HEALTHCHAIN_WRITE_GOLDEN") ?? Path.Combine(Path.GetDirectoryName(folders.Keys)!, "today");
        await Write(folder);
        Verify(folder);
    }

    private static void Verify(string golden)
    {
        using var folders = new Folders();
        Copy(Path.Combine(golden, "keys"), folders.Keys);
        Copy(Path.Combine(golden, "tenant"), folders.TenantKeys);
        Copy(Path.Combine(golden, "blobs"), folders.Blobs);
        byte[] version = File.ReadAllBytes(Path.Combine(golden, "version.sealed"));
        BlobReference reference = BlobReference.Read(File.ReadAllBytes(Path.Combine(golden, "blob.reference")));

        using KeyStore keys = folders.OpenKeys();
        Assert.Equal(3, keys.Count);
        Assert.Equal(KeyState.Destroyed, keys.StateOf(Erased));
        Assert.Equal(SealStatus.Ok, keys.TryOpen(Patient, version, out byte[] plain, Version));
        Assert.Equal("{\"resourceType\":\"Patient\"}", Encoding.UTF8.GetString(plain));
        var key = new byte[32];
        keys.GetDateOffsetKey(Patient, key);
        Assert.Equal(File.ReadAllText(Path.Combine(golden, "date-offset.hex")), Convert.ToHexString(key));
        keys.GetCommitmentSaltKey(Patient, key);
        Assert.Equal(File.ReadAllText(Path.Combine(golden, "commitment-salt.hex")), Convert.ToHexString(key));

        var blobs = new BlobStore(new BlobOptions { Folder = folders.Blobs }, TimeProvider.System);
        Assert.True(BlobStandIn.TryRead(File.ReadAllBytes(Path.Combine(golden, "blob.stand-in")), out BlobStandIn standIn));
        Assert.Equal(new BlobStandIn(BlobForm.Data, reference, reference.Bytes, new Sha1Digest(1, 2)), standIn);
        Assert.Equal(SealStatus.Ok, blobs.Open(reference, out BlobStream? stream));
        using (var reader = new StreamReader(stream!))
        {
            Assert.Equal("a blob of format 1", reader.ReadToEnd());
        }
    }

    private static async Task Write(string target)
    {
        using var folders = new Folders();
        using (KeyStore keys = folders.OpenKeys())
        {
            keys.Ensure(SubjectId.NoPerson);
            keys.Ensure(Erased);
            byte[] version = keys.Seal(Patient, "{\"resourceType\":\"Patient\"}"u8, Version);
            keys.Flush();
            keys.Destroy(Erased);
            var blobs = new BlobStore(new BlobOptions { Folder = folders.Blobs }, TimeProvider.System);
            var content = new MemoryStream("a blob of format 1"u8.ToArray());
            BlobReference reference = (await blobs.WriteAsync(content, TestContext.Current.CancellationToken)).Value;
            var bytes = new byte[BlobReference.EncodedBytes];
            reference.Write(bytes);
            Directory.CreateDirectory(target);
            File.WriteAllBytes(Path.Combine(target, "version.sealed"), version);
            File.WriteAllBytes(Path.Combine(target, "blob.reference"), bytes);
            var standIn = new byte[BlobStandIn.Length];
            new BlobStandIn(BlobForm.Data, reference, reference.Bytes, new Sha1Digest(1, 2)).Write(standIn);
            File.WriteAllBytes(Path.Combine(target, "blob.stand-in"), standIn);
            var key = new byte[32];
            keys.GetDateOffsetKey(Patient, key);
            File.WriteAllText(Path.Combine(target, "date-offset.hex"), Convert.ToHexString(key));
            keys.GetCommitmentSaltKey(Patient, key);
            File.WriteAllText(Path.Combine(target, "commitment-salt.hex"), Convert.ToHexString(key));
        }

        Copy(folders.Keys, Path.Combine(target, "keys"));
        Copy(folders.TenantKeys, Path.Combine(target, "tenant"));
        Copy(folders.Blobs, Path.Combine(target, "blobs"));
    }

    private static void Copy(string from, string to)
    {
        PrivateFiles.EnsureFolder(RealDisk.Instance, to);
        foreach (string file in Directory.GetFiles(from))
        {
            string copy = Path.Combine(to, Path.GetFileName(file));
            File.Copy(file, copy);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(copy, PrivateFolder.FileMode);
            }
        }

        foreach (string folder in Directory.GetDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
