using System.Globalization;
using System.Text.RegularExpressions;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Conformance.Ucum;

/// <summary>What the npm package answered.</summary>
internal sealed record Answer(string Status, double? Value, string Message);

/// <summary>Whether both sides agree, and if not, which heading of README.md explains why.</summary>
internal sealed partial record Verdict(string Name, bool IsExplained, string Ours)
{
    private static readonly (string Name, Func<Difference, bool> Applies)[] Explanations =
    [
        ("prefix on a unit that takes none", d => d.Error.Contains("takes no prefix", StringComparison.Ordinal) || PrefixedPowerOfTen().IsMatch(d.Units)),
        ("arbitrary units", d => ArbitraryMessage().IsMatch(d.Theirs.Message) && d.Value is not null),
        ("amounts of particles", d => d.TheyRefuse && d.Value is not null && Particles().IsMatch(d.Units)),
        ("inverse units", d => Inverse().IsMatch(d.Units) && (d.TheyRefuse || d.Value is null)),
        ("functions that the package cannot find", d => Unfound().IsMatch(d.Units) && d.TheyRefuse),
        ("scales that the package gets wrong", d => WrongScale().IsMatch(d.Units) && d.Value is not null && d.Theirs.Value is not null),
        ("low power fields", d => d.Units.Contains("[LPF]", StringComparison.Ordinal) && d.Value is not null && d.Theirs.Value is not null),
        ("spellings that the package guesses", d => d.Theirs.Message.Contains("We assumed you meant", StringComparison.Ordinal) && d.Value is null),
        ("blanks around a unit", d => d.Error.Contains("U+0020", StringComparison.Ordinal)),
        ("special units over a number", d => d.Theirs.Message.Contains("Attempt to divide non-ratio unit", StringComparison.Ordinal) && d.Value is not null),
        ("exponents beyond 127", d => d.Error.Contains("beyond 127", StringComparison.Ordinal) || d.Error.Contains("beyond what is supported", StringComparison.Ordinal)),
        ("beyond decimals", d => d.Error.Contains("beyond the range", StringComparison.Ordinal) && d.Theirs.Value is { } value && Math.Abs(value) is > 7.9e28 or < 1e-13),
    ];

    public static Verdict Of(Case item, Answer answer)
    {
        var valid = UcumUnit.TryParse(item.From, out var from, out var error);
        valid &= UcumUnit.TryParse(item.To, out var to, out var toError);
        error ??= toError;
        decimal value = 0;
        var converted = valid && UcumUnit.TryConvert(item.Value, from, to, out value, out error);
        var ours = converted ? value.ToString(CultureInfo.InvariantCulture) : error!;
        if (!converted && answer.Value is null)
        {
            return new("same: refused", true, ours);
        }

        if (converted && answer.Value is { } theirs && Math.Abs((double)value - theirs) <= 1e-9 * Math.Abs(theirs))
        {
            return new("same: converted", true, ours);
        }

        var difference = new Difference(item.From + " " + item.To, converted ? (double)value : null, error ?? "", answer);
        var explanation = Array.Find(Explanations, explanation => explanation.Applies(difference));
        return explanation.Name is null ? new("different, unexplained", false, ours) : new("different: " + explanation.Name, true, ours);
    }

    [GeneratedRegex(@"(?<![A-Za-z])[A-Za-z]{1,2}10[*^]")]
    private static partial Regex PrefixedPowerOfTen();

    [GeneratedRegex(@"^Attempt to convert (to )?arbitrary unit")]
    private static partial Regex ArbitraryMessage();

    [GeneratedRegex(@"mol|eq|osm|kat|U(?![a-z'\]])|\[pH\]")]
    private static partial Regex Particles();

    [GeneratedRegex(@"\[diop\]|\[mesh_i\]|Bd")]
    private static partial Regex Inverse();

    [GeneratedRegex(@"\[p'diop\]|\[hp'_[XCMQ]\]")]
    private static partial Regex Unfound();

    [GeneratedRegex(@"\[degRe\]|%\[slope\]")]
    private static partial Regex WrongScale();

    private sealed record Difference(string Units, double? Value, string Error, Answer Theirs)
    {
        public bool TheyRefuse => Theirs.Value is null;
    }
}
