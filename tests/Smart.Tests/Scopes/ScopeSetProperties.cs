using FsCheck;
using FsCheck.Fluent;
using HealthChain.Smart.Scopes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Smart.Tests.Scopes;

/// <summary>
/// Scopes against what they mean: a request that speaks of a resource with certain values is allowed when a scope gives it. The meaning is
/// computed here by looking at words, not by the code that compares scopes.
/// </summary>
public sealed class ScopeSetProperties
{
    private static readonly Config Config = RandomCases.Of(400);

    private static readonly string[] Contexts = ["patient", "user"];
    private static readonly string[] Types = ["Observation", "Condition"];
    private static readonly string[] Values = ["x", "y", "z"];

    private static readonly Gen<string> Query = Gen.OneOf(
        Gen.Constant(""),
        from count in Gen.Choose(1, 3)
        from names in Gen.Elements("category", "status", "category:not").ListOf(count)
        from values in Gen.Elements("x", "y", "z", "x,y", "y,z").ListOf(count)
        select "?" + string.Join('&', names.Zip(values, (name, value) => $"{name}={value}")));

    private static readonly Gen<string> Word = Gen.Frequency(
        (6, from context in Gen.Elements(Contexts)
            from type in Gen.Elements("*", "Observation", "Condition")
            from letters in Gen.Elements("c", "r", "rs", "cud", "cruds", "s", "read", "write", "*")
            from query in Query
            select $"{context}/{type}.{letters}{query}"),
        (1, Gen.Elements("openid", "launch/patient", "offline_access")));

    private static readonly Gen<ScopeSet> Set = from count in Gen.Choose(0, 5) from words in Word.ListOf(count) select ScopeSet.Of(words);

    private static readonly Arbitrary<(ScopeSet First, ScopeSet Second)> Pairs =
        (from first in Set from second in Set select (first, second)).ToArbitrary();

    [Fact]
    public void An_intersection_gives_exactly_what_both_give() => Check.One(Config, Prop.ForAll(Pairs, sets =>
    {
        ScopeSet both = sets.First.Within(sets.Second);

        foreach (Asked asked in AllAsked())
        {
            Assert.Equal(IsGiven(sets.First, asked) && IsGiven(sets.Second, asked), IsGiven(both, asked));
        }

        Assert.Equal(sets.First.Others.Intersect(sets.Second.Others).Order(), both.Others.Order());
    }));

    [Fact]
    public void The_order_of_an_intersection_is_of_no_meaning() => Check.One(Config, Prop.ForAll(Pairs, sets =>
    {
        ScopeSet one = sets.First.Within(sets.Second);
        ScopeSet other = sets.Second.Within(sets.First);

        Assert.All(AllAsked(), asked => Assert.Equal(IsGiven(one, asked), IsGiven(other, asked)));
        Assert.True(one.IsWithin(sets.First) && one.IsWithin(sets.Second), $"{one} within {sets}");
    }));

    [Fact]
    public void An_intersection_once_more_changes_nothing() => Check.One(Config, Prop.ForAll(Pairs, sets =>
    {
        ScopeSet both = sets.First.Within(sets.Second);

        Assert.Equal(both.Text, both.Within(sets.Second).Text);
        Assert.Equal(both.Text, both.Within(sets.First).Text);
        Assert.Equal(sets.First.Text, sets.First.Within(sets.First).Text);
    }));

    [Fact]
    public void What_lies_within_a_set_gives_no_more_than_it() => Check.One(Config, Prop.ForAll(Pairs, sets =>
    {
        if (sets.First.IsWithin(sets.Second))
        {
            Assert.All(AllAsked(), asked => Assert.True(!IsGiven(sets.First, asked) || IsGiven(sets.Second, asked), asked.ToString()));
            Assert.Equal(sets.First.Text, sets.First.Within(sets.Second).Text);
        }
    }));

    private sealed record Asked(string Context, string Type, char Letter, string[] Categories, string Status);

    private static IEnumerable<Asked> AllAsked() =>
        from context in Contexts
        from type in Types
        from letter in "cruds"
        from categories in new string[][] { [], ["x"], ["y"], ["x", "z"] }
        from status in Values
        select new Asked(context, type, letter, categories, status);

    private static bool IsGiven(ScopeSet scopes, Asked asked) => scopes.Text.Split(' ').Any(word => IsGiven(word, asked));

    private static bool IsGiven(string word, Asked asked)
    {
        string[] halves = word.Split('?');
        string[] head = halves[0].Split('/', '.');
        if (head.Length != 3)
        {
            return false;
        }

        string letters = head[2] switch { "read" => "rs", "write" => "cud", "*" => "cruds", _ => head[2] };
        return head[0] == asked.Context
            && (head[1] == "*" || head[1] == asked.Type)
            && letters.Contains(asked.Letter)
            && (halves.Length == 1 || halves[1].Split('&').All(pair => IsMet(pair, asked)));
    }

    private static bool IsMet(string pair, Asked asked)
    {
        string[] values = pair[(pair.IndexOf('=') + 1)..].Split(',');
        return pair.StartsWith("status", StringComparison.Ordinal) ? values.Contains(asked.Status)
            : pair.StartsWith("category:not", StringComparison.Ordinal) ? !values.Intersect(asked.Categories).Any()
            : values.Intersect(asked.Categories).Any();
    }
}
