using System.Buffers;
using System.Text;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Responses;

/// <summary>
/// The links of one page of a search or history: https://hl7.org/fhir/R4/http.html#paging. All repeat the query as it was understood;
/// a cursor says where in its answer the page begins.
/// </summary>
internal sealed class PageLinks(FhirRequest request, string path, IEnumerable<QueryParameter> used)
{
    /// <summary>The parameter that holds the cursor.</summary>
    public const string Cursor = "_cursor";

    // What the grammar of urls lets stand in a query and no reader of forms takes for something else.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:,/$*");

    private readonly string _query = Join(used);
    private readonly string _form = Join(request.FormParameters);

    /// <summary>What a cursor is good for: the same query in the same place, asked by the same requester.</summary>
    public string Context => $"{request.Requester.Scope.Requester} {path}?{_query}";

    /// <param name="cursor">Of the page that is meant; null for the first one.</param>
    public BundleLink Link(string relation, string? cursor)
    {
        var url = new StringBuilder(request.BaseUrl);
        if (path.Length > 0)
        {
            url.Append('/').Append(path);
        }

        char separator = '?';
        foreach (string part in (ReadOnlySpan<string>)[_query, _form, cursor is null ? "" : $"{Cursor}={cursor}"])
        {
            if (part.Length > 0)
            {
                url.Append(separator).Append(part);
                separator = '&';
            }
        }

        return new BundleLink(relation, url.ToString());
    }

    private static string Join(IEnumerable<QueryParameter> parameters)
    {
        var query = new StringBuilder();
        foreach (QueryParameter parameter in parameters)
        {
            if (query.Length > 0)
            {
                query.Append('&');
            }

            Append(query, parameter.Name);
            query.Append('=');
            Append(query, parameter.Value);
        }

        return query.ToString();
    }

    private static void Append(StringBuilder query, string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
        {
            query.Append(text);
            return;
        }

        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && Plain.Contains((char)rune.Value))
            {
                query.Append((char)rune.Value);
                continue;
            }

            int length = rune.EncodeToUtf8(utf8);
            foreach (byte b in utf8[..length])
            {
                query.Append('%').Append(b.ToString("X2"));
            }
        }
    }
}
