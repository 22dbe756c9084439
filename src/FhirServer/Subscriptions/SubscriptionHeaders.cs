using System.Net.Http.Headers;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>
/// Headers that go with each notification, mostly to show the endpoint that it comes from here: secrets, which come in and are never given back. In the
/// resource their values are hidden; a value that comes back hidden means the one that is known.
/// </summary>
internal static class SubscriptionHeaders
{
    public const string Hidden = "***";

    private const int Most = 20;
    private const int Longest = 4096;

    /// <summary>Names that say how the message is sent, which is not the owner's to say.</summary>
    private static readonly string[] Reserved =
        ["host", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "date", "via", "forwarded"];

    private static readonly string[] ReservedStarts = ["content-", "proxy-", "sec-", "x-forwarded-"];

    /// <summary>The headers of a channel, with those that are hidden filled in.</summary>
    /// <param name="known">As they were before, for the same owner.</param>
    public static Result<IReadOnlyList<string>> Read(Element channel, IReadOnlyList<string> known)
    {
        var headers = new List<string>();
        foreach (Element header in channel.ChildrenOf("header"))
        {
            string text = header.Text ?? "";
            if (text.Length > Longest || headers.Count == Most)
            {
                return Refuse($"There may be {Most} headers of up to {Longest} letters.");
            }

            (string name, string value) = Split(text);
            if (!IsName(name) || value.Any(letter => letter is < ' ' or > '~'))
            {
                return Refuse("A header is a name, a colon and a value of plain letters.");
            }

            if (IsReserved(name))
            {
                return Refuse($"The header {name} is the server's to set.");
            }

            if (value == Hidden)
            {
                if (known.FirstOrDefault(before => Split(before).Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } before)
                {
                    return Refuse($"The value of the header {name} is not known here: send it.");
                }

                text = before;
            }

            headers.Add(text);
        }

        return headers;
    }

    public static string Hide(string header) => $"{Split(header).Name}: {Hidden}";

    public static void Add(HttpRequestHeaders headers, IReadOnlyList<string> own)
    {
        foreach (string header in own)
        {
            (string name, string value) = Split(header);
            headers.TryAddWithoutValidation(name, value);
        }
    }

    private static (string Name, string Value) Split(string header)
    {
        int colon = header.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? ("", header) : (header[..colon].Trim(), header[(colon + 1)..].Trim());
    }

    /// <summary>https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2</summary>
    private static bool IsName(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal));

    private static bool IsReserved(string name) =>
        Reserved.Contains(name, StringComparer.OrdinalIgnoreCase) || ReservedStarts.Any(start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase));

    private static FhirError Refuse(string message) => FhirError.Of(ErrorKind.Unprocessable, IssueType.Value, message, "Subscription.channel.header");
}
