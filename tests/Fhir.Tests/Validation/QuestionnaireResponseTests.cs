using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Validation;
using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>Answers held against their questionnaire, which a resolver provides.</summary>
public class QuestionnaireResponseTests
{
    private const string Questionnaire = """
        {"resourceType":"Questionnaire","url":"http://example.org/q","status":"active","item":[
          {"linkId":"smokes","type":"boolean","required":true},
          {"linkId":"packs","type":"decimal","required":true,"enableWhen":[{"question":"smokes","operator":"=","answerBoolean":true}]},
          {"linkId":"name","type":"string","maxLength":5},
          {"linkId":"kind","type":"choice","answerOption":[{"valueCoding":{"system":"http://example.org/k","code":"a"}},{"valueCoding":{"system":"http://example.org/k","code":"b"}}]},
          {"linkId":"group","type":"group","repeats":true,"item":[{"linkId":"inner","type":"integer"}]},
          {"linkId":"tags","type":"string","repeats":true}]}
        """;

    private static readonly Fhir.Validation.Validator Validator = ExampleRun.NewValidator();

    [Theory]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]}""")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":true}]},{"linkId":"packs","answer":[{"valueDecimal":1.5}]}""")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"kind","answer":[{"valueCoding":{"system":"http://example.org/k","code":"b"}}]}""")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"group","item":[{"linkId":"inner","answer":[{"valueInteger":1}]}]},{"linkId":"group","item":[{"linkId":"inner","answer":[{"valueInteger":2}]}]}""")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"tags","answer":[{"valueString":"a"},{"valueString":"b"}]}""")]
    public void Good_answers_have_no_error(string items) => Assert.DoesNotContain(Validate(items), issue => issue.IsError);

    [Theory]
    [InlineData("""{"linkId":"name","answer":[{"valueString":"x"}]}""", "QuestionnaireResponse", "required item smokes")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":true}]}""", "QuestionnaireResponse", "required item packs")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"packs","answer":[{"valueDecimal":1}]}""", "QuestionnaireResponse.item[1]", "conditions")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueString":"no"}]}""", "QuestionnaireResponse.item[0].answer[0].value", "asks for boolean")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false},{"valueBoolean":true}]}""", "QuestionnaireResponse.item[0]", "takes one answer")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"other"}""", "QuestionnaireResponse.item[1]", "not in the questionnaire")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"inner","answer":[{"valueInteger":1}]}""", "QuestionnaireResponse.item[1]", "does not belong here")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"name","answer":[{"valueString":"too long"}]}""", "QuestionnaireResponse.item[1].answer[0].value", "5 characters")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"kind","answer":[{"valueCoding":{"system":"http://example.org/k","code":"c"}}]}""", "QuestionnaireResponse.item[1].answer[0].value", "none of the options")]
    [InlineData("""{"linkId":"name","answer":[{"valueString":"x"}]},{"linkId":"smokes","answer":[{"valueBoolean":false}]}""", "QuestionnaireResponse.item[1]", "out of order")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"group","answer":[{"valueInteger":1}]}""", "QuestionnaireResponse.item[1]", "takes no answer")]
    [InlineData("""{"linkId":"smokes","answer":[{"valueBoolean":false}]},{"linkId":"smokes","answer":[{"valueBoolean":false}]}""", "QuestionnaireResponse", "does not repeat")]
    public void Bad_answers_are_named(string items, string expression, string message) =>
        Assert.Contains(Validate(items), issue => issue.IsError && issue.Expression == expression && issue.Message.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Without_the_questionnaire_the_answers_are_not_judged()
    {
        IReadOnlyList<Issue> issues = Validator.Validate(Response("""{"linkId":"other"}"""));

        Assert.Equal("information", Assert.Single(issues).Severity.Code());
    }

    private static IReadOnlyList<Issue> Validate(string items)
    {
        Element questionnaire = FhirJson.Read(Encoding.UTF8.GetBytes(Questionnaire)).Root;
        return Validator.Validate(Response(items), new ValidationRequest { ReferenceResolver = url => url == "http://example.org/q" ? questionnaire : default });
    }

    private static Element Response(string items) =>
        FhirJson.Read(Encoding.UTF8.GetBytes($$"""{"resourceType":"QuestionnaireResponse","questionnaire":"http://example.org/q","status":"completed","item":[{{items}}]}""")).Root;
}
