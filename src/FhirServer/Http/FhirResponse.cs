using System.Net;
using HealthChain.FhirServer.Responses;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Http;

/// <summary>The answer to a <see cref="FhirRequest"/>; over the network it becomes a response of HTTP, in a bundle an entry.</summary>
internal sealed record FhirResponse
{
    public required HttpStatusCode Status { get; init; }

    private readonly ReadOnlyMemory<byte> _json;

    /// <summary>A resource in JSON; empty for an answer without a body. Written as XML when that is what the client asked for.</summary>
    public ReadOnlyMemory<byte> Json
    {
        get => Bundle is null ? _json : Bundle.ToJson();
        init => _json = value;
    }

    /// <summary>The resource when it is a bundle that is best written straight to where it goes; <see cref="Json"/> makes a copy of it.</summary>
    public Bundle? Bundle { get; init; }

    /// <summary>
    /// Media type of an answer that is no resource (<c>$graphql</c>): then <see cref="Json"/> goes out as it is, whatever form of FHIR
    /// the client asked for. Null for resources.
    /// </summary>
    public string? ContentType { get; init; }

    /// <summary>
    /// True when data of the resource lies in blobs and takes the place of its stand-in while the answer is written, in whatever form. Versions know it; other
    /// answers, which somebody had to compose anyway, are searched.
    /// </summary>
    public bool HasBlobs =>
        Bundle is not null ? Bundle.HasBlobs
        : Version is not null ? Version.HasBlobs
        : _json.Span.IndexOf(BlobStandIn.Marker) >= 0;

    /// <summary>The version that the answer is or has made: <c>ETag</c> and <c>Last-Modified</c>.</summary>
    public StoredVersion? Version { get; init; }

    /// <summary>Versions of which the answer tells besides <see cref="Version"/> and the entries of <see cref="Bundle"/>: for those that are composed otherwise.</summary>
    public IReadOnlyList<StoredVersion> Disclosed { get; init; } = [];

    /// <summary>The <c>ETag</c> of an answer that is no version of a resource.</summary>
    public string? EntityTag { get; init; }

    /// <summary>True for what anybody may know; caches may keep it as long as they ask whether it is still so.</summary>
    public bool MayBeCached { get; init; }

    /// <summary>The body says what was done, and is not what was asked for (<c>Prefer: return=OperationOutcome</c>).</summary>
    public bool IsOutcome { get; init; }

    /// <summary>When to ask again for what is not there yet.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Absolute url of the version that was made.</summary>
    public string? Location { get; init; }

    /// <summary>A version of a resource as the answer to a read.</summary>
    public static FhirResponse Of(StoredVersion version) =>
        new() { Status = HttpStatusCode.OK, Json = version.Json, Version = version };

    public static FhirResponse Of(ReadOnlyMemory<byte> json, HttpStatusCode status = HttpStatusCode.OK) => new() { Status = status, Json = json };

    public static FhirResponse Of(Bundle bundle) => new() { Status = HttpStatusCode.OK, Bundle = bundle };
}
