using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>
/// Parameters of a query or a form, read strictly: each name once (RFC 6749 §3.1 and §3.2), since two servers that take different ones of two
/// values can be played off against each other. Parameters without value count as not sent.
/// </summary>
internal sealed class Parameters
{
    private const int MaxBytes = 64 << 10;
    private const int MaxCount = 512;
    private const string FormType = "application/x-www-form-urlencoded";

    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    private Parameters()
    {
    }

    public string? this[string name] => _values.TryGetValue(name, out List<string>? values) ? values[0] : null;

    /// <summary>All values of a name that may be there more than once.</summary>
    public IReadOnlyList<string> All(string name) => _values.TryGetValue(name, out List<string>? values) ? values : [];

    /// <summary>Reads a query without its question mark, or the text of a form.</summary>
    /// <param name="repeatable">The one name that may be there more than once.</param>
    public static OAuthResult<Parameters> Read(string text, string? repeatable = null)
    {
        var read = new Parameters();
        int count = 0;
        foreach (Range range in text.AsSpan().Split('&'))
        {
            ReadOnlySpan<char> pair = text.AsSpan(range);
            if (pair.IsEmpty)
            {
                continue;
            }

            int equals = pair.IndexOf('=');
            if (++count > MaxCount || Decode(equals < 0 ? pair : pair[..equals]) is not { } name || Decode(equals < 0 ? [] : pair[(equals + 1)..]) is not { } value)
            {
                return OAuthError.InvalidRequest("The parameters are too many, or not encoded as they should be.");
            }

            if (read._values.TryGetValue(name, out List<string>? values) && name != repeatable)
            {
                return OAuthError.InvalidRequest("A parameter is there more than once.");
            }

            if (value.Length > 0)
            {
                (values ?? (read._values[name] = [])).Add(value);
            }
        }

        return read;
    }

    /// <summary>Reads the form that a request brings.</summary>
    public static async ValueTask<OAuthResult<Parameters>> ReadFormAsync(HttpRequest request, string? repeatable, CancellationToken cancellationToken)
    {
        if (request.ContentType is not { } type || !type.Split(';')[0].Trim().Equals(FormType, StringComparison.OrdinalIgnoreCase))
        {
            return OAuthError.InvalidRequest($"The body must be {FormType}.");
        }

        return await ReadBodyAsync(request, cancellationToken) is { } bytes && Utf8.IsValid(bytes)
            ? Read(Encoding.UTF8.GetString(bytes), repeatable)
            : OAuthError.InvalidRequest("The body is too long, or not encoded as it should be.");
    }

    /// <summary>The body of a request; null when it is longer than forms are.</summary>
    public static async ValueTask<byte[]?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
        {
            return null;
        }

        byte[] buffer = new byte[(int)(request.ContentLength ?? MaxBytes) + 1];
        int read = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read == buffer.Length ? null : buffer[..read];
    }

    /// <summary>Writes parameters so that <see cref="Read"/> reads them again; those without value are left out.</summary>
    public static string Write(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var text = new StringBuilder();
        foreach ((string name, string? value) in parameters)
        {
            if (value is not null)
            {
                text.Append(text.Length == 0 ? "" : "&").Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return text.ToString();
    }

    private static string? Decode(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '+':
                    bytes[length++] = (byte)' ';
                    break;
                case '%':
                    if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                    {
                        return null;
                    }

                    bytes[length++] = Convert.FromHexString(text.Slice(i + 1, 2))[0];
                    i += 2;
                    break;
                default:
                    int end = i + 1;
                    while (end < text.Length && text[end] is not ('+' or '%'))
                    {
                        end++;
                    }

                    length += Encoding.UTF8.GetBytes(text[i..end], bytes.AsSpan(length));
                    i = end - 1;
                    break;
            }
        }

        ReadOnlySpan<byte> decoded = bytes.AsSpan(0, length);
        return Utf8.IsValid(decoded) && !decoded.Contains((byte)0) ? Encoding.UTF8.GetString(decoded) : null;
    }
}
