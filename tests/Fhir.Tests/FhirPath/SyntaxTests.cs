using HealthChain.Fhir.FhirPath;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class SyntaxTests
{
    [Theory]
    [InlineData("", 1, 1, "an expression")]
    [InlineData("a +", 1, 4, "an expression")]
    [InlineData("a..b", 1, 3, "a name")]
    [InlineData("(a", 1, 3, "')'")]
    [InlineData("a b", 1, 3, "an operator or the end")]
    [InlineData("a[1", 1, 4, "']'")]
    [InlineData("a.where(", 1, 9, "an expression")]
    [InlineData("{1}", 1, 2, "'}'")]
    [InlineData("a\n  # b", 2, 3, "a name, a literal or an operator")]
    [InlineData("'abc", 1, 1, "a closing '")]
    [InlineData("'\\x'", 1, 2, "one of the escapes")]
    [InlineData("1 /* a", 1, 3, "'*/'")]
    [InlineData("@2014-13", 1, 1, "a date")]
    [InlineData("@T25:00", 1, 1, "a date")]
    [InlineData("@T10:00Z", 1, 8, "an operator or the end")]
    [InlineData("99999999999", 1, 1, "an integer")]
    [InlineData("a.first(1)", 1, 3, "0 arguments")]
    [InlineData("a.where()", 1, 3, "1 arguments")]
    [InlineData("a.nonsense()", 1, 3, "the name of a function")]
    [InlineData("a is Nonsense", 1, 3, "the name of a type")]
    [InlineData("a.ofType(1)", 1, 10, "the name of a type")]
    [InlineData("a.where(b desc)", 1, 9, "an expression without direction")]
    [InlineData("a and", 1, 6, "an expression")]
    [InlineData("and", 1, 1, "an expression")]
    [InlineData("%", 1, 1, "a name after '%'")]
    [InlineData("a.``", 1, 3, "a name between the quotes")]
    [InlineData("%``", 1, 2, "a name between the quotes")]
    [InlineData("$that", 1, 1, "an expression")]
    public void Errors_say_where_and_what_was_expected(string expression, int line, int column, string expected)
    {
        Result<FhirPathExpression> result = FhirPathExpression.Compile(expression);

        Assert.False(result.IsOk);
        Issue issue = Assert.Single(result.Error.Issues);
        Assert.Equal((line, column), issue.Position);
        Assert.Contains("expected " + expected, issue.Message, StringComparison.Ordinal);
        Assert.Contains(", found ", issue.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.b.c", "a.b.c")]
    [InlineData("( a )", "a")]
    [InlineData("1+2*3", "1 + 2 * 3")]
    [InlineData("(1+2)*3", "(1 + 2) * 3")]
    [InlineData("1-(2-3)", "1 - (2 - 3)")]
    [InlineData("a is B.c", "a is B.c")]
    [InlineData("(a | b) is C", "(a | b) is C")]
    [InlineData("a | b is C", "a | b is C")]
    [InlineData("-a.b", "-a.b")]
    [InlineData("(-a).b()", "(-a).b()")]
    [InlineData("`div`.`a b`", "`div`.`a b`")]
    [InlineData("%`vs-x`", "%`vs-x`")]
    [InlineData("4 'mg' + 2 days", "4 'mg' + 2 days")]
    [InlineData("a.sort(b desc, c)", "a.sort(b desc, c)")]
    [InlineData("{}", "{}")]
    [InlineData("@2014-01-01T10:00+02:00", "@2014-01-01T10:00+02:00")]
    [InlineData("'a\\'b'", "'a\\'b'")]
    [InlineData("a.contains(b) // c", "a.contains(b)")]
    [InlineData("contains.as.is.in", "contains.as.is.in")]
    [InlineData("1 implies 2 or 3 and 4 in 5 = 6 < 7 | 8 is X", "1 implies 2 or 3 and 4 in 5 = 6 < 7 | 8 is X")]
    public void Printing_gives_the_canonical_form(string expression, string printed) =>
        Assert.Equal(printed, Printer.Print(Parser.Parse(expression, FhirPathLimits.Default)).Replace("`contains`", "contains").Replace("`as`", "as").Replace("`is`", "is").Replace("`in`", "in"));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("-", "")]
    [InlineData("a.where(", ")")]
    [InlineData("a[", "]")]
    [InlineData("1+", "")]
    [InlineData("a.", "")]
    public void Nesting_without_end_is_refused(string open, string close)
    {
        string expression = string.Concat(Enumerable.Repeat(open, 5000)) + "a" + string.Concat(Enumerable.Repeat(close, 5000));

        Assert.Equal(ErrorKind.TooCostly, FhirPathExpression.Compile(expression).Error?.Kind);
    }

    [Fact]
    public void An_expression_can_be_too_long() =>
        Assert.Equal(ErrorKind.TooCostly, FhirPathExpression.Compile(new string(' ', 100_000)).Error?.Kind);

    [Theory]
    [InlineData("(1 | 2).repeatAll($this)")]
    [InlineData("1.repeat($this + 1)")]
    [InlineData("(1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9)))))")]
    [InlineData("(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25).aggregate($total & $total & 'xx', 'x')")]
    public void Work_without_end_is_refused(string expression)
    {
        var context = new EvaluationContext { Limits = new FhirPathLimits { MaxSteps = 20_000, MaxItems = 10_000, MaxStringLength = 100_000 } };

        Result<IReadOnlyList<FhirPathValue>> result = FhirPathExpression.Compile(expression).Value.TryEvaluate(default, context);

        Assert.Equal(ErrorKind.TooCostly, result.Error?.Kind);
    }

    [Fact]
    public void A_replacement_that_grows_without_end_is_refused()
    {
        const string Text = "(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16).aggregate($total & $total, 'a')";
        var context = new EvaluationContext { Limits = new FhirPathLimits { MaxStringLength = 100_000 } };

        foreach (string substitution in (string[])[Text, "'$0$0'"])
        {
            FhirPathExpression expression = FhirPathExpression.Compile($"{Text}.replaceMatches('a|^.*$', {substitution})").Value;
            Assert.Equal(ErrorKind.TooCostly, expression.TryEvaluate(default, context).Error?.Kind);
        }
    }

    [Fact]
    public void The_check_of_nested_repetitions_ends()
    {
        string nested = string.Concat(Enumerable.Repeat("repeat($this | ", 60)) + "1" + new string(')', 60);

        Assert.NotNull(FhirPathChecker.Check(FhirPathExpression.Compile(nested).Value, []).Issues);
    }

    [Fact]
    public void A_regular_expression_that_takes_too_long_is_stopped()
    {
        var context = new EvaluationContext { Limits = new FhirPathLimits { RegexTimeout = TimeSpan.FromMilliseconds(20) } };
        FhirPathExpression expression = FhirPathExpression.Compile("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+(?=b)$')").Value;

        Assert.Equal(ErrorKind.TooCostly, expression.TryEvaluate(default, context).Error?.Kind);
    }
}
