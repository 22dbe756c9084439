namespace HealthChain.Smart.Scopes;

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
/// <param name="Query">What narrows it.</param>
public sealed record ResourceScope(ScopeContext Context, string Type, Permissions Permissions, ScopeQuery Query)
{
    public const string AllTypes = "*";

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
        Permissions permissions = PermissionLetters.Read(head[(dot + 1)..]);
        return permissions == Permissions.None || !(type == AllTypes || type.All(char.IsAsciiLetter))
            ? null
            : new ResourceScope(context.Value, type, permissions, ScopeQuery.Parse(query));
    }

    /// <summary>Whether it speaks of resources of that type.</summary>
    public bool IsOf(string type) => Type == AllTypes || Type == type;

    /// <summary>Whether all that it gives is given by the other too. Never says so wrongly; of queries that mean the same in other words it does not know.</summary>
    public bool IsWithin(ResourceScope wider) => (Permissions & ~wider.Permissions) == Permissions.None && SpeaksWithin(wider);

    /// <summary>Whether the other speaks of all that this speaks of, whatever either permits.</summary>
    public bool SpeaksWithin(ResourceScope wider) => Context == wider.Context && wider.IsOf(Type) && Query.Implies(wider.Query);

    /// <summary>What both give; null when that is nothing.</summary>
    public ResourceScope? And(ResourceScope other)
    {
        Permissions both = Permissions & other.Permissions;
        return Context != other.Context || both == Permissions.None || !(IsOf(other.Type) || other.IsOf(Type))
            ? null
            : new ResourceScope(Context, Type == AllTypes ? other.Type : Type, both, Query.And(other.Query));
    }

    public override string ToString() =>
        $"{Context.ToString().ToLowerInvariant()}/{Type}.{Permissions.ToLetters()}{(Query.IsEmpty ? "" : "?" + Query)}";
}
