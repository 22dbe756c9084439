using System.Collections.Frozen;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>
/// Which pages of other origins may call from a browser: https://fetch.spec.whatwg.org/#http-cors-protocol. Cookies are never part of that; who
/// calls shows a token.
/// </summary>
/// <remarks>Thread-safe. A client that was just registered counts after a second at most.</remarks>
public sealed class BrowserOrigins(SmartState state, TimeProvider time)
{
    private const string Methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
    private const string Headers = "Authorization, Content-Type, Accept, DPoP, If-Match, If-None-Match, If-Modified-Since, If-None-Exist, Prefer, X-Request-Id, X-Correlation-Id, traceparent";
    private const string Exposed = "ETag, Location, Content-Location, Last-Modified, WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id, Preference-Applied, Allow";
    private const string PreflightSeconds = "600";

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private Known _known = new(FrozenSet<string>.Empty, DateTimeOffset.MinValue);

    /// <summary>Says what the page may read; true when the request was one for permission alone, which is answered by that.</summary>
    public bool Admit(HttpContext context)
    {
        string? origin = context.Request.Headers.Origin;
        if (origin is null or "")
        {
            return false;
        }

        IHeaderDictionary headers = context.Response.Headers;
        headers.Append("Vary", "Origin");
        if (!IsRegistered(origin))
        {
            return false;
        }

        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlExposeHeaders = Exposed;
        if (!IsPreflight(context.Request))
        {
            return false;
        }

        Permit(context.Response);
        return true;
    }

    /// <summary>The same for what is public: any page may read it.</summary>
    public static bool AdmitAll(HttpContext context)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        if (!IsPreflight(context.Request))
        {
            return false;
        }

        Permit(context.Response);
        return true;
    }

    private static bool IsPreflight(HttpRequest request) => HttpMethods.IsOptions(request.Method) && request.Headers.AccessControlRequestMethod.Count > 0;

    private static void Permit(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = Methods;
        response.Headers.AccessControlAllowHeaders = Headers;
        response.Headers.AccessControlMaxAge = PreflightSeconds;
    }

    private bool IsRegistered(string origin)
    {
        Known known = _known;
        DateTimeOffset now = time.GetUtcNow();
        if (now - known.Read >= Fresh)
        {
            _known = known = new Known(state.Clients.Where(client => !client.IsBlocked).SelectMany(client => client.Origins).ToFrozenSet(StringComparer.Ordinal), now);
        }

        return known.Origins.Contains(origin);
    }

    private sealed record Known(FrozenSet<string> Origins, DateTimeOffset Read);
}
