namespace HealthChain.Consent.Rules;

/// <summary>References as rules compare them.</summary>
internal static class References
{
    private const string History = "/_history/";

    /// <summary><c>Type/id</c> for a resource of this server, the absolute url for one of another; null for what points to neither.</summary>
    public static string? Read(string? reference, string? serverBase)
    {
        if (string.IsNullOrEmpty(reference) || reference[0] == '#')
        {
            return null;
        }

        int history = reference.IndexOf(History, StringComparison.Ordinal);
        string resource = history < 0 ? reference : reference[..history];
        return serverBase is not null && resource.StartsWith(serverBase + "/", StringComparison.Ordinal) ? resource[(serverBase.Length + 1)..] : resource;
    }
}
