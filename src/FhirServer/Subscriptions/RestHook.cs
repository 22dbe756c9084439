using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Server;
using HealthChain.Smart.Jose;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>
/// Sends notifications to endpoints, https://hl7.org/fhir/R4/subscription.html#rest-hook: an empty POST, or, where a payload is asked for, a PUT as if the
/// resource were updated there. How many are on their way is bounded, in all, for each owner and for each host, so that slow endpoints hold up nobody but
/// whose they are.
/// </summary>
internal sealed class RestHook(BlobStore blobs, ServerOptions options) : IDisposable
{
    private readonly OutsideHttp _http = new(options.Subscriptions.ReachFor(options.Development), options.Subscriptions.Timeout);
    private readonly SemaphoreSlim _slots = new(options.Subscriptions.InFlight);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, SemaphoreSlim> _owners = [];

    /// <summary>Of one owner, on however many hosts: a fourth of all.</summary>
    private readonly int _ofOwner = Math.Max(1, options.Subscriptions.InFlight / 4);

    /// <summary>Waits until something may be sent to an endpoint. What is sent is decided after that, since it may take long.</summary>
    /// <param name="owner">Whoever is to be told, by the same number each time.</param>
    public async ValueTask<Slot> EnterAsync(long owner, Uri endpoint, CancellationToken cancellationToken)
    {
        // Whoever is on the way keeps those that he came by.
        if (_hosts.Count > 2 * options.Subscriptions.Most)
        {
            _hosts.Clear();
        }

        if (_owners.Count > 2 * options.Subscriptions.Most)
        {
            _owners.Clear();
        }

        var taken = new List<SemaphoreSlim>(3);
        try
        {
            foreach (SemaphoreSlim next in new[]
            {
                _owners.GetOrAdd(owner, _ => new SemaphoreSlim(_ofOwner)),
                _hosts.GetOrAdd(endpoint.Authority, _ => new SemaphoreSlim(options.Subscriptions.InFlightOfHost)),
                _slots,
            })
            {
                await next.WaitAsync(cancellationToken);
                taken.Add(next);
            }
        }
        catch
        {
            new Slot(taken).Dispose();
            throw;
        }

        return new Slot(taken);
    }

    /// <summary>Sends a notification that says nothing; also what shows that an endpoint is there.</summary>
    public async Task<bool> NotifyAsync(Uri endpoint, IReadOnlyList<string> headers, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent([]) };
        SubscriptionHeaders.Add(request.Headers, headers);
        return IsTaken(await _http.SendAsync(request, cancellationToken));
    }

    /// <summary>Sends a version.</summary>
    public async Task<bool> SendAsync(Uri endpoint, IReadOnlyList<string> headers, StoredVersion version, FhirFormat format, CancellationToken cancellationToken)
    {
        var address = new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{version.Key}");
        using HttpContent content = ContentOf(version, format);
        content.Headers.TryAddWithoutValidation("Content-Type", Formats.ContentType(format));
        using var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = content };
        SubscriptionHeaders.Add(request.Headers, headers);
        return IsTaken(await _http.SendAsync(request, cancellationToken));
    }

    public void Dispose()
    {
        _http.Dispose();
        _slots.Dispose();
    }

    private static bool IsTaken(HttpStatusCode? status) => status is { } code && (int)code is >= 200 and < 300;

    private HttpContent ContentOf(StoredVersion version, FhirFormat format)
    {
        ReadOnlyMemory<byte> text = version.Json;
        if (format == FhirFormat.Xml)
        {
            Result<byte[]> xml = FhirXml.ToBytes(FhirJson.Read(version.Json).Root);

            // A character that XML lacks: better in the other form than not at all, as with answers.
            (text, format) = xml.IsOk ? (xml.Value, format) : (text, FhirFormat.Json);
        }

        return version.HasBlobs ? new SplicedContent(SplicedText.Find(blobs, text, format)) : new ReadOnlyMemoryContent(text);
    }

    /// <summary>The right to send something, until it is disposed.</summary>
    public readonly struct Slot(IReadOnlyList<SemaphoreSlim> taken) : IDisposable
    {
        public void Dispose()
        {
            foreach (SemaphoreSlim one in taken)
            {
                one.Release();
            }
        }
    }

    /// <summary>Large data goes from its blob to the network.</summary>
    private sealed class SplicedContent(SplicedText text) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            PipeWriter writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
            await text.WriteAsync(writer, CancellationToken.None);
            await writer.CompleteAsync();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = text.Length ?? 0;
            return text.Length is not null;
        }
    }
}
