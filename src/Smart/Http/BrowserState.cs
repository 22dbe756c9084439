using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Pages;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>What browsers keep for us: the session, the secret that forms are bound to, and the mark of a known browser.</summary>
/// <remarks>
/// Lax, not strict: the way to an app's consent begins on a page of the app, and the session must be seen then. What changes anything comes by
/// POST, which brings no lax cookie from elsewhere, and needs a token that only our own pages have.
/// </remarks>
/// <param name="key">Secret of this server.</param>
internal sealed class BrowserState(SmartState state, byte[] key)
{
    private const string Session = "healthchain-session";
    private const string Forms = "healthchain-forms";
    private const string External = "healthchain-external";
    private const string Mark = "healthchain-browser";
    private const int MaxCookie = 256;

    private static readonly TimeSpan ExternalLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan MarkLifetime = TimeSpan.FromDays(180);

    /// <summary>Who is logged in; null for nobody.</summary>
    public SignedIn? Find(Visit visit) =>
        SessionIn(visit) is { } cookie && state.FindSession(cookie) is { } session && state.FindAccount(session.Account) is { IsDisabled: false } account
            ? new SignedIn(account, session, cookie)
            : null;

    /// <summary>The cookie of a session, whether somebody is still logged in by it or not.</summary>
    public static string? SessionIn(Visit visit) => Read(visit, Session);

    /// <summary>Lets the browser be that of a user. The cookie is one that was made here: nobody can have placed it there before.</summary>
    public static void Enter(Visit visit, string cookie, string mark)
    {
        Write(visit, Session, cookie, lifetime: null);
        Write(visit, Mark, mark, MarkLifetime);
    }

    public static void Leave(Visit visit) => visit.Response.Cookies.Delete(NameOf(visit, Session), OptionsFor(visit, lifetime: null));

    /// <summary>Keeps what a browser must bring back that goes to log in elsewhere.</summary>
    public static void Begin(Visit visit, string secret) => Write(visit, External, secret, ExternalLifetime);

    /// <summary>What it brought back; it counts once.</summary>
    public static string? End(Visit visit)
    {
        string? secret = Read(visit, External);
        if (secret is not null)
        {
            visit.Response.Cookies.Delete(NameOf(visit, External), OptionsFor(visit, lifetime: null));
        }

        return secret;
    }

    public static string? MarkOf(Visit visit) => Read(visit, Mark);

    /// <summary>What a form must bring back to be believed.</summary>
    public string FormToken(Visit visit)
    {
        string? secret = Read(visit, Forms);
        if (secret is null)
        {
            secret = Secrets.New();
            Write(visit, Forms, secret, lifetime: null);
        }

        return TokenOf(secret, Read(visit, Session));
    }

    /// <summary>Whether a form comes from a page that this server showed in this browser and this session.</summary>
    public bool IsOwn(Visit visit, Parameters form)
    {
        // Browsers that say from where a request comes say it of every one. https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
        string? site = visit.Request.Headers["Sec-Fetch-Site"];
        return site is null or "" or "same-origin"
            && Read(visit, Forms) is { } secret
            && form[FormFields.Token] is { } token
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(TokenOf(secret, Read(visit, Session))));
    }

    private string TokenOf(string secret, string? session) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"form {secret} {session}")));

    private static string? Read(Visit visit, string name) =>
        visit.Request.Cookies.TryGetValue(NameOf(visit, name), out string? value) && value.Length is > 0 and <= MaxCookie ? value : null;

    private static void Write(Visit visit, string name, string value, TimeSpan? lifetime) =>
        visit.Response.Cookies.Append(NameOf(visit, name), value, OptionsFor(visit, lifetime));

    /// <summary>A cookie of that prefix cannot have been set by another host or without https: https://www.rfc-editor.org/rfc/rfc6265</summary>
    private static string NameOf(Visit visit, string name) => visit.Issuer.IsHttps ? "__Host-" + name : name;

    private static CookieOptions OptionsFor(Visit visit, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        Secure = visit.Issuer.IsHttps,
        SameSite = SameSiteMode.Lax,

        // The prefix wants the path of the whole host.
        Path = visit.Issuer.IsHttps ? "/" : "/auth",

        // Counted by the browser, whose clock may be wrong.
        MaxAge = lifetime,
    };
}
