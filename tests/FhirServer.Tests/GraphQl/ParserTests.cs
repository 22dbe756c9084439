using System.Text;
using HealthChain.Fhir;
using HealthChain.FhirServer.GraphQl;
using Xunit;

namespace HealthChain.FhirServer.Tests.GraphQl;

public sealed class ParserTests
{
    private static GraphQlDocument Parse(string text)
    {
        Result<GraphQlDocument> document = Parser.Parse(text);
        Assert.True(document.IsOk, $"{text}: {document.Error}");
        return document.Value;
    }

    /// <summary>Writes a request again, in one way for all that mean the same.</summary>
    internal static string Show(GraphQlDocument document) =>
        string.Join(" ", document.Operations.Select(Show).Concat(document.Fragments.Values.Select(fragment => $"fragment {fragment.Name} on {fragment.Type}{Show(fragment.Directives)}{Show(fragment.Selections)}")));

    private static string Show(GraphQlOperation operation) =>
        operation.Kind + (operation.Name is null ? "" : " " + operation.Name)
        + (operation.Variables.Count == 0 ? "" : $"({string.Join(", ", operation.Variables.Select(variable => $"${variable.Name}: T{(variable.IsRequired ? "!" : "")}{(variable.Default is null ? "" : " = " + Show(variable.Default))}"))})")
        + Show(operation.Directives) + Show(operation.Selections);

    private static string Show(IReadOnlyList<Selection> selections) => selections.Count == 0 ? "" : $" {{ {string.Join(" ", selections.Select(Show))} }}";

    private static string Show(Selection selection) => selection switch
    {
        Field field => (field.Alias is null ? "" : field.Alias + ": ") + field.Name + Show(field.Arguments) + Show(field.Directives) + Show(field.Selections),
        FragmentSpread spread => "..." + spread.Name + Show(spread.Directives),
        InlineFragment fragment => "..." + (fragment.Type is null ? "" : " on " + fragment.Type) + Show(fragment.Directives) + Show(fragment.Selections),
        _ => throw new ArgumentException("A selection of an unknown kind.", nameof(selection)),
    };

    private static string Show(IReadOnlyList<Directive> directives) => string.Concat(directives.Select(directive => $" @{directive.Name}{Show(directive.Arguments)}"));

    private static string Show(IReadOnlyList<Argument> arguments) => arguments.Count == 0 ? "" : $"({string.Join(", ", arguments.Select(argument => $"{argument.Name}: {Show(argument.Value)}"))})";

    private static string Show(GraphQlValue value) => value switch
    {
        TextValue { IsString: true } text => Quoted(text.Text),
        TextValue text => text.Text,
        NullValue => "null",
        VariableValue variable => "$" + variable.Name,
        ListValue list => $"[{string.Join(", ", list.Items.Select(Show))}]",
        ObjectValue members => $"{{{string.Join(", ", members.Members.Select(member => $"{member.Name}: {Show(member.Value)}"))}}}",
        _ => throw new ArgumentException("A value of an unknown kind.", nameof(value)),
    };

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\b", "\\b", StringComparison.Ordinal).Replace("\f", "\\f", StringComparison.Ordinal) + "\"";

    [Theory]
    [InlineData("{id,firstName lastName}", "query { id firstName lastName }")]
    [InlineData("{ user(id: 4) { name } }", "query { user(id: 4) { name } }")]
    [InlineData("{ user() { name } }", "query { user { name } }")]
    [InlineData("query Q($size: Int = 5, $all: [ID!]!) { pic(size: $size) }", "query Q($size: T = 5, $all: T!) { pic(size: $size) }")]
    [InlineData("{ small: pic(size: 64) big: pic(w: 1.5, h: -2e3) }", "query { small: pic(size: 64) big: pic(w: 1.5, h: -2e3) }")]
    [InlineData("{ ...f } fragment f on User { id }", "query { ...f } fragment f on User { id }")]
    [InlineData("{ ... on User { a } ... @include(if: $x) { b } ...more @skip(if: true) }", "query { ... on User { a } ... @include(if: $x) { b } ...more @skip(if: true) }")]
    [InlineData("mutation { like(id: 1) { id } }", "mutation { like(id: 1) { id } }")]
    [InlineData("{ near(at: {lon: 12.43, lat: [1, null, true, \"x\"]}) }", "query { near(at: {lon: 12.43, lat: [1, null, true, \"x\"]}) }")]
    [InlineData("{ a(s: \"q\\\"\\\\ \\u0041 \\n\") }", "query { a(s: \"q\\\"\\\\ A \\n\") }")]
    [InlineData("{ a(s: \"\"\"\n    two\n      lines\n  \"\"\") }", "query { a(s: \"two\\n  lines\") }")]
    [InlineData("# comment\n{ a # more\n }", "query { a }")]
    [InlineData("query a { x } query b { y }", "query a { x } query b { y }")]
    [InlineData("{ query fragment on true: null }", "query { query fragment on true: null }")]
    public void Reads_the_language(string text, string shown) => Assert.Equal(shown, Show(Parse(text)));

    [Theory]
    [InlineData("", "there is no query")]
    [InlineData("{", "expected a name")]
    [InlineData("{ }", "at least one field")]
    [InlineData("{ a(b) }", "expected ':'")]
    [InlineData("{ a(b: ) }", "expected a value")]
    [InlineData("{ a(b: 1, b: 2) }", "stands twice")]
    [InlineData("{ a(s: \"x) }", "does not end")]
    [InlineData("{ a(s: \"\"\"x) }", "does not end")]
    [InlineData("{ a(s: \"\\q\") }", "escape")]
    [InlineData("{ a(n: 01) }", "is no number")]
    [InlineData("{ a(n: 1.) }", "is no number")]
    [InlineData("{ a(n: 1x) }", "is no number")]
    [InlineData("{ a ~ }", "'~' cannot stand here")]
    [InlineData("fragment on on T { a }", "cannot be called 'on'")]
    [InlineData("{ a } fragment f on T { a } fragment f on T { a }", "defined twice")]
    [InlineData("{ a } junk", "expected a query")]
    public void Says_what_is_wrong_and_where(string text, string message)
    {
        FhirError? error = Parser.Parse(text).Error;

        Assert.NotNull(error);
        Assert.Contains(message, error.Issues[0].Message, StringComparison.Ordinal);
        Assert.Matches("line [0-9]+, column [0-9]+", error.Issues[0].Message);
    }

    [Fact]
    public void Places_are_counted_from_1_over_lines_and_comments() =>
        Assert.Contains("line 3, column 4", Parser.Parse("# one\n{ a\n   ~ }").Error!.Issues[0].Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{ a ", " } ")]
    [InlineData("{ a(x: [", "]) }")]
    [InlineData("query ($x: [", "]) { a }")]
    public void Depth_is_bounded(string open, string close)
    {
        string piece = open.Contains('[', StringComparison.Ordinal) ? "[" : "{ a ";
        string end = open.Contains('[', StringComparison.Ordinal) ? "]" : " } ";
        string text = open + string.Concat(Enumerable.Repeat(piece, 10_000)) + string.Concat(Enumerable.Repeat(end, 10_000)) + close;

        Assert.Equal(ErrorKind.TooCostly, Parser.Parse(text, new GraphQlLimits { MaxLength = int.MaxValue }).Error!.Kind);
    }

    [Fact]
    public void Length_is_bounded() => Assert.Equal(ErrorKind.TooCostly, Parser.Parse(new string(' ', 70_000)).Error!.Kind);

    [Fact]
    public void What_is_shown_and_read_again_is_the_same()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            string text = $"query {{ {RandomSelections(random, 3)} }}";
            string shown = Show(Parse(text));

            Assert.Equal(shown, Show(Parse(shown)));
        }
    }

    [Fact]
    public void Any_text_is_read_or_refused()
    {
        for (int seed = 0; seed < 5_000; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder($"query {{ {RandomSelections(random, 3)} }}");
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                int at = random.Next(text.Length);
                if (random.Next(2) == 0)
                {
                    text.Remove(at, 1);
                }
                else
                {
                    text.Insert(at, "{}()[]:!$@\"\\.#-e\n\0é"[random.Next(19)]);
                }
            }

            Result<GraphQlDocument> document = Parser.Parse(text.ToString());

            Assert.True(document.IsOk || document.Error.Kind is ErrorKind.Invalid or ErrorKind.TooCostly);
        }
    }

    private static string RandomSelections(Random random, int depth) => string.Join(random.Next(2) == 0 ? " " : ", ", Enumerable.Range(0, random.Next(1, 4)).Select(_ => RandomSelection(random, depth)));

    private static string RandomSelection(Random random, int depth)
    {
        string nested = depth > 0 && random.Next(2) == 0 ? $" {{ {RandomSelections(random, depth - 1)} }}" : "";
        string directive = random.Next(4) == 0 ? $" @skip(if: {RandomValue(random, 0)})" : "";
        return random.Next(5) switch
        {
            0 when nested.Length > 0 => $"... on Patient{directive}{nested}",
            1 => $"...part{directive}",
            2 => $"alias: name{directive}{nested}",
            3 => $"name(a: {RandomValue(random, 2)}, b: {RandomValue(random, 2)}){directive}{nested}",
            _ => $"name{directive}{nested}",
        };
    }

    private static string RandomValue(Random random, int depth) => random.Next(depth > 0 ? 8 : 6) switch
    {
        0 => "true",
        1 => "null",
        2 => "$variable",
        3 => "-1.5e3",
        4 => "\"a\\\"b\\u00e9\\n\"",
        5 => "\"\"\" block \"\"\"",
        6 => $"[{RandomValue(random, depth - 1)} {RandomValue(random, depth - 1)}]",
        _ => $"{{m: {RandomValue(random, depth - 1)}}}",
    };
}
