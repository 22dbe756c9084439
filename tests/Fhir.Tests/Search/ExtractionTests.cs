using Xunit;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>What each type of parameter makes of each data type (R4, "Search", the sections on parameter types).</summary>
public class ExtractionTests
{
    [Fact]
    public void A_name_gives_all_its_parts() =>
        Assert.Equal(
            ["string dr zoe muller = Dr. Zoë Müller", "string muller = Müller", "string zoe = Zoë", "string dr = Dr."],
            ValueText.Of("""{"resourceType":"Patient","name":[{"id":"x","use":"official","text":"Dr. Zoë Müller","family":"Müller","given":["Zoë"],"prefix":["Dr."],"period":{"start":"2001"}}]}""", "name"));

    [Fact]
    public void An_address_gives_all_its_parts() =>
        Assert.Equal(
            ["string 1 main st = 1 Main St", "string springfield = Springfield", "string 12345 = 12345"],
            ValueText.Of("""{"resourceType":"Patient","address":[{"use":"home","type":"both","line":["1 Main St"],"city":"Springfield","postalCode":"12345"}]}""", "address"));

    [Fact]
    public void Escapes_in_the_text_are_resolved() =>
        Assert.Equal(["string a b = a\n\"b\""], ValueText.Of("""{"resourceType":"Patient","name":[{"family":"a\n\"b\""}]}""", "family"));

    [Theory]
    [InlineData("""{"coding":[{"system":"http://s","code":"c","display":"D"},{"code":"d"}],"text":"T"}""", "token http://s|c \"D\"", "token -|d \"-\"", "text \"T\"")]
    [InlineData("""{"coding":[{"system":"http://s"}]}""", "token http://s|- \"-\"")]
    [InlineData("""{"coding":[{"display":"only words"}]}""", "text \"only words\"")]
    [InlineData("""{"text":"T"}""", "text \"T\"")]
    public void A_concept_gives_its_codings_and_its_text(string concept, params string[] expected) =>
        Assert.Equal(expected, ValueText.Of($$"""{"resourceType":"Observation","status":"final","code":{{concept}}}""", "code"));

    [Fact]
    public void The_system_of_a_code_is_that_of_its_required_binding() =>
        Assert.Equal(
            ["token http://hl7.org/fhir/administrative-gender|male \"-\" ImpliedSystem"],
            ValueText.Of("""{"resourceType":"Patient","gender":"male"}""", "gender"));

    [Theory]
    [InlineData("""{"resourceType":"Patient","active":true}""", "active", "token http://hl7.org/fhir/special-values|true \"-\" ImpliedSystem")]
    [InlineData("""{"resourceType":"Patient","id":"p-1"}""", "_id", "token -|p-1 \"-\"")]
    [InlineData("""{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b"}]}""", "email", "token -|a@b \"-\"")]
    [InlineData("""{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b"}]}""", "telecom", "token -|1 \"-\"", "token -|a@b \"-\"")]
    [InlineData("""{"resourceType":"Patient","meta":{"tag":[{"system":"http://t","code":"x"}]}}""", "_tag", "token http://t|x \"-\"")]
    [InlineData("""{"resourceType":"Patient","deceasedDateTime":"2015"}""", "deceased", "token http://hl7.org/fhir/special-values|true \"-\" ImpliedSystem")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":false}""", "deceased", "token http://hl7.org/fhir/special-values|false \"-\" ImpliedSystem")]
    [InlineData("""{"resourceType":"ValueSet","status":"draft","version":"1.0"}""", "version", "token -|1.0 \"-\"")]
    public void Other_types_give_tokens_too(string json, string code, params string[] expected) => Assert.Equal(expected, ValueText.Of(json, code));

    [Fact]
    public void An_identifier_gives_system_and_value_and_its_type() =>
        Assert.Equal(
            ["token http://mrn|123 \"-\"", "text \"Record\"", "of-type http://terminology.hl7.org/CodeSystem/v2-0203|MR|123"],
            ValueText.Of("""{"resourceType":"Patient","identifier":[{"system":"http://mrn","value":"123","type":{"text":"Record","coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}}]}""", "identifier"));

    [Theory]
    [InlineData("""{"reference":"Patient/1"}""", "reference - Patient 1 -")]
    [InlineData("""{"reference":"Patient/1/_history/2"}""", "reference - Patient 1 2")]
    [InlineData("""{"reference":"https://here.example/fhir/Patient/1"}""", "reference - Patient 1 -")]
    [InlineData("""{"reference":"https://here.example/fhirs/Patient/1"}""", "reference https://here.example/fhirs Patient 1 -")]
    [InlineData("""{"reference":"http://other/r4/Patient/1"}""", "reference http://other/r4 Patient 1 -")]
    [InlineData("""{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}""", "reference - ? urn:uuid:c757873d-ec9a-4326-a141-556f43239520 -")]
    [InlineData("""{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","type":"Patient"}""", "reference - Patient urn:uuid:c757873d-ec9a-4326-a141-556f43239520 -")]
    [InlineData("""{"reference":"#p"}""", "reference - Patient #p - Contained")]
    [InlineData("""{"identifier":{"system":"http://mrn","value":"1"},"type":"Patient"}""", "logical Patient http://mrn|1")]
    [InlineData("""{"display":"someone"}""")]
    public void A_reference_gives_its_parts(string subject, params string[] expected) =>
        Assert.Equal(expected, ValueText.Of(
            $$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"p"}],"subject":{{subject}}}""", "subject"));

    [Theory]
    [InlineData("Patient/1", 1)]
    [InlineData("http://other/r4/Patient/1", 1)]
    [InlineData("#p", 1)]
    [InlineData("Group/1", 0)]
    [InlineData("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", 0)]
    public void A_parameter_for_one_type_of_target_takes_references_to_it_only(string reference, int count) =>
        Assert.Equal(count, ValueText.Of(
            $$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"{{reference}}"} }""", "patient").Length);

    [Fact]
    public void A_canonical_gives_url_and_version() =>
        Assert.Equal(
            ["uri http://m/Library/x 1.0"],
            ValueText.Of("""{"resourceType":"PlanDefinition","status":"draft","relatedArtifact":[{"type":"depends-on","resource":"http://m/Library/x|1.0"},{"type":"citation","resource":"http://m/y"}]}""", "depends-on"));

    [Fact]
    public void The_first_entry_of_a_document_is_its_composition() =>
        Assert.Equal(
            ["reference - Composition c -"],
            ValueText.Of("""{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Composition","id":"c"}},{"resource":{"resourceType":"Composition","id":"d"}}]}""", "composition"));

    [Theory]
    [InlineData("\"effectiveDateTime\":\"2013-04\"", "date 2013-04-01..2013-05-01")]
    [InlineData("\"effectivePeriod\":{\"start\":\"2013-04-02\"}", "date 2013-04-02..")]
    [InlineData("\"effectivePeriod\":{\"end\":\"2013-04-02T10:00:00Z\"}", "date ..2013-04-02T10:00:01")]
    [InlineData("\"effectivePeriod\":{\"start\":\"2013\",\"end\":\"2014\"}", "date 2013-01-01..2015-01-01")]
    [InlineData("\"effectivePeriod\":{\"extension\":[{\"url\":\"http://x\",\"valueString\":\"y\"}]}")]
    [InlineData("\"effectiveTiming\":{\"event\":[\"2014-02-01\",\"2013-02-01\"]}", "date 2013-02-01..2014-02-02")]
    [InlineData("\"effectiveTiming\":{\"event\":[\"2014-02-01\"],\"repeat\":{\"boundsPeriod\":{\"end\":\"2015\"}}}", "date ..2016-01-01")]
    [InlineData("\"effectiveInstant\":\"2013-04-02T10:00:00.5+01:00\"", "date 2013-04-02T09:00:00.5..2013-04-02T09:00:00.6")]
    public void Dates_give_the_range_of_their_precision(string effective, params string[] expected) =>
        Assert.Equal(expected, ValueText.Of($$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},{{effective}}}""", "date"));

    [Theory]
    [InlineData("\"valueQuantity\":{\"value\":5.40,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}", "quantity 5.4 http://unitsofmeasure.org|mg \"mg\"", "canonical 0.0054 g")]
    [InlineData("\"valueQuantity\":{\"value\":5,\"comparator\":\"<\",\"unit\":\"x\"}", "quantity [, 5] -|- \"x\" HighIsOpen")]
    [InlineData("\"valueQuantity\":{\"value\":5,\"comparator\":\">=\",\"unit\":\"x\"}", "quantity [5, ] -|- \"x\"")]
    [InlineData("\"valueQuantity\":{\"value\":37,\"system\":\"http://unitsofmeasure.org\",\"code\":\"Cel\"}", "quantity 37 http://unitsofmeasure.org|Cel \"-\"", "canonical 310.15 K")]
    [InlineData("\"valueQuantity\":{\"value\":1,\"system\":\"http://unitsofmeasure.org\",\"code\":\"no unit\"}", "quantity 1 http://unitsofmeasure.org|no unit \"-\"")]
    [InlineData("\"valueQuantity\":{\"unit\":\"mg\"}")]
    [InlineData("\"valueSampledData\":{\"origin\":{\"value\":10,\"unit\":\"mV\"},\"factor\":2,\"period\":1,\"dimensions\":1,\"data\":\"3 -4 E 1.5 U\"}", "quantity [2, 16] -|- \"mV\"")]
    public void Quantities_keep_their_unit_and_get_a_canonical_one(string value, params string[] expected) =>
        Assert.Equal(expected, ValueText.Of($$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},{{value}}}""", "value-quantity"));

    [Theory]
    [InlineData("""{"resourceType":"Invoice","status":"draft","totalNet":{"value":40.22,"currency":"EUR"}}""", "totalnet", "quantity 40.22 urn:iso:std:iso:4217|EUR \"EUR\"")]
    [InlineData("""{"resourceType":"RiskAssessment","status":"final","subject":{"display":"x"},"prediction":[{"probabilityDecimal":0.02},{"probabilityRange":{"low":{"value":1},"high":{"value":2}}},{"probabilityRange":{"low":{"value":3}}}]}""", "probability", "number 0.02", "number [1, 2]", "number [3, ]")]
    [InlineData("""{"resourceType":"Condition","subject":{"display":"x"},"onsetAge":{"value":2,"system":"http://unitsofmeasure.org","code":"wk"}}""", "onset-age", "quantity 2 http://unitsofmeasure.org|wk \"-\"", "canonical 1209600 s")]
    [InlineData("""{"resourceType":"Condition","subject":{"display":"x"},"onsetRange":{"low":{"value":1,"unit":"a"},"high":{"value":2,"unit":"a"}}}""", "onset-age", "quantity [1, 2] -|- \"a\"")]
    [InlineData("""{"resourceType":"Condition","subject":{"display":"x"},"onsetRange":{"low":{"value":3,"unit":"a"},"high":{"value":2,"unit":"a"}}}""", "onset-age", "quantity [2, 3] -|- \"a\"")]
    [InlineData("""{"resourceType":"Location","position":{"longitude":-83.69,"latitude":42.25}}""", "near", "position 42.25,-83.69")]
    [InlineData("""{"resourceType":"ValueSet","status":"draft","url":"http://a/b"}""", "url", "uri http://a/b -")]
    public void Further_types_of_values(string json, string code, params string[] expected) => Assert.Equal(expected, ValueText.Of(json, code));

    [Fact]
    public void Parts_of_a_composite_come_from_the_same_item() =>
        Assert.Equal(
            [
                "1:token http://s|sys \"-\" + 2:quantity 120 -|- \"-\"",
                "1:token http://s|dia \"-\" + 2:quantity 80 -|- \"-\"",
            ],
            ValueText.Of("""{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://s","code":"bp"}]},"component":[{"code":{"coding":[{"system":"http://s","code":"sys"}]},"valueQuantity":{"value":120}},{"code":{"coding":[{"system":"http://s","code":"dia"}]},"valueQuantity":{"value":80}},{"code":{"coding":[{"system":"http://s","code":"none"}]}}]}""", "combo-code-value-quantity"));

    [Fact]
    public void Parts_of_a_composite_may_come_from_the_resource() =>
        Assert.Equal(
            ["1:token -|1 \"-\" + 2:number 10 + 3:number 12"],
            ValueText.Of("""{"resourceType":"MolecularSequence","coordinateSystem":0,"referenceSeq":{"chromosome":{"coding":[{"code":"1"}]}},"variant":[{"start":10,"end":12},{"start":20}]}""", "chromosome-variant-coordinate"));
}
