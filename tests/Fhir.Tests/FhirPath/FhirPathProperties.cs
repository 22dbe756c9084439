using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir.FhirPath;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

/// <summary>What holds for any expression and any value.</summary>
public class FhirPathProperties
{
    private static readonly Config Runs = RandomCases.Of(400);

    private static readonly Gen<string> Leaf = Gen.Elements(
        "1", "0", "2.50", "'a'", "'b c'", "true", "false", "{}", "$this", "$index", "name", "given", "Patient", "birthDate", "active", "gender",
        "@2012", "@2012-04-15", "@2012-04-15T10:00:00Z", "@T10:30", "4 'mg'", "2 days", "1 year", "%resource", "%ucum", "telecom", "extension", "contained");

    private static readonly string[] Binary =
    [
        "and", "or", "xor", "implies", "in", "contains", "=", "~", "!=", "!~", "<", "<=", ">", ">=", "|", "+", "-", "&", "*", "/", "div", "mod",
    ];

    private static readonly string[] Calls =
    [
        "exists({0})", "where({0})", "select({0})", "all({0})", "first()", "last()", "tail()", "count()", "empty()", "not()", "distinct()",
        "skip({0})", "take({0})", "union({0})", "combine({0})", "exclude({0})", "intersect({0})", "subsetOf({0})", "toString()", "toInteger()",
        "toDecimal()", "toQuantity()", "toDate()", "toDateTime()", "length()", "substring({0})", "indexOf({0})", "startsWith({0})", "upper()", "split({0})",
        "join({0})", "replace({0}, {0})", "matches({0})", "abs()", "round({0})", "sqrt()", "power({0})", "lowBoundary()", "highBoundary({0})", "precision()",
        "children()", "descendants()", "hasValue()", "type()", "is(string)", "ofType(Quantity)", "repeat({0})", "sort({0})", "aggregate({0}, 0)",
        "iif({0}, {0}, {0})", "given", "use", "value", "extension({0})", "resolve()", "yearOf()", "comparable({0})", "encode('hex')", "sum()", "min()", "defineVariable('v', {0})",
    ];

    private static readonly Arbitrary<string> Expressions = Gen.Sized(size => Expression(Math.Min(size, 24))).ToArbitrary();

    private static readonly EvaluationContext Small = new()
    {
        Limits = new FhirPathLimits { MaxSteps = 200_000, MaxItems = 20_000, MaxStringLength = 100_000 },
    };

    [Fact]
    public void Parsing_what_was_printed_gives_the_same() => Prop.ForAll(Expressions, text =>
    {
        string printed = Printer.Print(Parser.Parse(text, FhirPathLimits.Default));
        Assert.Equal(printed, Printer.Print(Parser.Parse(printed, FhirPathLimits.Default)));
        Assert.Equal(Cases.Evaluate(text, Cases.Patient, Small), Cases.Evaluate(printed, Cases.Patient, Small));
    }).Check(Runs);

    [Fact]
    public void Any_expression_gives_a_result_or_an_error_and_the_check_never_fails() => Prop.ForAll(Expressions, text =>
    {
        Result<FhirPathExpression> compiled = FhirPathExpression.Compile(text);
        if (compiled.IsOk)
        {
            Result<IReadOnlyList<FhirPathValue>> result = compiled.Value.TryEvaluate(Cases.Patient, Small);
            Assert.NotNull(FhirPathChecker.Check(compiled.Value, Cases.Patient.Type));
            Assert.All(result.IsOk ? result.Value : [], item => Assert.NotNull(item.ToString()));
        }
    }).Check(Runs);

    [Fact]
    public void Text_that_is_no_expression_gives_an_error() => Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
    {
        Result<FhirPathExpression> compiled = FhirPathExpression.Compile(text ?? "");
        Assert.True(compiled.IsOk || compiled.Error.Issues.Count == 1);
    }).Check(Runs);

    [Fact]
    public void Sums_and_products_of_numbers_commute() => Prop.ForAll(Number, Number, (x, y) =>
    {
        Assert.Equal("{true}", Cases.Evaluate($"({x}) + ({y}) = ({y}) + ({x})"));
        Assert.Equal("{true}", Cases.Evaluate($"({x}) * ({y}) = ({y}) * ({x})"));
        Assert.Equal("{true}", Cases.Evaluate($"({x}) + ({y}) - ({y}) = ({x})"));
    }).Check(Runs);

    [Fact]
    public void Quotient_and_remainder_make_the_dividend() => Prop.ForAll(Number, Number, (x, y) =>
        Assert.Equal(y == 0 ? "{}" : "{true}", Cases.Evaluate($"(({x}) div ({y})) * ({y}) + (({x}) mod ({y})) = ({x})"))).Check(Runs);

    [Fact]
    public void Of_two_moments_one_is_less_or_they_are_equal_or_nothing_is_known() => Prop.ForAll(Moment, Moment, (x, y) =>
    {
        string[] answers = [Cases.Evaluate($"{x} < {y}"), Cases.Evaluate($"{x} = {y}"), Cases.Evaluate($"{x} > {y}")];
        Assert.True(
            answers.Count(answer => answer == "{true}") == 1 && answers.Count(answer => answer == "{false}") == 2 || answers.All(answer => answer == "{}"),
            string.Join(" ", answers));
        Assert.Equal(answers[0], Cases.Evaluate($"{y} > {x}"));
    }).Check(Runs);

    [Fact]
    public void A_moment_lies_within_its_boundaries() => Prop.ForAll(Moment, x =>
    {
        Assert.NotEqual("{false}", Cases.Evaluate($"{x}.lowBoundary() <= {x}"));
        Assert.NotEqual("{false}", Cases.Evaluate($"{x}.highBoundary() >= {x}"));
    }).Check(Runs);

    private static Arbitrary<decimal> Number { get; } =
        (from digits in Gen.Choose(-40_000, 40_000) from scale in Gen.Choose(0, 3) select new decimal(Math.Abs(digits), 0, 0, digits < 0, (byte)scale)).ToArbitrary();

    private static Arbitrary<string> Moment { get; } =
        (from days in Gen.Choose(0, 800)
         from seconds in Gen.Choose(0, 86_399)
         from format in Gen.Elements("yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.fff", "yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-ddTHH:mm:ss+05:30")
         let moment = new DateTime(2011, 1, 1).AddDays(days).AddSeconds(seconds)
         select "@" + moment.ToString(format.Replace("Z", "'Z'").Replace("+05:30", "'+05:30'"), CultureInfo.InvariantCulture)).ToArbitrary();

    private static Gen<string> Expression(int size)
    {
        if (size <= 1)
        {
            return Leaf;
        }

        Gen<string> part = Expression(size / 2);
        return Gen.OneOf(
            Leaf,
            from left in part from op in Gen.Elements(Binary) from right in part select $"({left}) {op} ({right})",
            from left in part from op in Gen.Elements(Binary) from right in part select $"{left} {op} {right}",
            from input in part from call in Gen.Elements(Calls) from argument in part select $"({input}).{call.Replace("{0}", argument)}",
            from input in part from call in Gen.Elements(Calls) from argument in Leaf select $"({input}).{call.Replace("{0}", argument)}",
            from input in part from index in Leaf select $"({input})[{index}]",
            from input in part from type in Gen.Elements("string", "Patient", "System.Integer", "Quantity") select $"({input}) is {type}",
            from input in part select $"-({input})");
    }
}
