using System.Net;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>What one interaction leaves in the access log: from where it came, and whether it is on record already.</summary>
/// <param name="address">Null when unknown, and for what the server does by itself.</param>
/// <param name="requestId"><c>X-Request-Id</c>, when there is one.</param>
internal sealed class AccessEntry(IPAddress? address = null, string? requestId = null)
{
    /// <summary>A name that the client gives its request, to find it again in the log.</summary>
    public const string RequestIdHeader = "X-Request-Id";

    public IPAddress? Address => address;

    public string? RequestId => requestId;

    /// <summary>True when the interaction needs no record of its own any more: it was committed with what the interaction wrote.</summary>
    public bool IsWritten { get; set; }

    /// <summary>The patient whom only the content of the request names; whose record it concerns all the same.</summary>
    public ResourceKey? Concerns { get; set; }

    public static AccessEntry Of(HttpContext context)
    {
        IPAddress? remote = context.Connection.RemoteIpAddress;
        return new AccessEntry(
            remote is { IsIPv4MappedToIPv6: true } ? remote.MapToIPv4() : remote,
            context.Request.Headers.TryGetValue(RequestIdHeader, out var values) ? values.ToString() : null);
    }

    /// <summary>That of another interaction which came with the same request: an entry of a bundle.</summary>
    public AccessEntry Another() => new(address, requestId);
}
