using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#chaining and #has</summary>
public sealed class ChainTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Organization","id":"{org}","name":"Good Clinic {run}"}""",
        """{"resourceType":"Organization","id":"{dept}","name":"Cardiology","partOf":{"reference":"Organization/{org}"}}""",
        """{"resourceType":"Practitioner","id":"{doc}","name":[{"family":"House"}]}""",
        """{"resourceType":"Practitioner","id":"{doc2}","name":[{"family":"Wilson"}]}""",
        """{"resourceType":"Patient","id":"{p1}","gender":"male","name":[{"family":"Alpha"}],"generalPractitioner":[{"reference":"Practitioner/{doc}"}],"managingOrganization":{"reference":"Organization/{dept}"}}""",
        """{"resourceType":"Patient","id":"{p2}","gender":"female","name":[{"family":"Beta"}],"generalPractitioner":[{"reference":"Practitioner/{doc2}"}]}""",
        """{"resourceType":"Patient","id":"{p3}","name":[{"family":"Gamma"}]}""",
        """{"resourceType":"Encounter","id":"{e1}","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Encounter","id":"{e2}","status":"planned","class":{"code":"IMP"},"subject":{"reference":"Patient/{p2}"}}""",
        """{"resourceType":"Observation","id":"{o1}","status":"final","code":{"coding":[{"code":"A"}]},"subject":{"reference":"Patient/{p1}"},"encounter":{"reference":"Encounter/{e1}"}}""",
        """{"resourceType":"Observation","id":"{o2}","status":"final","code":{"coding":[{"code":"B"}]},"subject":{"reference":"Patient/{p2}"},"encounter":{"reference":"Encounter/{e2}"}}""",
        """{"resourceType":"Observation","id":"{o3}","status":"preliminary","code":{"coding":[{"code":"B"}]},"subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Observation","id":"{o4}","status":"final","code":{"coding":[{"code":"A"}]},"subject":{"reference":"Group/{g}"}}""",
        """{"resourceType":"Group","id":"{g}","type":"person","actual":true,"name":"Alpha","code":{"text":"x"}}""",
        """{"resourceType":"Provenance","id":"{pr}","target":[{"reference":"Observation/{o1}"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"reference":"Practitioner/{doc}"}}]}""",
        """{"resourceType":"Questionnaire","id":"{form}","url":"http://example.org/{run}/form","status":"active","title":"Admission"}""",
        """{"resourceType":"QuestionnaireResponse","id":"{answers}","questionnaire":"http://example.org/{run}/form","status":"completed","subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Patient","id":"{p4}","contained":[{"resourceType":"Organization","id":"inner","name":"Inner Clinic"}],"managingOrganization":{"reference":"#inner"}}""",
        """{"resourceType":"Observation","id":"{o5}","status":"final","code":{"coding":[{"code":"D"}]},"subject":{"reference":"Patient/{p4}"},"contained":[{"resourceType":"Practitioner","id":"d","name":[{"family":"Cuddy"}]}],"performer":[{"reference":"#d"}]}""",
        """{"resourceType":"DiagnosticReport","id":"{dr}","status":"final","code":{"text":"r"},"result":[{"reference":"Observation/{o1}"}]}""",
    ];

    [Theory]
    [InlineData("Observation?subject:Patient.name=alpha", "o1 o3")]
    [InlineData("Observation?patient.name=alpha", "o1 o3")]
    [InlineData("Observation?patient.family=beta", "o2")]
    [InlineData("Observation?patient.gender=male", "o1 o3")]
    [InlineData("Observation?patient._id={p1}", "o1 o3")]
    [InlineData("Observation?subject:Patient.gender=male&status=final", "o1")]
    [InlineData("Observation?subject.name=beta", "o2")]
    [InlineData("Observation?patient.name=alpha,beta", "o1 o2 o3")]
    [InlineData("Observation?patient.name=alpha&patient.gender=female", "")]
    [InlineData("Observation?patient.family:exact=Alpha", "o1 o3")]
    [InlineData("Observation?patient.family:exact=alpha", "")]
    [InlineData("Observation?patient.name:contains=lph", "o1 o3")]
    [InlineData("Observation?encounter.status=finished", "o1")]
    [InlineData("Patient?general-practitioner:Practitioner.name=house", "p1")]
    [InlineData("Patient?organization.name=cardio", "p1")]
    public Task A_chain_asks_something_of_the_target(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Observation?patient.general-practitioner:Practitioner.name=house", "o1 o3")]
    [InlineData("Observation?encounter.patient.family=beta", "o2")]
    [InlineData("Observation?encounter.patient.general-practitioner:Practitioner.family=wilson", "o2")]
    [InlineData("Observation?patient.organization.partof.name=good clinic {run}", "o1 o3")]
    [InlineData("DiagnosticReport?result.patient.name=alpha", "dr")]
    [InlineData("DiagnosticReport?result.patient.organization.partof.name=good", "dr")]
    public Task Chains_go_on(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?organization.name=inner", "p4")]
    [InlineData("Patient?organization:Organization.name=inner,cardio", "p1 p4")]
    [InlineData("Patient?organization.name=outer", "")]
    [InlineData("Observation?performer:Practitioner.family=cuddy", "o5")]
    [InlineData("Observation?performer:Practitioner.family=cuddy&patient.organization.name=inner", "o5")]
    [InlineData("Observation?patient.organization.name=inner", "o5")]
    [InlineData("Patient?_has:Observation:patient:performer:Practitioner.family=cuddy", "p4")]
    [InlineData("Patient?_filter=organization.name co inner", "p4")]
    [InlineData("QuestionnaireResponse?questionnaire.title=admission", "answers")]
    [InlineData("Questionnaire?_has:QuestionnaireResponse:questionnaire:patient={p1}", "form")]
    [InlineData("Questionnaire?_has:QuestionnaireResponse:questionnaire:patient={p2}", "")]
    public Task A_chain_leads_into_contained_resources_and_follows_canonicals(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?_has:Observation:patient:code=A", "p1")]
    [InlineData("Patient?_has:Observation:patient:code=B", "p1 p2")]
    [InlineData("Patient?_has:Observation:patient:code=C", "")]
    [InlineData("Patient?_has:Observation:subject:code=A", "p1")]
    [InlineData("Patient?_has:Observation:patient:code=A&gender=female", "")]
    [InlineData("Patient?_has:Observation:patient:code=A,B", "p1 p2")]
    [InlineData("Patient?_has:Observation:patient:code=A&_has:Observation:patient:code=B", "p1")]
    [InlineData("Patient?_has:Encounter:patient:status=planned", "p2")]
    [InlineData("Practitioner?_has:Patient:general-practitioner:gender=female", "doc2")]
    [InlineData("Observation?_has:Provenance:target:agent={doc}", "o1")]
    [InlineData("Patient?_has:Observation:patient:_id={o2}", "p2")]
    public Task Has_asks_something_of_what_points_here(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?_has:Observation:patient:_has:Provenance:target:agent={doc}", "p1")]
    [InlineData("Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final", "p1")]
    [InlineData("Patient?_has:Observation:patient:encounter.status=planned", "p2")]
    [InlineData("Encounter?patient._has:Observation:patient:status=preliminary", "e1")]
    [InlineData("Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=A", "doc")]
    [InlineData("Observation?patient._has:Encounter:patient:class=IMP", "o2")]
    public Task Has_and_chains_can_be_mixed(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Observation?code.name=x")]
    [InlineData("Observation?subject:Practitioner.name=x")]
    [InlineData("Observation?patient.gender:exact=x")]
    [InlineData("Patient?_has:Observation:code:status=final")]
    [InlineData("Patient?_has:Nothing:patient:code=x")]
    [InlineData("Patient?_has:Observation=x")]
    [InlineData("Patient?_has:Observation:patient=x")]
    [InlineData("Patient?_has:Encounter:location:status=x")]
    [InlineData("Observation?patient..name=x")]
    public Task A_path_that_leads_nowhere_is_refused(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("Observation?patient.nothing=x")]
    [InlineData("Patient?_has:Observation:patient:nothing=x")]
    public async Task An_unknown_parameter_at_the_end_is_reported_and_under_strict_handling_refused(string search)
    {
        Answer lenient = await GetAsync(search + "&_count=1");
        Answer strict = await GetAsync(search, ("Prefer", "handling=strict"));

        Assert.Contains("nothing", Assert.Single(lenient.Entries("outcome")).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, strict.Status);
    }

    [Fact]
    public async Task A_path_without_end_is_too_costly()
    {
        string path = string.Join('.', Enumerable.Repeat("partof", 12)) + ".name=x";

        Answer answer = await RefusedAsync($"Organization?{path}", HttpStatusCode.UnprocessableEntity);

        Assert.Equal(["too-costly"], answer.IssueCodes);
    }

    [Theory]
    [InlineData("_has:Observation:{0}")]
    [InlineData("_has:Observation:{0}:code")]
    [InlineData("organization:{0}.name")]
    [InlineData("organization.{0}")]
    [InlineData("gender.{0}")]
    public async Task A_long_name_is_not_repeated_in_the_answer(string name)
    {
        Answer answer = await GetAsync($"Patient?{string.Format(name, new string('x', 4000))}=1", ("Prefer", "handling=strict"));

        Assert.InRange(answer.Body.Length, 100, 3000);
    }
}
