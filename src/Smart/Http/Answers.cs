using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HealthChain.Smart.Pages;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>How answers look on the wire.</summary>
internal static class Answers
{
    /// <summary>What is true of every answer of this server.</summary>
    public static void Protect(HttpContext context, bool isHttps)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        headers.Pragma = "no-cache";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (isHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }
    }

    /// <param name="status">Null for the one that was set.</param>
    /// <param name="goesTo">Where a form on the page may lead to after us: browsers hold redirects after a form against its policy too.</param>
    public static Task PageAsync(Visit visit, Html page, int? status = null, string? goesTo = null)
    {
        visit.Response.StatusCode = status ?? visit.Response.StatusCode;
        visit.Response.ContentType = "text/html; charset=utf-8";
        visit.Response.Headers.XFrameOptions = "DENY";
        visit.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{(goesTo is null ? "" : " " + SourceOf(goesTo))}; frame-ancestors 'none'; base-uri 'none'";
        return visit.Response.WriteAsync(page.ToString(), visit.Aborted);
    }

    /// <summary>A page that says what is wrong, for errors that no app may be told of.</summary>
    public static Task MessageAsync(Visit visit, int status, string title, string text) => PageAsync(visit, AccountPages.Message(title, text), status);

    public static Task NothingHereAsync(Visit visit) => MessageAsync(visit, StatusCodes.Status404NotFound, "Nothing here", "There is no page at this address.");

    /// <summary>To another page, also after a form: https://www.rfc-editor.org/rfc/rfc9700#section-4.12</summary>
    public static void SeeOther(Visit visit, string url)
    {
        visit.Response.StatusCode = StatusCodes.Status303SeeOther;
        visit.Response.Headers.Location = url;
    }

    public static Task JsonAsync(Visit visit, Action<Utf8JsonWriter> members, int status = StatusCodes.Status200OK)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return BytesAsync(visit, "application/json", buffer.WrittenMemory, status);
    }

    public static Task BytesAsync(Visit visit, string type, ReadOnlyMemory<byte> bytes, int status = StatusCodes.Status200OK)
    {
        visit.Response.StatusCode = status;
        visit.Response.ContentType = type;
        visit.Response.ContentLength = bytes.Length;
        return visit.Response.Body.WriteAsync(bytes, visit.Aborted).AsTask();
    }

    /// <summary>
    /// A refusal as https://www.rfc-editor.org/rfc/rfc6749#section-5.2 has it: a client is challenged to log in by the header only when it tried to; a
    /// browser would else ask its user for a password that is not the user's to know.
    /// </summary>
    /// <param name="status">Null for the one that the code of the error has.</param>
    public static Task ErrorAsync(Visit visit, OAuthError error, int? status = null)
    {
        if (error.Code == "invalid_client" && visit.Request.Headers.Authorization.Count > 0)
        {
            status = StatusCodes.Status401Unauthorized;
            visit.Response.Headers.WWWAuthenticate = "Basic realm=\"client\"";
        }

        return JsonAsync(
            visit,
            writer =>
            {
                writer.WriteString("error"u8, error.Code);
                writer.WriteString("error_description"u8, Printable(error.Reason));
            },
            status ?? StatusOf(error));
    }

    /// <summary>Says how long to wait.</summary>
    public static void RetryAfter(Visit visit, TimeSpan wait) =>
        visit.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Only these characters may stand in an error_description.</summary>
    public static string Printable(string text)
    {
        var printable = new StringBuilder(text.Length);
        foreach (char letter in text)
        {
            printable.Append(letter is '"' or '\\' ? '\'' : letter is >= ' ' and <= '~' ? letter : '?');
        }

        return printable.ToString();
    }

    private static int StatusOf(OAuthError error) => error.Code switch
    {
        "invalid_token" => StatusCodes.Status401Unauthorized,
        "insufficient_scope" => StatusCodes.Status403Forbidden,
        "slow_down" => StatusCodes.Status429TooManyRequests,
        "server_error" => StatusCodes.Status500InternalServerError,
        "temporarily_unavailable" => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>The source expression of a redirect URI: an origin, or the scheme of an app on a phone.</summary>
    private static string SourceOf(string redirectUri)
    {
        var uri = new Uri(redirectUri);
        return uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps ? uri.GetLeftPart(UriPartial.Authority) : uri.Scheme + ":";
    }
}
