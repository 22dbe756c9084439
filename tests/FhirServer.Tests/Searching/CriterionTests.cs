using HealthChain.Fhir;
using HealthChain.FhirServer.Searching;
using Xunit;

namespace HealthChain.FhirServer.Tests.Searching;

public sealed class CriterionTests
{
    [Theory]
    // Each type of parameter and its modifiers.
    [InlineData("Patient?family=Smith", "family=Start(smith)")]
    [InlineData("Patient?family:exact=Smith", "family:Exact=Exact(Smith)")]
    [InlineData("Patient?family:contains=MIT", "family:Contains=Contains(mit)")]
    [InlineData("Patient?family:missing=true", "family:Missing=missing")]
    [InlineData("Patient?family:missing=false", "family:Missing=there")]
    [InlineData("Patient?name=a,b", "name=Start(a),Start(b)")]
    [InlineData("Patient?name=a\\,b", "name=Start(ab)")]
    [InlineData("Patient?given=a&given=b", "(given=Start(a) & given=Start(b))")]
    [InlineData("Patient?gender=male", "gender=male")]
    [InlineData("Patient?gender:not=male", "gender:Not=male")]
    [InlineData("Patient?identifier=http://a|1", "identifier=http://a|1")]
    [InlineData("Patient?identifier=|1", "identifier=|1")]
    [InlineData("Patient?identifier=http://a|", "identifier=http://a|")]
    [InlineData("Patient?identifier:of-type=http://t|MR|1", "identifier:OfType=http://t|MR|1")]
    [InlineData("Observation?code:text=Blood", "code:Text=~blood")]
    [InlineData("Patient?birthdate=2013-01-14", "birthdate=Equal 2013-01-14")]
    [InlineData("Patient?birthdate=ge2013", "birthdate=GreaterOrEqual 2013-01-01")]
    [InlineData("Patient?birthdate=ne2013&birthdate=sa2014&birthdate=eb2015", "(birthdate=NotEqual 2013-01-01 & birthdate=StartsAfter 2014-01-01 & birthdate=EndsBefore 2015-01-01)")]
    [InlineData("RiskAssessment?probability=gt0.8", "probability=Greater 0.8")]
    [InlineData("RiskAssessment?probability=0.5,lt0.1", "probability=Equal 0.5,Less 0.1")]
    [InlineData("Observation?value-quantity=5.4|http://unitsofmeasure.org|mg", "value-quantity=Equal 5.4 mg")]
    [InlineData("Observation?value-quantity=le5.4||mg", "value-quantity=LessOrEqual 5.4 mg")]
    [InlineData("Observation?value-quantity=ap5.4", "value-quantity=Approximate 5.4")]
    [InlineData("Observation?subject=Patient/1", "subject=Patient/1")]
    [InlineData("Observation?subject=1", "subject=/1")]
    [InlineData("Observation?subject=http://example.org/fhir/Patient/1", "subject=Patient/1")]
    [InlineData("Observation?subject=http://other.org/Patient/1", "subject=http://other.org/Patient/1")]
    [InlineData("Observation?subject:Patient=1", "subject:Type=Patient/1")]
    [InlineData("Observation?subject:identifier=http://a|1", "subject:Identifier=#http://a|1")]
    [InlineData("ValueSet?url=http://a/b", "url=None<http://a/b>")]
    [InlineData("ValueSet?url:below=http://a", "url:Below=Below<http://a>")]
    [InlineData("ValueSet?url:above=http://a/b", "url:Above=Above<http://a/b>")]
    [InlineData("Observation?code-value-quantity=8480-6$gt90", "code-value-quantity=8480-6$Greater 90")]
    [InlineData("Location?near=42.25|-83.69|11.2|km", "near=42.25/-83.69/11200")]

    // Parameters of all resources.
    [InlineData("Patient?_id=1,2", "_id=1,2")]
    [InlineData("Patient?_lastUpdated=gt2020-01-01", "_lastUpdated=Greater 2020-01-01")]
    [InlineData("Patient?_tag=http://a|b", "_tag=http://a|b")]
    [InlineData("Patient?_tag:not=http://a|b", "_tag:Not=http://a|b")]
    [InlineData("Patient?_profile=http://a/b", "_profile=None<http://a/b>")]
    [InlineData("Patient?_security=http://a|R", "_security=http://a|R")]
    [InlineData("Patient?_source=http://a", "_source=None<http://a>")]
    [InlineData("Patient?_text=Bone  Fracture", "text~bone+fracture")]
    [InlineData("Patient?_content=Über", "content~uber")]
    [InlineData("Patient?_list=42", "List.item->[_id=42]")]
    [InlineData("Patient?_list=42,List/43", "List.item->[_id=42,43]")]
    [InlineData("?_id=1", "_id=1")]
    [InlineData("?_type=Patient,Observation&_id=1", "_id=1")]

    // Several types: each by its own parameter, and absence only where all agree.
    [InlineData("?_type=Observation,Condition&code=1", "code=1")]
    [InlineData("?_type=Observation,DiagnosticReport&status=final", "(status=final | status=final)")]
    [InlineData("?_type=Observation,DiagnosticReport&status:not=final", "(status:Not=final & status:Not=final)")]
    [InlineData("?_type=Observation,DiagnosticReport&status:missing=true", "(status:Missing=missing & status:Missing=missing)")]
    [InlineData("?_type=Observation,DiagnosticReport&status:missing=false", "(status:Missing=there | status:Missing=there)")]

    // Compartments.
    [InlineData("Patient/1/Observation?code=2", "(in Patient/1 & code=2)")]
    [InlineData("Patient/1/Condition?", "in Patient/1")]
    [InlineData("Encounter/9/Observation?", "in Encounter/9")]
    [InlineData("Patient/1/*?_type=Observation", "in Patient/1")]
    public void A_parameter_becomes_a_criterion(string url, string expected) => Check(url, expected);

    [Theory]
    [InlineData("Observation?subject:Patient.family=a", "subject->Patient[family=Start(a)]")]
    [InlineData("Observation?patient.family=a", "patient->Patient[family=Start(a)]")]
    [InlineData("Observation?subject.birthdate=2000", "subject->Patient[birthdate=Equal 2000-01-01]")]
    [InlineData("Observation?subject.identifier=1", "subject->Group/Device/Patient/Location[(identifier=1 | identifier=1 | identifier=1 | identifier=1)]")]
    [InlineData("Observation?subject:Patient.gender:not=male", "subject->Patient[gender:Not=male]")]
    [InlineData("Observation?subject:Patient.organization.name=a", "subject->Patient[organization->Organization[name=Start(a)]]")]
    [InlineData("Observation?subject:Patient.organization.partof:Organization._id=1", "subject->Patient[organization->Organization[partof->Organization[_id=1]]]")]
    [InlineData("Observation?subject:Patient.general-practitioner:Practitioner.family=a,b", "subject->Patient[general-practitioner->Practitioner[family=Start(a),Start(b)]]")]
    [InlineData("Observation?subject:Patient._id=1", "subject->Patient[_id=1]")]
    [InlineData("Observation?subject:Patient._text=a", "subject->Patient[text~a]")]
    [InlineData("Observation?subject:Patient._list=7", "subject->Patient[List.item->[_id=7]]")]
    [InlineData("Observation?subject:Patient.organization:identifier=1", "subject->Patient[organization:Identifier=#1]")]
    [InlineData("Patient?_has:Observation:patient:code=1", "Observation.patient->[code=1]")]
    [InlineData("Patient?_has:Observation:patient:code:not=1", "Observation.patient->[code:Not=1]")]
    [InlineData("Patient?_has:Observation:patient:_has:AuditEvent:entity:agent=Practitioner/1", "Observation.patient->[AuditEvent.entity->[agent=Practitioner/1]]")]
    [InlineData("Patient?_has:Observation:patient:performer:Practitioner.family=a", "Observation.patient->[performer->Practitioner[family=Start(a)]]")]
    [InlineData("Patient?_has:Observation:patient:encounter.class=AMB", "Observation.patient->[encounter->Encounter[class=AMB]]")]
    [InlineData("Encounter?subject:Patient._has:Observation:patient:code=1", "subject->Patient[Observation.patient->[code=1]]")]
    [InlineData("Encounter?patient._has:Condition:patient:_has:Observation:focus:code=1", "patient->Patient/Group[Condition.patient->[Observation.focus->[code=1]]]")]
    [InlineData("Patient?_has:Observation:patient:_id=1&_has:Observation:patient:_id=2", "(Observation.patient->[_id=1] & Observation.patient->[_id=2])")]
    public void Chains_lead_from_resource_to_resource(string url, string expected) => Check(url, expected);

    [Theory]
    [InlineData("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "gender=http://hl7.org/fhir/administrative-gender|male,http://hl7.org/fhir/administrative-gender|female,http://hl7.org/fhir/administrative-gender|other,http://hl7.org/fhir/administrative-gender|unknown")]
    [InlineData("Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender", "gender:Not=http://hl7.org/fhir/administrative-gender|male,http://hl7.org/fhir/administrative-gender|female,http://hl7.org/fhir/administrative-gender|other,http://hl7.org/fhir/administrative-gender|unknown")]
    [InlineData("Observation?code:above=http://hl7.org/fhir/observation-status|corrected", "code=http://hl7.org/fhir/observation-status|amended,http://hl7.org/fhir/observation-status|corrected")]
    [InlineData("Observation?code:below=http://hl7.org/fhir/observation-status|amended", "code=http://hl7.org/fhir/observation-status|amended,http://hl7.org/fhir/observation-status|corrected")]
    public void Terminology_is_resolved_to_codes(string url, string expected) => Check(url, expected);

    private static void Check(string url, string expected)
    {
        Result<SearchPlan> plan = Searches.Read(url);
        Assert.True(plan.IsOk, plan.Error?.ToString());
        Assert.Empty(plan.Value.Ignored);
        Assert.Equal(expected, Searches.Show(plan.Value.Request.Criterion));
        Assert.True(Searches.Read(url, SearchHandling.Strict).IsOk);
    }
}
