namespace HealthChain.Smart.Scopes;

/// <summary>The scopes of a request or a token, in no order. Immutable.</summary>
public sealed class ScopeSet
{
    private ScopeSet(IReadOnlyList<ResourceScope> resources, IReadOnlyList<string> others, string text)
    {
        Resources = resources;
        Others = others;
        Text = text;
    }

    public static ScopeSet None { get; } = new([], [], "");

    /// <summary>Those that speak of resources.</summary>
    public IReadOnlyList<ResourceScope> Resources { get; }

    /// <summary>All others: <c>openid</c>, <c>launch/patient</c>, <c>offline_access</c>, ...</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>As they were written, each once: clients compare what they get with what they asked for, letter by letter.</summary>
    public string Text { get; }

    public bool IsEmpty => Text.Length == 0;

    /// <summary>Reads scopes separated by spaces. What is no scope of SMART stands among the others, for whoever knows which are allowed.</summary>
    public static ScopeSet Parse(string text)
    {
        string[] words = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        var resources = new List<ResourceScope>();
        var others = new List<string>();
        foreach (string word in words)
        {
            if (ResourceScope.TryParse(word) is { } scope)
            {
                resources.Add(scope);
            }
            else
            {
                others.Add(word);
            }
        }

        return new ScopeSet(resources, others, string.Join(' ', words));
    }

    /// <summary>Whether it has that scope besides those of resources.</summary>
    public bool Has(string other) => Others.Contains(other, StringComparer.Ordinal);

    public override string ToString() => Text;
}
