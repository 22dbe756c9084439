using System.Text;
using HealthChain.Fhir.Search;

namespace HealthChain.Consent.Rules;

/// <summary>References as rules compare them.</summary>
internal static class References
{
    /// <summary>
    /// <c>Type/id</c> for a resource of this server and <c>server/Type/id</c> for one of another, of whatever version; anything else as it is written.
    /// Null for what points to nothing, or into its own resource.
    /// </summary>
    public static string? Read(string? reference, string? serverBase)
    {
        if (string.IsNullOrEmpty(reference) || reference[0] == '#')
        {
            return null;
        }

        string rest = serverBase is not null && reference.StartsWith(serverBase + "/", StringComparison.Ordinal) ? reference[(serverBase.Length + 1)..] : reference;
        byte[] utf8 = Encoding.UTF8.GetBytes(rest);
        LiteralReference parts = LiteralReference.Parse(utf8);
        if (parts.Type is not { } type)
        {
            return rest.Length == 0 ? null : rest;
        }

        string resource = $"{type.Name}/{Encoding.UTF8.GetString(utf8[parts.Id])}";
        string server = Encoding.UTF8.GetString(utf8[parts.Server]);
        return server.Length == 0 ? resource : $"{server}/{resource}";
    }
}
