using System.Diagnostics;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>What callers may rely on: severities, bounds, order, what is asked for and what is not known.</summary>
public class ValidatorTests
{
    private static readonly Fhir.Validation.Validator Validator = TestProfiles.NewValidator();

    [Theory]
    [InlineData("maritalStatus", """{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M","display":"Married"}]}""", null)]
    [InlineData("maritalStatus", """{"coding":[{"system":"http://example.org/own","code":"M"}]}""", IssueSeverity.Warning)]
    [InlineData("maritalStatus", """{"text":"married"}""", IssueSeverity.Warning)]
    [InlineData("language", "\"en-US\"", null)]
    [InlineData("language", "\"klingonese\"", IssueSeverity.Error)]
    [InlineData("gender", "\"x\"", IssueSeverity.Error)]
    public void A_binding_refuses_or_warns_by_its_strength(string element, string value, IssueSeverity? expected)
    {
        Element patient = Read($$"""{"resourceType":"Patient","{{element}}":{{value}}}""");

        Issue? issue = Validator.Validate(patient).Where(issue => issue.Type == IssueType.CodeInvalid).MinBy(issue => issue.Severity);

        Assert.Equal(expected, issue?.Severity);
    }

    [Fact]
    public void A_code_that_cannot_be_looked_up_gets_a_warning_that_says_so()
    {
        DefinitionSet definitions = With("""{"resourceType":"ValueSet","url":"http://example.org/vs","status":"active","compose":{"include":[{"system":"http://snomed.info/sct","filter":[{"property":"concept","op":"is-a","value":"404684003"}]}]}}""",
            Profile("Condition", """{"id":"Condition.code","path":"Condition.code","binding":{"strength":"required","valueSet":"http://example.org/vs"}}"""));
        Element condition = Read("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]}}""");

        IReadOnlyList<Issue> issues = NewValidator(definitions).Validate(condition, Against("http://example.org/p"));

        Assert.Contains(issues, issue => issue is { Severity: IssueSeverity.Warning, Type: IssueType.NotSupported, Expression: "Condition.code" });
        Assert.DoesNotContain(issues, issue => issue.IsError);
    }

    [Fact]
    public void A_max_value_set_is_binding_even_where_the_strength_is_not()
    {
        DefinitionSet definitions = With(
            """{"resourceType":"ValueSet","url":"http://example.org/max","status":"active","compose":{"include":[{"system":"http://example.org/s","concept":[{"code":"a"}]}]}}""",
            Profile("Condition", """{"id":"Condition.code","path":"Condition.code","binding":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet","valueCanonical":"http://example.org/max"}],"strength":"preferred","valueSet":"http://example.org/max"}}"""));
        Element condition = Read("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://example.org/s","code":"b"}]}}""");

        Issue[] issues = [.. NewValidator(definitions).Validate(condition, Against("http://example.org/p")).Where(issue => issue.Type == IssueType.CodeInvalid)];

        Assert.Equal([IssueSeverity.Information, IssueSeverity.Error], issues.Select(issue => issue.Severity));
    }

    [Fact]
    public void A_max_value_set_does_not_ask_for_a_code_where_the_binding_only_prefers()
    {
        // The languages of a patient are preferred ones, with all languages as their bound.
        Assert.DoesNotContain(Validator.Validate(Read("""{"resourceType":"Patient","communication":[{"language":{"text":"Dutch"}}]}""")), issue => issue.IsError);
        Assert.Contains(
            Validator.Validate(Read("""{"resourceType":"Patient","communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"no language"}]}}]}""")),
            issue => issue is { IsError: true, Type: IssueType.CodeInvalid });
    }

    [Fact]
    public void An_unknown_profile_is_an_error_when_asked_for_and_a_warning_when_claimed()
    {
        Element claiming = Read("""{"resourceType":"Patient","meta":{"profile":["http://example.org/unknown"]},"active":true}""");

        Assert.Equal(IssueSeverity.Warning, Assert.Single(Validator.Validate(claiming)).Severity);
        Assert.Contains(Validator.Validate(claiming, Against("http://example.org/other")), issue => issue is { IsError: true, Type: IssueType.NotFound, Key: "http://example.org/other" });
    }

    [Fact]
    public void A_profile_for_another_type_is_refused()
    {
        Issue issue = Assert.Single(Validator.Validate(Read("""{"resourceType":"Patient","active":true}"""), Against(TestProfiles.Observation)));

        Assert.True(issue.IsError);
        Assert.Contains("is for Observation", issue.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_extensions_are_what_the_options_say()
    {
        Element patient = Read("""{"resourceType":"Patient","extension":[{"url":"http://example.org/unknown","valueString":"x"}]}""");

        Assert.Equal(IssueSeverity.Warning, Assert.Single(Validator.Validate(patient)).Severity);
        Assert.Equal(IssueSeverity.Error, Assert.Single(Strict(new ValidatorOptions { UnknownExtension = IssueSeverity.Error }).Validate(patient)).Severity);
        Assert.Empty(Strict(new ValidatorOptions { AllowedExtensionDomains = ["http://example.org/"] }).Validate(patient));
        Assert.Contains(Strict(new ValidatorOptions { RefuseExampleUrls = true }).Validate(patient), issue => issue is { IsError: true, Expression: "Patient.extension[0].url" });
    }

    [Fact]
    public void Recommendations_are_reported_when_asked_for()
    {
        Element patient = Read("""{"resourceType":"Patient","active":true}""");

        Issue issue = Assert.Single(Strict(new ValidatorOptions { BestPractice = true }).Validate(patient));

        Assert.Equal("dom-6", issue.Key);
        Assert.Equal(IssueSeverity.Warning, issue.Severity);
    }

    [Fact]
    public void The_number_of_issues_is_bounded_and_remarks_leave_room_for_errors()
    {
        const int limit = 20;
        string many = string.Join(",", Enumerable.Repeat("""{"url":"http://example.org/unknown","valueString":"x"}""", 100));
        string wrong = string.Join(",", Enumerable.Repeat("""{"use":"x"}""", 100));
        Element patient = Read($$"""{"resourceType":"Patient","extension":[{{many}}],"name":[{{wrong}}]}""");

        IReadOnlyList<Issue> issues = Strict(new ValidatorOptions { MaxIssues = limit }).Validate(patient);

        Assert.Equal(limit, issues.Count);
        Assert.Contains(issues, issue => issue is { IsError: true, Expression: "Patient.name[0].use" });
        Assert.Equal(IssueType.Incomplete, issues[^1].Type);
    }

    [Fact]
    public void A_message_repeats_no_more_than_the_faulty_value()
    {
        Element patient = Read("""{"resourceType":"Patient","name":[{"family":"Secret"}],"gender":"wrong","birthDate":"1980-01-01"}""");

        Issue issue = Assert.Single(Validator.Validate(patient));

        Assert.Equal("Patient.gender", issue.Expression);
        Assert.Contains("'wrong'", issue.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", issue.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_threads_get_the_same_issues_from_one_validator()
    {
        var validator = TestProfiles.NewValidator();
        Element[] resources = [.. ExampleCorpus.Instances.Take(60).Select(file => FhirJson.Read(file.Json)).Where(read => read.IsOk).Select(read => read.Root)];
        Issue[][] expected = [.. resources.Select(resource => TestProfilesOnce(resource))];

        Parallel.For(0, resources.Length * 4, i => Assert.Equal(expected[i % resources.Length], validator.Validate(resources[i % resources.Length])));
    }

    [Fact]
    public void References_in_a_Bundle_are_followed_to_their_targets()
    {
        Element bundle = Read("""
            {"resourceType":"Bundle","type":"collection","entry":[
              {"fullUrl":"http://x.org/fhir/Observation/1","resource":{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"},"specimen":{"reference":"urn:uuid:2f0b8d5e-0a52-4f4c-8c0c-6f2e2b2d9a11"}}},
              {"fullUrl":"http://x.org/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1","active":true}},
              {"fullUrl":"urn:uuid:2f0b8d5e-0a52-4f4c-8c0c-6f2e2b2d9a11","resource":{"resourceType":"Patient","id":"2","active":true}}]}
            """);

        Issue issue = Assert.Single(Validator.Validate(bundle), issue => issue.IsError);

        Assert.Equal("Bundle.entry[0].resource.specimen", issue.Expression);
        Assert.Contains("points to a Patient", issue.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resources_that_refer_to_each_other_come_to_an_end()
    {
        DefinitionSet definitions = With(Profile("Patient", """{"id":"Patient.link","path":"Patient.link"},{"id":"Patient.link.other","path":"Patient.link.other","type":[{"code":"Reference","targetProfile":["http://example.org/p"]}]},{"id":"Patient.active","path":"Patient.active","min":1}"""));
        const int count = 12;
        string links = string.Join(",", Enumerable.Range(0, count).Select(i => """{"type":"seealso","other":{"reference":"Patient/@"}}""".Replace("@", $"{i}", StringComparison.Ordinal)));
        string entries = string.Join(",", Enumerable.Range(0, count).Select(i =>
            """{"fullUrl":"http://x.org/fhir/Patient/@","resource":{"resourceType":"Patient","id":"@","meta":{"profile":["http://example.org/p"]},#active"link":[#links]}}"""
                .Replace("@", $"{i}", StringComparison.Ordinal)
                .Replace("#active", i == count - 1 ? "" : "\"active\":true,", StringComparison.Ordinal)
                .Replace("#links", links, StringComparison.Ordinal)));

        IReadOnlyList<Issue> issues = NewValidator(definitions).Validate(Read("""{"resourceType":"Bundle","type":"collection","entry":[#entries]}""".Replace("#entries", entries, StringComparison.Ordinal)));

        Assert.Contains(issues, issue => issue is { IsError: true, Expression: "Bundle.entry[11].resource" });
        Assert.Contains(issues, issue => issue is { IsError: true, Expression: "Bundle.entry[0].resource.link[11].other" });
    }

    [Fact]
    public void Every_profile_of_the_specification_compiles()
    {
        string[] failing = [.. DefinitionSet.R4.Structures
            .Where(structure => structure.Kind != StructureKind.Logical && Validator.Profile(structure.Url) is null)
            .Select(structure => structure.Url)];

        Assert.Empty(failing);
    }

    [Theory]
    [InlineData("1.9", "m", false)]
    [InlineData("2.1", "m", true)]
    [InlineData("199", "cm", false)]
    [InlineData("201", "cm", true)]
    [InlineData("90", "kg", false)]
    public void A_bound_with_a_unit_is_compared_in_that_unit(string value, string unit, bool expected)
    {
        DefinitionSet definitions = With(Profile("Observation", """{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{"code":"Quantity"}],"maxValueQuantity":{"value":2,"system":"http://unitsofmeasure.org","code":"m"}}"""));
        Element observation = Read("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":@value,"system":"http://unitsofmeasure.org","code":"@unit"}}"""
            .Replace("@value", value, StringComparison.Ordinal).Replace("@unit", unit, StringComparison.Ordinal));

        IReadOnlyList<Issue> issues = NewValidator(definitions).Validate(observation, Against("http://example.org/p"));

        Assert.Equal(expected, issues.Any(issue => issue is { IsError: true, Expression: "Observation.value" }));
    }

    [Fact]
    public void A_profile_of_a_target_that_is_not_known_is_mentioned_once()
    {
        DefinitionSet definitions = With(Profile("Patient", """{"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","type":[{"code":"Reference","targetProfile":["http://example.org/absent"]}]}"""));
        Element patient = Read("""{"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"a"},{"resourceType":"Practitioner","id":"b"}],"generalPractitioner":[{"reference":"#a"},{"reference":"#b"}]}""");

        Issue issue = Assert.Single(NewValidator(definitions).Validate(patient, Against("http://example.org/p")));

        Assert.Equal("http://example.org/absent", issue.Key);
        Assert.Equal(IssueSeverity.Warning, issue.Severity);
    }

    [Theory]
    [InlineData("0197-01-01", true)]
    [InlineData("9999-12-31", true)]
    [InlineData("1970-01-01", false)]
    public void An_implausible_year_gets_a_warning(string date, bool expected)
    {
        IReadOnlyList<Issue> issues = Validator.Validate(Read($$"""{"resourceType":"Patient","birthDate":"{{date}}"}"""));

        Assert.Equal(expected, issues.Any(issue => issue is { Severity: IssueSeverity.Warning, Expression: "Patient.birthDate" }));
    }

    [Fact]
    public void Very_many_contained_resources_take_no_quadratic_time()
    {
        // Comparing each with each took half a minute for this many; one pass takes a fraction of a second.
        const int count = 30_000;
        TimeSpan generous = TimeSpan.FromSeconds(8);
        string contained = string.Join(",", Enumerable.Range(0, count).Select(i => $$"""{"resourceType":"Practitioner","id":"p{{i}}"}"""));
        string references = string.Join(",", Enumerable.Range(0, count).Select(i => $$"""{"reference":"#p{{i}}"}"""));
        Element patient = Read("""{"resourceType":"Patient","contained":[@c],"generalPractitioner":[@r]}"""
            .Replace("@c", contained, StringComparison.Ordinal).Replace("@r", references, StringComparison.Ordinal));

        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<Issue> issues = Validator.Validate(patient);

        Assert.Empty(issues);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, generous);
    }

    private static Issue[] TestProfilesOnce(Element resource) => [.. TestProfiles.NewValidator().Validate(resource)];

    private static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    private static ValidationRequest Against(string profile) => new() { Profiles = [profile] };

    private static Fhir.Validation.Validator Strict(ValidatorOptions options) => new(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4), options);

    private static Fhir.Validation.Validator NewValidator(DefinitionSet definitions) => new(definitions, new TerminologyService(definitions));

    private static DefinitionSet With(params string[] resources) =>
        DefinitionSet.R4.With([new DefinitionList([.. resources.Select(json => DefinitionJson.Read(Encoding.UTF8.GetBytes(json), "test").Value)])]);

    private static string Profile(string type, string differential) => """
        {"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"@type",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/@type","derivation":"constraint","differential":{"element":[@differential]}}
        """.Replace("@type", type, StringComparison.Ordinal).Replace("@differential", differential, StringComparison.Ordinal);
}
