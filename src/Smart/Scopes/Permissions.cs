namespace HealthChain.Smart.Scopes;

/// <summary>What may be done with resources, the letters of SMART's scopes: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html</summary>
[Flags]
public enum Permissions : byte
{
    None = 0,
    Create = 1,

    /// <summary>Read, also of versions and the history of one resource.</summary>
    Read = 2,

    /// <summary>Update and patch.</summary>
    Update = 4,
    Delete = 8,

    /// <summary>Search, and the history of a type or of everything.</summary>
    Search = 16,
    All = Create | Read | Update | Delete | Search,
}

/// <summary>Taking permissions apart and writing them.</summary>
public static class PermissionLetters
{
    private const string Letters = "cruds";

    /// <summary>Each of the permissions by itself.</summary>
    public static IReadOnlyList<Permissions> Each { get; } =
        [Permissions.Create, Permissions.Read, Permissions.Update, Permissions.Delete, Permissions.Search];

    /// <summary>The letters in their order.</summary>
    public static string ToLetters(this Permissions permissions) => string.Concat(Letters.Where((_, bit) => ((int)permissions & (1 << bit)) != 0));

    /// <summary>Reads letters, or what version 1 had in their place; None for anything else. The letters have one order: "rs" is a scope, "sr" is none.</summary>
    public static Permissions Read(string text)
    {
        switch (text)
        {
            case "read":
                return Permissions.Read | Permissions.Search;
            case "write":
                return Permissions.Create | Permissions.Update | Permissions.Delete;
            case "*":
                return Permissions.All;
        }

        var permissions = Permissions.None;
        int last = -1;
        foreach (char letter in text)
        {
            int bit = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (bit <= last)
            {
                return Permissions.None;
            }

            permissions |= (Permissions)(1 << bit);
            last = bit;
        }

        return permissions;
    }
}
