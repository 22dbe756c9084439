namespace HealthChain.Smart.Scopes;

/// <summary>
/// The search parameters of a granular scope, all of which a resource must meet. Compares them by what is written, and so knows what follows
/// from what without knowing what the parameters mean.
/// </summary>
public sealed class ScopeQuery : IEquatable<ScopeQuery>
{
    private readonly Criterion[] _criteria;

    private ScopeQuery(string text, Criterion[] criteria)
    {
        Text = text;
        _criteria = criteria;
    }

    public static ScopeQuery None { get; } = new("", []);

    /// <summary>Without the question mark, as it was written.</summary>
    public string Text { get; }

    public bool IsEmpty => Text.Length == 0;

    /// <summary>The parameters one by one, as they were written.</summary>
    public IEnumerable<string> Parameters => _criteria.Select(criterion => criterion.Text);

    public static ScopeQuery Parse(string text) =>
        text.Length == 0 ? None : new ScopeQuery(text, [.. text.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(Criterion.Parse)]);

    /// <summary>Whether what meets this also meets the other. Never says so wrongly.</summary>
    public bool Implies(ScopeQuery wider)
    {
        foreach (Criterion needed in wider._criteria)
        {
            if (!Implies(needed))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What both ask, without what follows from the rest.</summary>
    public ScopeQuery And(ScopeQuery other)
    {
        var all = new List<Criterion>();
        foreach (Criterion criterion in _criteria.Concat(other._criteria))
        {
            if (!all.Exists(known => known.Implies(criterion)))
            {
                all.RemoveAll(criterion.Implies);
                all.Add(criterion);
            }
        }

        return new ScopeQuery(string.Join('&', all.Select(criterion => criterion.Text)), [.. all]);
    }

    public bool Equals(ScopeQuery? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as ScopeQuery);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private bool Implies(Criterion needed)
    {
        foreach (Criterion own in _criteria)
        {
            if (own.Implies(needed))
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="Text">As it was written.</param>
    /// <param name="Name">The parameter with its modifier.</param>
    /// <param name="Alternatives">Values of which one must be met.</param>
    private sealed record Criterion(string Text, string Name, HashSet<string> Alternatives)
    {
        public static Criterion Parse(string pair)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string value = equals < 0 ? "" : Decode(pair[(equals + 1)..]);

            // A comma behind a backslash is part of a value (https://hl7.org/fhir/R4/search.html#escaping). Then the whole counts as one value.
            string[] alternatives = value.Contains('\\', StringComparison.Ordinal) ? [value] : value.Split(',');
            return new Criterion(pair, Decode(equals < 0 ? pair : pair[..equals]), new HashSet<string>(alternatives, StringComparer.Ordinal));
        }

        /// <summary>Fewer alternatives ask more, but not where they are excluded.</summary>
        public bool Implies(Criterion wider) =>
            Name == wider.Name && (Excludes ? Alternatives.SetEquals(wider.Alternatives) : Alternatives.IsSubsetOf(wider.Alternatives));

        private bool Excludes => Name.EndsWith(":not", StringComparison.Ordinal) || Name.EndsWith(":not-in", StringComparison.Ordinal);

        private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
    }
}
