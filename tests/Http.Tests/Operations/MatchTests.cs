using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/patient-operation-match.html</summary>
public sealed class MatchTests(FhirServerFixture server) : OperationTest(server)
{
    /// <summary>A patient whose family name no other test uses, a namesake, and the patient's child of the same name and address.</summary>
    private async Task<string> StoreFamilyAsync()
    {
        string word = "Z" + string.Concat(Unique("").Where(char.IsAsciiLetterOrDigit).Select(c => (char)('a' + (c % 26))));
        foreach ((string id, string given, string birth, string gender, string mrn, string phone) in new[]
        {
            ("mother", "Margarethe", "1961-03-04", "female", "1001", "+49 30 1234567"),
            ("namesake", "Margarethe", "1985-11-30", "female", "1002", "+49 89 7654321"),
            ("son", "Karl", "1990-07-08", "male", "1003", "+49 30 1234567"),
        })
        {
            await StoreAsync($$"""
                {"resourceType":"Patient","id":"{{word}}-{{id}}","identifier":[{"system":"http://mrn/{{word}}","value":"{{mrn}}"}],"name":[{"family":"{{word}}","given":["{{given}}"]}],"gender":"{{gender}}","birthDate":"{{birth}}",
                 "telecom":[{"system":"phone","value":"{{phone}}"},{"system":"email","value":"{{id}}@{{word}}.org"}],"address":[{"line":["Weg 7"],"city":"Berlin","postalCode":"10115"}]}
                """);
        }

        return word;
    }

    private static string Patient(string members) => $$"""{"resourceType":"Patient",{{members}}}""";

    private async Task<JsonNode> MatchAsync(string patient, params string[] further) =>
        await OkAsync(PostAsync("Patient/$match", Parameters([Parameter("resource", "resource", patient), .. further])));

    private static (string Id, decimal Score, string Grade)[] Matches(JsonNode bundle, string word)
    {
        Assert.Equal(("Bundle", "searchset"), ((string?)bundle["resourceType"], (string?)bundle["type"]));
        return
        [
            .. ((JsonArray?)bundle["entry"] ?? []).Where(entry => (string?)entry!["search"]!["mode"] == "match").Select(entry => (
                ((string)entry!["resource"]!["id"]!).Replace(word + "-", "", StringComparison.Ordinal),
                (decimal)entry["search"]!["score"]!,
                (string)Assert.Single((JsonArray)entry["search"]!["extension"]!, extension => (string?)extension!["url"] == "http://hl7.org/fhir/StructureDefinition/match-grade")!["valueCode"]!)),
        ];
    }

    private static string Mother(string word) => $"\"name\":[{{\"family\":\"{word}\",\"given\":[\"Margarethe\"]}}],\"birthDate\":\"1961-03-04\",\"gender\":\"female\"";

    [Fact]
    public async Task Scores_lie_between_0_and_1_and_fall()
    {
        string word = await StoreFamilyAsync();

        (string Id, decimal Score, string Grade)[] matches = Matches(await MatchAsync(Patient(Mother(word))), word);

        Assert.Equal("mother", matches[0].Id);
        Assert.All(matches, match => Assert.InRange(match.Score, 0m, 1m));
        Assert.Equal(matches.OrderByDescending(match => match.Score), matches);
        Assert.All(matches, match => Assert.Contains(match.Grade, new[] { "certain", "probable", "possible", "certainly-not" }));
    }

    [Theory]
    [InlineData("{mother},\"telecom\":[{\"system\":\"phone\",\"value\":\"030 1234567\"}]", "certain")]
    [InlineData("{mother},\"identifier\":[{\"system\":\"http://mrn/{word}\",\"value\":\"1001\"}]", "certain")]
    [InlineData("{mother}", "probable")]
    [InlineData("\"identifier\":[{\"system\":\"http://mrn/{word}\",\"value\":\"1001\"}]", "probable")]
    [InlineData("\"name\":[{\"family\":\"{word}\",\"given\":[\"Margarethe\"]}],\"birthDate\":\"1961\"", "possible")]
    [InlineData("\"name\":[{\"family\":\"{word}\",\"given\":[\"M\"]}],\"birthDate\":\"1961-04-03\"", "possible")]
    public async Task The_more_agrees_the_better_the_grade(string members, string grade)
    {
        string word = await StoreFamilyAsync();

        (string Id, decimal Score, string Grade)[] matches = Matches(
            await MatchAsync(Patient(members.Replace("{mother}", Mother(word), StringComparison.Ordinal).Replace("{word}", word, StringComparison.Ordinal))), word);

        Assert.Equal(grade, Assert.Single(matches, match => match.Id == "mother").Grade);
    }

    [Theory]
    [InlineData("\"name\":[{\"family\":\"{word}e\",\"given\":[\"Margarethe\"]}],\"birthDate\":\"1961-03-04\"", "a letter too many")]
    [InlineData("\"name\":[{\"family\":\"{word}\",\"given\":[\"Margarete\"]}],\"birthDate\":\"1961-03-04\"", "a letter missing")]
    [InlineData("\"name\":[{\"family\":\"Anders\",\"given\":[\"Margarethe\"]}],\"birthDate\":\"1961-03-04\",\"telecom\":[{\"system\":\"email\",\"value\":\"mother@{word}.org\"}]", "a name after a marriage")]
    [InlineData("\"name\":[{\"family\":\"{word}\",\"given\":[\"Margarethe\"]}],\"address\":[{\"postalCode\":\"10115\",\"line\":[\"Weg 7\"]}],\"gender\":\"female\"", "no birth date")]
    public async Task Mistakes_do_not_hide_the_patient(string members, string why)
    {
        string word = await StoreFamilyAsync();

        // Other tests have mothers of the same given name and birth date; theirs do not count here.
        Assert.True(Array.Exists(Matches(await MatchAsync(Patient(members.Replace("{word}", word, StringComparison.Ordinal))), word), match => match.Id == "mother"), why);
    }

    [Fact]
    public async Task What_contradicts_lowers_the_score()
    {
        string word = await StoreFamilyAsync();
        string identified = $"\"identifier\":[{{\"system\":\"http://mrn/{word}\",\"value\":\"1001\"}}]";

        decimal alone = Matches(await MatchAsync(Patient(identified)), word)[0].Score;
        (string Id, decimal Score, string Grade)[] contradicted = Matches(await MatchAsync(Patient($"{identified},\"birthDate\":\"2001-01-01\",\"gender\":\"male\"")), word);

        Assert.True(contradicted.Length == 0 || contradicted[0].Score < alone);
    }

    [Fact]
    public async Task No_match_is_an_empty_searchset()
    {
        JsonNode bundle = await MatchAsync(Patient("\"name\":[{\"family\":\"Nobodyatall\",\"given\":[\"Xaver\"]}],\"birthDate\":\"1801-01-01\""));

        Assert.Empty(Matches(bundle, ""));
        Assert.Equal(0, (int)bundle["total"]!);
    }

    [Fact]
    public async Task A_patient_may_be_sent_alone()
    {
        string word = await StoreFamilyAsync();

        Assert.Equal("mother", Matches(await OkAsync(PostAsync("Patient/$match", Patient(Mother(word)))), word)[0].Id);
    }

    [Fact]
    public async Task The_count_bounds_the_matches()
    {
        string word = await StoreFamilyAsync();
        string described = Patient($"\"name\":[{{\"family\":\"{word}\"}}],\"address\":[{{\"postalCode\":\"10115\",\"city\":\"Berlin\",\"line\":[\"Weg 7\"]}}]");

        Assert.Equal(3, Matches(await MatchAsync(described), word).Length);
        Assert.Single(Matches(await MatchAsync(described, Parameter("count", "valueInteger", "1")), word));
    }

    [Fact]
    public async Task Only_a_single_certain_match_is_given_when_asked_for_certainty()
    {
        string word = await StoreFamilyAsync();
        string certain = Patient($"{Mother(word)},\"identifier\":[{{\"system\":\"http://mrn/{word}\",\"value\":\"1001\"}}]");
        string uncertain = Patient($"\"name\":[{{\"family\":\"{word}\"}}],\"address\":[{{\"postalCode\":\"10115\",\"line\":[\"Weg 7\"]}}]");

        Assert.Equal(["mother"], Matches(await MatchAsync(certain, Parameter("onlyCertainMatches", "valueBoolean", "true")), word).Select(match => match.Id));
        JsonNode none = await MatchAsync(uncertain, Parameter("onlyCertainMatches", "valueBoolean", "true"));
        Assert.Empty(Matches(none, word));
        Assert.Single(Keys(none, "outcome"));
    }

    [Fact]
    public async Task Deleted_patients_do_not_match()
    {
        string word = await StoreFamilyAsync();
        await RemoveAsync("Patient", word + "-mother");

        Assert.DoesNotContain(Matches(await MatchAsync(Patient(Mother(word))), word), match => match.Id == "mother");
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","gender":"male"}""", "required")]
    [InlineData("""{"resourceType":"Patient","birthDate":"1990-01-01"}""", "required")]
    [InlineData("""{"resourceType":"Practitioner","name":[{"family":"x"}]}""", "invalid")]
    [InlineData("""{"resourceType":"Parameters"}""", "invalid")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","name":[{"family":"x"}]}},{"name":"count","valueInteger":0}]}""", "value")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","name":[{"family":"x"}]}},{"name":"hint","valueString":"y"}]}""", "not-supported")]
    public async Task Too_little_or_something_else_is_refused(string body, string code) => await RefusedAsync(PostAsync("Patient/$match", body), HttpStatusCode.BadRequest, code);

    [Theory]
    [InlineData("Patient/x/$match")]
    [InlineData("Practitioner/$match")]
    public async Task It_is_offered_on_patients_only(string path) => await RefusedAsync(PostAsync(path, Patient("\"active\":true")), HttpStatusCode.NotFound);
}
