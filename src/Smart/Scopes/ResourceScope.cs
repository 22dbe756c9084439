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

/// <summary>Whose resources a scope speaks of.</summary>
public enum ScopeContext : byte
{
    /// <summary>Those of the patient in context.</summary>
    Patient,

    /// <summary>Those that the user may reach.</summary>
    User,

    /// <summary>Those that the client itself may reach.</summary>
    System,
}

/// <summary>A scope such as <c>patient/Observation.rs?category=laboratory</c>, in the form of version 2.</summary>
/// <param name="Type">A resource type, or <c>*</c> for all.</param>
/// <param name="Query">Search parameters that narrow it, without the question mark, as they were written; empty for none.</param>
public sealed record ResourceScope(ScopeContext Context, string Type, Permissions Permissions, string Query = "")
{
    public const string AllTypes = "*";

    private const string Letters = "cruds";

    /// <summary>Reads a scope of version 1 or 2; null when it is neither.</summary>
    public static ResourceScope? TryParse(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        ScopeContext? context = slash < 0 ? null : text[..slash] switch
        {
            "patient" => ScopeContext.Patient,
            "user" => ScopeContext.User,
            "system" => ScopeContext.System,
            _ => null,
        };
        if (context is null)
        {
            return null;
        }

        string rest = text[(slash + 1)..];
        int question = rest.IndexOf('?', StringComparison.Ordinal);
        string query = question < 0 ? "" : rest[(question + 1)..];
        string head = question < 0 ? rest : rest[..question];
        int dot = head.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1 || (question >= 0 && query.Length == 0))
        {
            return null;
        }

        string type = head[..dot];
        Permissions permissions = PermissionsOf(head[(dot + 1)..]);
        return permissions == Permissions.None || !(type == AllTypes || type.All(char.IsAsciiLetter))
            ? null
            : new ResourceScope(context.Value, type, permissions, query);
    }

    public override string ToString()
    {
        string letters = string.Concat(Letters.Where((_, bit) => ((int)Permissions & (1 << bit)) != 0));
        return $"{Context.ToString().ToLowerInvariant()}/{Type}.{letters}{(Query.Length == 0 ? "" : "?" + Query)}";
    }

    /// <summary>The letters have one order: "rs" is a scope, "sr" is none.</summary>
    private static Permissions PermissionsOf(string text)
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
