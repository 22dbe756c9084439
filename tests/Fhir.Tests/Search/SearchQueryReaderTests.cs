using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

public class SearchQueryReaderTests
{
    [Theory]
    [InlineData("Patient", "name", "Zoë, Müller", "Start zoe", "Start muller")]
    [InlineData("Patient", "name:exact", "Zoë", "Exact Zoë")]
    [InlineData("Patient", "name:contains", "Mül", "Contains mul")]
    [InlineData("Patient", "name:exact", @"a\,b\$c\|d\\e\f", @"Exact a,b$c|d\e\f")]
    [InlineData("Patient", "gender", "male", "*|male")]
    [InlineData("Patient", "gender", "male,|female,http://s|x,http://s|", "*|male", "|female", "http://s|x", "http://s|*")]
    [InlineData("Patient", "identifier", @"http://s\|t|a\,b", "http://s|t|a,b")]
    [InlineData("Patient", "identifier:of-type", "http://t|MR|1", "http://t|MR|1")]
    [InlineData("Patient", "identifier:of-type", "|MR|1", "*|MR|1")]
    [InlineData("Observation", "code:text", "Blood Pressure", "text blood pressure")]
    [InlineData("Observation", "code:in", "http://vs", "In http://vs")]
    [InlineData("Observation", "code:below", "http://s|1", "Below http://s|1")]
    [InlineData("Observation", "subject", "23", "reference ? 23")]
    [InlineData("Observation", "subject", "Patient/23/_history/4", "reference Patient 23 v4")]
    [InlineData("Observation", "subject", "https://here.example/fhir/Patient/23", "reference Patient 23")]
    [InlineData("Observation", "subject", "http://other/Patient/23", "reference http://other Patient 23")]
    [InlineData("Observation", "subject:Patient", "23", "reference Patient 23")]
    [InlineData("Observation", "subject:identifier", "http://s|1", "identifier http://s|1")]
    [InlineData("PlanDefinition", "depends-on", "http://a/Library/x|2.0", "reference ? http://a/Library/x v2.0")]
    [InlineData("Patient", "birthdate", "1970,gt1980-05", "Equal 1970-01-01..1971-01-01", "Greater 1980-05-01..1980-06-01")]
    [InlineData("Patient", "birthdate", "ap2016", "Approximate 2015-09-13T12:00:00..2017-04-20T12:00:00")]
    [InlineData("Patient", "birthdate", "ap2020", "Approximate 2020-01-01..2021-01-01")]
    [InlineData("RiskAssessment", "probability", "ge0.8", "GreaterOrEqual 0.8 [0.75, 0.85)")]
    [InlineData("Observation", "value-quantity", "5.4|http://unitsofmeasure.org|mg", "Equal 5.4 [5.35, 5.45) http://unitsofmeasure.org|mg = 0.0054 [0.00535, 0.00545) g")]
    [InlineData("Observation", "value-quantity", "lt5||mg", "Less 5 [4.5, 5.5) *|mg")]
    [InlineData("Observation", "value-quantity", "5", "Equal 5 [4.5, 5.5) *|*")]
    [InlineData("ValueSet", "url", "http://a/b|1", "uri None http://a/b v1")]
    [InlineData("ValueSet", "url:below", "http://a/", "uri Below http://a/")]
    [InlineData("Observation", "code-value-quantity", "http://l|8480-6$lt60", "(http://l|8480-6 & Less 60 [59.5, 60.5) *|*)")]
    [InlineData("Location", "near", "42.25|-83.69|11.20|km", "near 42.25 -83.69 11200 m")]
    [InlineData("Location", "near", "42.25|-83.69|1|[mi_us]", "near 42.25 -83.69 1609 m")]
    [InlineData("Location", "near", "42.25|-83.69|5", "near 42.25 -83.69 5000 m")]
    [InlineData("Location", "near", "42.25|-83.69", "near 42.25 -83.69 50000 m")]
    [InlineData("Patient", "gender:missing", "true", "missing True")]
    [InlineData("Patient", "birthdate:missing", "false", "missing False")]
    public void Values_are_read_by_the_type_of_the_parameter(string type, string name, string text, params string[] expected) =>
        Assert.Equal(expected, Read(type, name, text).Value.Select(Describe));

    [Theory]
    [InlineData("Patient", "birthdate", "", "birthdate", "empty")]
    [InlineData("Patient", "birthdate", "1970,", "birthdate", "empty")]
    [InlineData("Patient", "birthdate", "1970-13", "1970-13", "expected a date")]
    [InlineData("Patient", "birthdate", "xx1970", "xx1970", "prefix")]
    [InlineData("RiskAssessment", "probability", "ge", "'ge'", "expected a number")]
    [InlineData("RiskAssessment", "probability", "0,8x", "8x", "expected a number")]
    [InlineData("Observation", "value-quantity", "5|mg", "5|mg", "number|system|code")]
    [InlineData("Observation", "value-quantity", "5|http://s|", "value-quantity", "number|system|code")]
    [InlineData("Patient", "gender", "|", "'|'", "system|code")]
    [InlineData("Patient", "gender", "a|b|c", "a|b|c", "system|code")]
    [InlineData("Patient", "identifier:of-type", "MR|1", "identifier", "system|code|value")]
    [InlineData("Patient", "name", "-", "name", "letter or digit")]
    [InlineData("Observation", "subject:Patient", "Group/1", "Group", "Patient")]
    [InlineData("Observation", "code-value-quantity", "a", "found 1", "'$'")]
    [InlineData("Observation", "code-value-quantity", "a$1$2", "found more", "'$'")]
    [InlineData("Observation", "code-value-quantity", "a$x", "part 2", "value-quantity")]
    [InlineData("Location", "near", "91|0", "near", "latitude")]
    [InlineData("Location", "near", "1|2|3|kg", "near", "length")]
    [InlineData("Patient", "gender:missing", "yes", "yes", "true or false")]
    [InlineData("Patient", "gender:exact", "x", "':exact'", "token")]
    [InlineData("Patient", "birthdate:contains", "x", "':contains'", "date")]
    public void Faults_name_the_parameter_and_what_was_expected(string type, string name, string text, params string[] words)
    {
        FhirError? error = Read(type, name, text).Error;
        Assert.Equal(ErrorKind.Invalid, error?.Kind);
        Assert.All(words, word => Assert.Contains(word, error!.Issues[0].Message, StringComparison.Ordinal));
        Assert.Contains(name.Split(':')[0], error!.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_alternatives_are_too_costly() =>
        Assert.Equal(ErrorKind.TooCostly, Read("Patient", "gender", string.Join(',', Enumerable.Repeat("a", 1001))).Error?.Kind);

    [Fact]
    public void Too_long_a_text_is_too_costly() =>
        Assert.Equal(ErrorKind.TooCostly, Read("Patient", "name", new string('a', 70_000)).Error?.Kind);

    [Theory]
    [InlineData("of-type", SearchModifier.OfType)]
    [InlineData("not-in", SearchModifier.NotIn)]
    [InlineData("Patient", SearchModifier.Type)]
    public void Modifiers_have_names(string name, SearchModifier expected)
    {
        Assert.True(SearchQueryReader.TryReadModifier(name, out SearchModifier modifier, out _));
        Assert.Equal(expected, modifier);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Exact")]
    [InlineData("HumanName")]
    [InlineData("DomainResource")]
    public void Other_modifiers_are_refused(string name) => Assert.False(SearchQueryReader.TryReadModifier(name, out _, out _));

    private static Result<IReadOnlyList<QueryValue>> Read(string type, string name, string text)
    {
        string[] parts = name.Split(':');
        IndexedParameter parameter = Sets.R4.Find(FhirSchema.R4.Type(type)!, parts[0])!;
        TypeSchema? target = null;
        SearchModifier modifier = SearchModifier.None;
        Assert.True(parts.Length == 1 || SearchQueryReader.TryReadModifier(parts[1], out modifier, out target));
        return SearchQueryReader.Read(parameter, modifier, target, text, Queries.Options);
    }

    private static string Describe(QueryValue value) => value switch
    {
        StringQuery text => $"{text.Match} {Text(text.Text)}",
        TokenQuery token => Token(token),
        TypedIdentifierQuery typed => $"{Text(typed.System)}|{Text(typed.Code)}|{Text(typed.Value)}",
        TokenTextQuery text => $"text {Text(text.Text)}",
        TerminologyQuery terminology => $"{terminology.Modifier} {terminology.Text}",
        ReferenceQuery reference =>
            $"reference {Prefixed(reference.Server, "", " ")}{reference.Type?.Name ?? "?"} {Text(reference.Id)}{Prefixed(reference.Version, " v", "")}",
        ReferenceIdentifierQuery reference => $"identifier {Token(reference.Identifier)}",
        UriQuery uri => $"uri {uri.Match} {Text(uri.Uri)}{Prefixed(uri.Version, " v", "")}",
        DateQuery date => $"{date.Prefix} {ValueText.Instant(date.Range.Start)}..{ValueText.Instant(date.Range.End)}",
        NumberQuery number => $"{number.Prefix} {Range(number.Range)}",
        QuantityQuery { Canonical: { } canonical } quantity =>
            $"{quantity.Prefix} {Range(quantity.Range)} {Text(quantity.System)}|{Text(quantity.Code)} = {Range(canonical.Range)} {Text(canonical.Unit)}",
        QuantityQuery quantity => $"{quantity.Prefix} {Range(quantity.Range)} {Text(quantity.System)}|{Text(quantity.Code)}",
        PositionQuery near => $"near {near.Latitude} {near.Longitude} {Math.Round(near.Metres)} m",
        CompositeQuery composite => $"({string.Join(" & ", composite.Parts.Select(Describe))})",
        MissingQuery missing => $"missing {missing.IsMissing}",
        _ => throw new ArgumentException("A kind of value without description.", nameof(value)),
    };

    private static string Token(TokenQuery token) => $"{Text(token.System)}|{Text(token.Code)}";

    private static string Text(ReadOnlyMemory<byte>? text) => text is { } utf8 ? Encoding.UTF8.GetString(utf8.Span) : "*";

    private static string Prefixed(ReadOnlyMemory<byte> text, string before, string after) => text.IsEmpty ? "" : before + Text(text) + after;

    private static string Range(NumberRange range) => $"{range.Value:0.#########} [{range.Low:0.#########}, {range.High:0.#########})";
}

internal static class Queries
{
    /// <summary>Early in 2020, on the server that <see cref="ValueText"/> extracts for.</summary>
    public static SearchQueryOptions Options { get; } =
        new() { Now = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), ServerBase = "https://here.example/fhir" };

    public static IReadOnlyList<QueryValue> Read(IndexedParameter parameter, SearchModifier modifier, string text) =>
        SearchQueryReader.Read(parameter, modifier, null, text, Options).Value;

    /// <summary>A parameter of a type that stands for nothing else.</summary>
    public static IndexedParameter Parameter(SearchParameterType type) =>
        new(0, new SearchParameter { Url = "http://test/p", Name = "p", Code = "p", Bases = ["Observation"], Type = type });
}
