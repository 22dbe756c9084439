using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

public class SearchParameterSetTests
{
    private static readonly TypeSchema Patient = FhirSchema.R4.Type("Patient")!;

    [Theory]
    [InlineData("Patient", "birthdate", "http://hl7.org/fhir/SearchParameter/individual-birthdate")]
    [InlineData("Patient", "_id", "http://hl7.org/fhir/SearchParameter/Resource-id")]
    [InlineData("Observation", "code", "http://hl7.org/fhir/SearchParameter/clinical-code")]
    [InlineData("Observation", "_text", "http://hl7.org/fhir/SearchParameter/DomainResource-text")]
    [InlineData("Condition", "subject", "http://hl7.org/fhir/SearchParameter/Condition-subject")]
    [InlineData("Bundle", "_lastUpdated", "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated")]
    public void A_parameter_is_found_by_type_and_name(string type, string code, string url) =>
        Assert.Equal(url, Sets.R4.Find(FhirSchema.R4.Type(type)!, code)?.Definition.Url);

    [Theory]
    [InlineData("Patient", "no-such")]
    [InlineData("Bundle", "_text")]
    [InlineData("HumanName", "given")]
    public void Other_names_are_not_there(string type, string code) => Assert.Null(Sets.R4.Find(FhirSchema.R4.Type(type)!, code));

    [Fact]
    public void Ids_are_positions() =>
        Assert.All(Sets.R4.Parameters.Select((parameter, index) => (parameter, index)), item => Assert.Equal(item.index, item.parameter.Id));

    [Fact]
    public void A_package_does_not_move_the_ids_of_R4()
    {
        SearchParameterSet set = With(Parameter("http://aaa/first", "eye", "Patient.extension('http://eye').value"));
        Assert.All(Sets.R4.Parameters, parameter => Assert.Equal(parameter.Id, set.Find(parameter.Definition.Url)?.Id));
    }

    [Fact]
    public void A_parameter_of_a_package_wins_over_that_of_R4_with_the_same_name()
    {
        SearchParameterSet set = With(Parameter("http://custom/gender", "gender", "Patient.extension('http://gender')"));
        Assert.Equal("http://custom/gender", set.Find(Patient, "gender")?.Definition.Url);
        Assert.Equal("http://hl7.org/fhir/SearchParameter/individual-gender", set.Find(FhirSchema.R4.Type("Person")!, "gender")?.Definition.Url);
        Assert.Contains(set.Issues, issue => issue is { Type: IssueType.Duplicate, Expression: "gender" });
    }

    [Fact]
    public void An_expression_that_is_no_FHIRPath_is_reported_and_the_others_work()
    {
        SearchParameterSet set = With(
            Parameter("http://custom/bad", "bad", "Patient.name.where("),
            Parameter("http://custom/nowhere", "nowhere", "Patient.nmae"),
            Parameter("http://custom/good", "good", "Patient.gender"));
        Assert.Equal(
            ["bad Error", "nowhere Warning"],
            set.Check().Select(issue => $"{issue.Expression} {issue.Severity}").Order(StringComparer.Ordinal));
        Assert.Equal(["token http://hl7.org/fhir/administrative-gender|male \"-\" ImpliedSystem"], Extract(set, "good", """{"resourceType":"Patient","gender":"male"}"""));
    }

    [Theory]
    [InlineData("Patient.extension('http://eye').value", "token http://c|blue \"-\"")]
    [InlineData("Patient.extension('http://eye')", "token http://c|blue \"-\"")]
    [InlineData("Patient.extension.where(url = 'http://eye').value.ofType(Coding)", "token http://c|blue \"-\"")]
    [InlineData("(Patient.extension.where(url = 'http://eye').value as Coding).code", "token -|blue \"-\"")]
    [InlineData("extension.value.as(Coding).where(code = 'blue').system", "token -|http://c \"-\"")]
    [InlineData("Patient.contact.where(extension('http://vip').exists()).gender", "token http://hl7.org/fhir/administrative-gender|female \"-\" ImpliedSystem")]
    [InlineData("Patient.contact.where(hasExtension('http://vip')).gender", "token http://hl7.org/fhir/administrative-gender|female \"-\" ImpliedSystem")]
    [InlineData("Patient.contact.where(gender != 'male').gender", "token http://hl7.org/fhir/administrative-gender|female \"-\" ImpliedSystem")]
    [InlineData("Patient.contact[1].gender", "token http://hl7.org/fhir/administrative-gender|female \"-\" ImpliedSystem")]
    [InlineData("Patient.contact[0].gender", "token http://hl7.org/fhir/administrative-gender|male \"-\" ImpliedSystem")]
    [InlineData("Patient.contact.gender[0]", "token http://hl7.org/fhir/administrative-gender|male \"-\" ImpliedSystem")]
    [InlineData("Patient.contained.ofType(Practitioner).gender", "token http://hl7.org/fhir/administrative-gender|other \"-\" ImpliedSystem")]
    [InlineData("Patient.contained.id", "token -|x \"-\"")]
    [InlineData("Patient.contact.exists()", "token http://hl7.org/fhir/special-values|true \"-\" ImpliedSystem")]
    public void Expressions_of_packages_are_walked_or_evaluated(string expression, params string[] expected) =>
        Assert.Equal(expected, Extract(
            With(Parameter("http://custom/p", "p", expression)),
            "p",
            """
            {"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"x","gender":"other"}],
            "extension":[{"url":"http://eye","valueCoding":{"system":"http://c","code":"blue"}},{"url":"http://other","valueString":"s"}],
            "contact":[{"gender":"male"},{"extension":[{"url":"http://vip","valueBoolean":true}],"gender":"female"}]}
            """));

    [Fact]
    public void A_composite_whose_components_are_unknown_is_left_out()
    {
        SearchParameter composite = Parameter("http://custom/pair", "pair", "Patient.contact") with
        {
            Type = SearchParameterType.Composite,
            Components = [new SearchParameterComponent("http://custom/missing", "gender")],
        };
        SearchParameterSet set = With(composite);
        Assert.Null(set.Find(Patient, "pair"));
        Assert.Equal("pair", Assert.Single(set.Issues).Expression);
    }

    [Fact]
    public void Retired_parameters_are_no_parameters() =>
        Assert.Null(With(Parameter("http://custom/old", "old", "Patient.gender") with { Status = "retired" }).Find(Patient, "old"));

    [Theory]
    [InlineData("Patient", "Observation", "subject,performer", false)]
    [InlineData("Patient", "Patient", "link", true)]
    [InlineData("Encounter", "Encounter", "", true)]
    [InlineData("Practitioner", "AllergyIntolerance", "recorder,asserter", false)]
    public void A_compartment_names_the_parameters_that_link_to_it(string compartment, string type, string codes, bool isSelf)
    {
        CompartmentMembership membership = Sets.R4.Compartment(compartment, FhirSchema.R4.Type(type)!)!;
        Assert.Equal((codes, isSelf), (string.Join(',', membership.Parameters.Select(parameter => parameter.Code)), membership.IsSelf));
    }

    [Theory]
    [InlineData("Patient", "ValueSet")]
    [InlineData("Moon", "Patient")]
    public void Other_types_are_in_no_compartment(string compartment, string type) =>
        Assert.Null(Sets.R4.Compartment(compartment, FhirSchema.R4.Type(type)!));

    private static SearchParameter Parameter(string url, string code, string expression) =>
        new() { Url = url, Name = code, Code = code, Bases = ["Patient"], Type = SearchParameterType.Token, Expression = expression };

    private static SearchParameterSet With(params SearchParameter[] parameters) => new(DefinitionSet.R4.With([new DefinitionList(parameters)]));

    private static string[] Extract(SearchParameterSet set, string code, string json)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
        var values = new IndexValues();
        new SearchExtractor(set).Extract(resource, values);
        return ValueText.Of(values, set.Find(resource.Type, code)!.Id);
    }
}
