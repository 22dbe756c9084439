using System.IO.Pipelines;
using System.Text;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.LargeData;
using HealthChain.Storage.Blobs;
using Xunit;

namespace HealthChain.FhirServer.Tests.LargeData;

/// <summary>A blob store in a temporary folder, and the way of a document through the filter and back.</summary>
internal sealed class FilterFolder : IDisposable
{
    // Properties write thousands of blobs; where there is a folder in memory, they need not wait for the disk each time.
    private readonly DirectoryInfo _folder = Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory("/dev/shm/" + Path.GetRandomFileName())
        : Directory.CreateTempSubdirectory("healthchain-");

    private readonly BlobOptions _options;

    public FilterFolder(int inlineBytes = 8, long maxBytes = 1 << 20)
    {
        _options = new BlobOptions { Folder = Path.Combine(_folder.FullName, "blobs"), InlineBytes = inlineBytes, MaxBytes = maxBytes };
        Blobs = new BlobStore(_options, TimeProvider.System);
    }

    public BlobStore Blobs { get; }

    /// <summary>What the server keeps of a document that arrives in those pieces, with the number of values that went to blobs.</summary>
    public Result<(byte[] Document, int Diverted)> Take(FhirFormat format, IEnumerable<ReadOnlyMemory<byte>> pieces, long maxBytes = 1 << 20)
    {
        using LargeDataFilter filter = format == FhirFormat.Xml ? new XmlDataFilter(Blobs, _options, maxBytes, capacity: 1) : new JsonDataFilter(Blobs, _options, maxBytes, capacity: 1);
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            if (filter.Append(piece.Span) is { } error)
            {
                return error;
            }
        }

        return (filter.Document.ToArray(), filter.Diverted);
    }

    public Result<(byte[] Document, int Diverted)> Take(FhirFormat format, string document) => Take(format, [Encoding.UTF8.GetBytes(document)]);

    /// <summary>What a client gets of a document.</summary>
    public async Task<string> GiveAsync(FhirFormat format, byte[] document)
    {
        SplicedText text = SplicedText.Find(Blobs, document, format);
        using var output = new MemoryStream();
        PipeWriter writer = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await text.WriteAsync(writer, TestContext.Current.CancellationToken);
        await writer.CompleteAsync();
        if (text.Length is { } length)
        {
            Assert.Equal(length, output.Length);
        }

        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>There and back.</summary>
    public async Task<string> RoundTripAsync(FhirFormat format, string document) => await GiveAsync(format, Take(format, document).Value.Document);

    public string[] Files() => Directory.GetFiles(_options.Folder, "*", SearchOption.AllDirectories);

    public void Dispose() => _folder.Delete(recursive: true);
}
