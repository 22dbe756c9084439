namespace HealthChain.Smart.Scopes;

/// <summary>The scopes of a request or a token, in no order. Immutable.</summary>
public sealed class ScopeSet
{
    /// <summary>Most scopes in a set. Whoever asks for more gets the first of them.</summary>
    public const int MaxScopes = 200;

    private readonly IReadOnlyList<(string Word, ResourceScope? Scope)> _words;

    private ScopeSet(IReadOnlyList<(string Word, ResourceScope? Scope)> words)
    {
        _words = words;
        Resources = [.. words.Select(word => word.Scope).OfType<ResourceScope>()];
        Others = [.. words.Where(word => word.Scope is null).Select(word => word.Word)];
        Text = string.Join(' ', words.Select(word => word.Word));
    }

    public static ScopeSet None { get; } = new([]);

    /// <summary>Those that speak of resources.</summary>
    public IReadOnlyList<ResourceScope> Resources { get; }

    /// <summary>All others: <c>openid</c>, <c>launch/patient</c>, <c>offline_access</c>, ...</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>As they were written, each once: clients compare what they get with what they asked for, letter by letter.</summary>
    public string Text { get; }

    public bool IsEmpty => Text.Length == 0;

    /// <summary>Reads scopes separated by spaces. What is no scope of SMART stands among the others, for whoever knows which are allowed.</summary>
    public static ScopeSet Parse(string text) => Of(text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public static ScopeSet Of(IEnumerable<string> words) =>
        new([.. words.Distinct(StringComparer.Ordinal).Take(MaxScopes).Select(word => (word, ResourceScope.TryParse(word)))]);

    /// <summary>Whether it has that scope besides those of resources.</summary>
    public bool Has(string other) => Others.Contains(other, StringComparer.Ordinal);

    /// <summary>
    /// What of these scopes may be given where only the limit may: the registered scopes of a client, the user's choice, what a role can have.
    /// A scope that may be given whole stays as it is written here; of others what lies within the limit.
    /// </summary>
    public ScopeSet Within(ScopeSet limit)
    {
        var given = new List<string>();
        var parts = new List<ResourceScope>();
        foreach ((string word, ResourceScope? scope) in _words)
        {
            if (scope is null ? limit.Has(word) : limit.Covers(scope))
            {
                given.Add(word);
            }
            else if (scope is not null)
            {
                parts.AddRange(limit.Resources.Select(scope.And).OfType<ResourceScope>().Take(MaxScopes - Math.Min(parts.Count, MaxScopes)));
            }
        }

        ScopeSet whole = Of(given);
        return parts.Count == 0 ? whole : Of([.. given, .. Joined(parts).Where(part => !whole.Covers(part)).Select(part => part.ToString())]);
    }

    /// <summary>Whether all that these scopes give is given by the others too; else they would widen it. When in doubt, they would.</summary>
    public bool IsWithin(ScopeSet wider) => Others.All(wider.Has) && Resources.All(wider.Covers);

    public override string ToString() => Text;

    /// <summary>Whether the scope is given: each permission by itself, since one scope may give reading and another searching.</summary>
    private bool Covers(ResourceScope scope)
    {
        Permissions missing = scope.Permissions;
        foreach (ResourceScope own in Resources)
        {
            if ((missing & own.Permissions) != Permissions.None && scope.SpeaksWithin(own))
            {
                missing &= ~own.Permissions;
            }
        }

        return missing == Permissions.None;
    }

    /// <summary>Scopes that differ in their permissions alone, as one; and none that lies within another.</summary>
    private static IEnumerable<ResourceScope> Joined(List<ResourceScope> parts)
    {
        ResourceScope[] joined =
        [
            .. parts.GroupBy(part => (part.Context, part.Type, part.Query))
                .Select(same => same.First() with { Permissions = same.Aggregate(Permissions.None, (all, part) => all | part.Permissions) }),
        ];
        return joined.Where((part, index) => !joined.Where((other, place) => place != index && part.IsWithin(other) && !(other.IsWithin(part) && place > index)).Any());
    }
}
