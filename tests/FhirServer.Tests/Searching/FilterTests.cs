using HealthChain.Fhir;
using HealthChain.FhirServer.Searching;
using Xunit;

namespace HealthChain.FhirServer.Tests.Searching;

public sealed class FilterTests
{
    [Theory]
    [InlineData("Patient", "name co \"pet\"", "name:Contains=Contains(pet)")]
    [InlineData("Patient", "given eq \"peter\" and birthdate ge 2014-10-10", "(given=Equal(peter) & birthdate=GreaterOrEqual 2014-10-10)")]
    [InlineData("Patient", "name sw pe", "name=Start(pe)")]
    [InlineData("Patient", "name ew \"TER\"", "name=End(ter)")]
    [InlineData("Patient", "name eq \"a, b|c\"", "name=Equal(a b|c)")]
    [InlineData("Patient", "name eq \"a\\\"\\u0062\\\\\"", "name=Equal(ab)")]
    [InlineData("Patient", "name ne a", "(name:Missing=there & !name=Equal(a))")]
    [InlineData("Patient", "name pr true", "name:Missing=there")]
    [InlineData("Patient", "name pr false", "name:Missing=missing")]
    [InlineData("Observation", "code eq http://loinc.org|1234-5", "code=http://loinc.org|1234-5")]
    [InlineData("Observation", "status ne final", "(status:Missing=there & !status=final)")]
    [InlineData("Observation", "subject.name co \"pet\"", "subject->Patient/Location[(name:Contains=Contains(pet) | name:Contains=Contains(pet))]")]
    [InlineData("Observation", "subject:Patient.name co \"pet\"", "subject->Patient[name:Contains=Contains(pet)]")]
    [InlineData("Observation", "subject re Patient/1", "subject=Patient/1")]
    [InlineData("Observation", "subject eq Patient/1", "subject=Patient/1")]
    [InlineData("Observation", "value-quantity gt 5.4||mg", "value-quantity=Greater 5.4 mg")]
    [InlineData("Observation", "date lt 2014", "date=Less 2014-01-01")]
    [InlineData("Observation", "date le 2014 and date sa 2013 and date eb 2015", "((date=LessOrEqual 2014-01-01 & date=StartsAfter 2013-01-01) & date=EndsBefore 2015-01-01)")]
    [InlineData("Observation", "date po 2014", "date=Approximate 2014-01-01")]
    [InlineData("RiskAssessment", "probability ap 0.5", "probability=Approximate 0.5")]
    [InlineData("ValueSet", "url ss http://a", "url:Below=Below<http://a>")]
    [InlineData("ValueSet", "url sb http://a", "url:Above=Above<http://a>")]
    [InlineData("ValueSet", "url eq http://a", "url=None<http://a>")]
    [InlineData("Observation", "code ss http://hl7.org/fhir/observation-status|amended", "code=http://hl7.org/fhir/observation-status|amended,http://hl7.org/fhir/observation-status|corrected")]
    [InlineData("Observation", "code sb http://hl7.org/fhir/observation-status|corrected", "code=http://hl7.org/fhir/observation-status|amended,http://hl7.org/fhir/observation-status|corrected")]
    [InlineData("Group", "actual in http://hl7.org/fhir/ValueSet/link-type", "actual=http://hl7.org/fhir/link-type|replaced-by,http://hl7.org/fhir/link-type|replaces,http://hl7.org/fhir/link-type|refer,http://hl7.org/fhir/link-type|seealso")]
    [InlineData("Group", "actual ni http://hl7.org/fhir/ValueSet/link-type", "actual:Not=http://hl7.org/fhir/link-type|replaced-by,http://hl7.org/fhir/link-type|replaces,http://hl7.org/fhir/link-type|refer,http://hl7.org/fhir/link-type|seealso")]
    [InlineData("Patient", "gender eq male or gender eq female and active eq true", "((gender=male | gender=female) & active=true)")]
    [InlineData("Patient", "gender eq male or (gender eq female and active eq true)", "(gender=male | (gender=female & active=true))")]
    [InlineData("Patient", "not (gender eq male)", "!gender=male")]
    [InlineData("Patient", "not(gender eq male) and active eq true", "(!gender=male & active=true)")]
    [InlineData("Patient", " ( ( gender eq male ) ) ", "gender=male")]
    [InlineData("Patient", "_id eq 1 and _lastUpdated gt 2020", "(_id=1 & _lastUpdated=Greater 2020-01-01)")]
    [InlineData("Observation", "subject[gender eq male].birthdate gt 2000", "subject->Patient[(gender=male & birthdate=Greater 2000-01-01)]")]
    [InlineData("Observation", "subject:Patient[gender eq male or active eq true].organization.name sw a", "subject->Patient[((gender=male | active=true) & organization->Organization[name=Start(a)])]")]
    [InlineData("Patient", "_has:Observation:patient:code eq 1", "Observation.patient->[code=1]")]
    [InlineData("Patient", "_has:Observation:patient[status eq final].code eq 1", "Observation.patient->[(status=final & code=1)]")]
    public void A_filter_becomes_a_criterion(string type, string filter, string expected)
    {
        Result<SearchPlan> plan = Searches.Read($"{type}?_filter={filter}");
        Assert.True(plan.IsOk, plan.Error?.ToString());
        Assert.Equal(expected, Searches.Show(plan.Value.Request.Criterion));
    }

    [Theory]
    [InlineData("name", "character 5")]
    [InlineData("name xx a", "character 6")]
    [InlineData("name EQ a", "character 6")]
    [InlineData("name eq", "character 8")]
    [InlineData("name eq a b", "character 11")]
    [InlineData("name eq \"a", "does not end")]
    [InlineData("name eq \"\\x\"", "escape")]
    [InlineData("(name eq a", "')'")]
    [InlineData("name eq a)", "found ')'")]
    [InlineData("not name eq a", "'(' behind 'not'")]
    [InlineData("name eq a and", "name of a search parameter")]
    [InlineData("1name eq a", "name of a search parameter")]
    [InlineData("link[name eq a] re Patient/1", "behind ']'")]
    [InlineData("_has:Observation:patient eq 1", "_has:Type:reference:parameter")]
    [InlineData("foo eq a", "'foo'")]
    [InlineData("name eq a or foo eq b", "character 14")]
    [InlineData("gender ew a", "'ew'")]
    [InlineData("name gt a", "'gt'")]
    [InlineData("gender co a", "'co'")]
    [InlineData("birthdate co 2000", "'co'")]
    [InlineData("birthdate eq x", "'birthdate'")]
    [InlineData("birthdate po x", "'birthdate po'")]
    [InlineData("name pr maybe", "true or false")]
    [InlineData("name:exact eq a", "no modifier")]
    [InlineData("_text co a", "'_text'")]
    [InlineData("gender in http://nowhere/vs", "http://nowhere/vs")]
    [InlineData("name[gender eq male].x eq a", "not a reference")]
    public void A_faulty_filter_is_refused_and_says_where(string filter, string named)
    {
        FhirError? error = Searches.Read($"Patient?_filter={filter}").Error;
        Assert.Contains(named, error?.ToString() ?? "", StringComparison.Ordinal);
        Assert.Contains("_filter", error!.ToString(), StringComparison.Ordinal);
        Assert.NotNull(error.Issues[0].Position);
    }
}
