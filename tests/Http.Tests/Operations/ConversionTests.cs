using System.Net;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/resource-operation-convert.html</summary>
public sealed class ConversionTests(FhirServerFixture server) : OperationTest(server)
{
    private const string AsJson = """{"resourceType":"Observation","status":"final","code":{"text":"a < b"},"valueQuantity":{"value":1.00,"unit":"mg"}}""";
    private const string AsXml = """<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="a &lt; b"/></code><valueQuantity><value value="1.00"/><unit value="mg"/></valueQuantity></Observation>""";

    [Fact]
    public async Task Json_becomes_Xml()
    {
        Answer answer = await PostAsync("$convert", AsJson, ("Accept", "application/fhir+xml"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.StartsWith("application/fhir+xml", answer.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Contains(AsXml, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Xml_becomes_Json_with_its_digits()
    {
        Answer answer = await PostAsync("$convert", AsXml, ("Content-Type", "application/fhir+xml"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(AsJson, answer.Body);
    }

    [Fact]
    public async Task The_form_can_be_asked_for_in_the_query() =>
        Assert.Contains("<Observation", (await PostAsync("$convert?_format=xml", AsJson)).Body, StringComparison.Ordinal);

    [Fact]
    public async Task Nothing_changes_when_the_form_is_the_same() => Assert.Equal(AsJson, (await PostAsync("$convert", AsJson)).Body);

    [Fact]
    public async Task An_input_may_come_in_a_Parameters_resource() =>
        Assert.Equal(AsJson, (await PostAsync("$convert", Parameters(Parameter("input", "resource", AsJson)))).Body);

    [Fact]
    public async Task Parameters_are_a_resource_too()
    {
        string parameters = Parameters(Parameter("a", "valueString", "\"b\""));

        Assert.Equal(parameters, (await PostAsync("$convert", parameters)).Body);
    }

    [Fact]
    public async Task A_resource_needs_not_be_valid_to_be_converted() =>
        Assert.Contains("gender", (string)(await OkAsync(PostAsync("$convert", """{"resourceType":"Patient","gender":"unheard-of"}"""))).ToJsonString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"resourceType":"Patient","nickname":"x"}""")]
    [InlineData("""{"resourceType":"Patient","birthDate":"yesterday"}""")]
    [InlineData("nothing")]
    public async Task What_is_no_FHIR_is_refused(string body) => await RefusedAsync(PostAsync("$convert", body), HttpStatusCode.BadRequest);

    [Fact]
    public async Task It_is_offered_on_the_system_only() => await RefusedAsync(PostAsync("Patient/$convert", AsJson), HttpStatusCode.NotFound);

    [Fact]
    public async Task Unknown_parameters_are_refused() => await RefusedAsync(PostAsync("$convert?to=hl7v2", AsJson), HttpStatusCode.BadRequest);

    [Fact]
    public async Task Without_content_there_is_nothing_to_convert() => await RefusedAsync(GetAsync("$convert"), HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_form_that_the_server_lacks_is_not_acceptable() =>
        Assert.Equal(HttpStatusCode.NotAcceptable, (await PostAsync("$convert", AsJson, ("Accept", "text/turtle"))).Status);
}
