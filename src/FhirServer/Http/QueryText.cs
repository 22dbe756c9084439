using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Http;

/// <summary>Reads the text form of parameters: the query of a url, or a form.</summary>
internal static class QueryText
{
    /// <summary>Pairs in their order, percent-encoding resolved and plus signs turned into spaces. A leading question mark is allowed.</summary>
    public static List<QueryParameter> Read(ReadOnlySpan<char> text)
    {
        var parameters = new List<QueryParameter>();
        if (text.StartsWith('?'))
        {
            text = text[1..];
        }

        foreach (Range range in text.Split('&'))
        {
            ReadOnlySpan<char> pair = text[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            int equals = pair.IndexOf('=');
            parameters.Add(equals < 0
                ? new QueryParameter(Decode(pair), "")
                : new QueryParameter(Decode(pair[..equals]), Decode(pair[(equals + 1)..])));
        }

        return parameters;
    }

    private static string Decode(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAny('%', '+'))
        {
            return text.ToString();
        }

        return Uri.UnescapeDataString(text.Contains('+') ? text.ToString().Replace('+', ' ') : text.ToString());
    }
}
