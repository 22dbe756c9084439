using System.Net;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>A request to the authorisation server.</summary>
internal sealed class Visit(HttpContext http, Issuer issuer)
{
    public HttpContext Http => http;

    public HttpRequest Request => http.Request;

    public HttpResponse Response => http.Response;

    public Issuer Issuer => issuer;

    public CancellationToken Aborted => http.RequestAborted;

    public IPAddress? Address => http.Connection.RemoteIpAddress;
}

/// <summary>A user in the browser that the request came from.</summary>
/// <param name="Cookie">Of the session.</param>
internal sealed record SignedIn(Account Account, Session Session, string Cookie)
{
    /// <summary>What others call the user.</summary>
    public string Name => Account.DisplayName ?? Account.Name;
}
