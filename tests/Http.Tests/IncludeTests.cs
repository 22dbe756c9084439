using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#include and #revinclude</summary>
public sealed class IncludeTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Organization","id":"{org}","name":"Clinic"}""",
        """{"resourceType":"Questionnaire","id":"{form}","url":"http://example.org/{run}/form","status":"active"}""",
        """{"resourceType":"QuestionnaireResponse","id":"{answers}","questionnaire":"http://example.org/{run}/form|3","status":"completed"}""",
        """{"resourceType":"Organization","id":"{dept}","name":"Ward","partOf":{"reference":"Organization/{org}"}}""",
        """{"resourceType":"Practitioner","id":"{doc}","name":[{"family":"House"}]}""",
        """{"resourceType":"Patient","id":"{p1}","generalPractitioner":[{"reference":"Practitioner/{doc}"}],"managingOrganization":{"reference":"Organization/{dept}"}}""",
        """{"resourceType":"Patient","id":"{p2}","link":[{"other":{"reference":"Patient/{p1}"},"type":"seealso"}]}""",
        """{"resourceType":"Encounter","id":"{e1}","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{p1}"},"participant":[{"individual":{"reference":"Practitioner/{doc}"}}]}""",
        """{"resourceType":"Observation","id":"{o1}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{p1}"},"encounter":{"reference":"Encounter/{e1}"},"performer":[{"reference":"Practitioner/{doc}"}]}""",
        """{"resourceType":"Observation","id":"{o2}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Observation","id":"{o3}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{gone}"}}""",
        """{"resourceType":"Observation","id":"{o4}","status":"final","code":{"text":"x"},"subject":{"reference":"http://elsewhere.org/Patient/{p1}"}}""",
        """{"resourceType":"Provenance","id":"{pr}","target":[{"reference":"Observation/{o1}"},{"reference":"Patient/{p1}"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"reference":"Practitioner/{doc}"}}]}""",
        """{"resourceType":"Observation","id":"{ring1}","status":"final","code":{"text":"x"},"hasMember":[{"reference":"Observation/{ring2}"}]}""",
        """{"resourceType":"Observation","id":"{ring2}","status":"final","code":{"text":"x"},"hasMember":[{"reference":"Observation/{ring1}"}]}""",
    ];

    [Theory]
    [InlineData("Observation?_id={o1}&_include=Observation:subject", "p1")]
    [InlineData("Observation?_id={o1}&_include=Observation:patient", "p1")]
    [InlineData("Observation?_id={o1}&_include=Observation:subject:Patient", "p1")]
    [InlineData("Observation?_id={o1}&_include=Observation:subject:Group", "")]
    [InlineData("Observation?_id={o1}&_include=Observation:subject&_include=Observation:encounter", "p1 e1")]
    [InlineData("Observation?_id={o1}&_include=Observation:*", "p1 e1 doc")]
    [InlineData("Observation?_id={o1}&_include=*", "p1 e1 doc")]
    [InlineData("Observation?_id={o1}&_include=Encounter:participant", "")]
    [InlineData("Observation?_id={o3}&_include=Observation:subject", "")]
    [InlineData("Observation?_id={o4}&_include=Observation:subject", "")]
    [InlineData("Observation?_id={o1},{o2}&_include=Observation:subject", "p1")]
    [InlineData("Patient?_id={p1}&_include=Patient:organization", "dept")]
    [InlineData("QuestionnaireResponse?_id={answers}&_include=QuestionnaireResponse:questionnaire", "form")]
    [InlineData("QuestionnaireResponse?_id={answers}&_include=*", "form")]
    public Task Include_adds_what_matches_point_at(string search, string keys) => IncludesAsync(search, keys);

    [Theory]
    [InlineData("Patient?_id={p1}&_revinclude=Observation:subject", "o1 o2")]
    [InlineData("Patient?_id={p1}&_revinclude=Observation:patient", "o1 o2")]
    [InlineData("Patient?_id={p1}&_revinclude=Encounter:patient", "e1")]
    [InlineData("Patient?_id={p1}&_revinclude=Observation:subject&_revinclude=Encounter:patient", "o1 o2 e1")]
    [InlineData("Patient?_id={p1}&_revinclude=Provenance:target", "pr")]
    [InlineData("Observation?_id={o1}&_revinclude=Provenance:target:Observation", "pr")]
    [InlineData("Observation?_id={o1}&_revinclude=Provenance:target:Patient", "")]
    [InlineData("Patient?_id={p1}&_revinclude=Patient:link", "p2")]
    [InlineData("Patient?_id={p2}&_revinclude=Observation:subject", "")]
    [InlineData("Questionnaire?_id={form}&_revinclude=QuestionnaireResponse:questionnaire", "answers")]
    [InlineData("Patient?_id={p1}&_revinclude=Observation:*", "o1 o2")]
    [InlineData("Patient?_id={p1}&_revinclude=*", "o1 o2 e1 pr p2")]
    [InlineData("Patient?_id={p1}&_include=Patient:general-practitioner&_revinclude=Encounter:patient", "doc e1")]
    public Task Revinclude_adds_what_points_at_matches(string search, string keys) => IncludesAsync(search, keys);

    [Theory]
    [InlineData("Observation?_id={o1}&_include=Observation:subject&_include=Patient:organization", "p1")]
    [InlineData("Observation?_id={o1}&_include=Observation:subject&_include:iterate=Patient:organization", "p1 dept")]
    [InlineData("Observation?_id={o1}&_include=Observation:subject&_include:recurse=Patient:organization", "p1 dept")]
    [InlineData("Observation?_id={o1}&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof", "p1 dept org")]
    [InlineData("Observation?_id={ring1}&_include:iterate=Observation:has-member", "ring2")]
    [InlineData("Practitioner?_id={doc}&_revinclude=Patient:general-practitioner&_revinclude:iterate=Observation:subject", "p1 o1 o2")]
    [InlineData("Organization?_id={org}&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization", "dept p1")]
    public Task Iterate_follows_from_included_resources_too(string search, string keys) => IncludesAsync(search, keys);

    private async Task IncludesAsync(string search, string keys)
    {
        Answer answer = await SearchAsync(search);

        Assert.Equal(Words(keys).Order(StringComparer.Ordinal), KeysOf(answer, "include").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_match_is_not_included_again()
    {
        Answer answer = await SearchAsync("Patient?_id={p1},{p2}&_include=Patient:link");

        Assert.Equal(["p1", "p2"], KeysOf(answer, "match").Order(StringComparer.Ordinal));
        Assert.Empty(KeysOf(answer, "include"));
    }

    [Fact]
    public async Task The_total_counts_matches_alone()
    {
        Answer answer = await SearchAsync("Observation?_id={o1}&_include=*");

        Assert.Equal(1, (int)answer.Json["total"]!);
    }

    [Fact]
    public async Task A_deleted_target_is_left_out()
    {
        string patient = Unique("inc");
        string observation = Unique("inc");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{patient}}"}""");
        await StoreAsync($$$"""{"resourceType":"Observation","id":"{{{observation}}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{{patient}}}"}}""");
        string search = $"Observation?_id={observation}&_include=Observation:subject";

        Assert.Single((await GetAsync(search)).Entries("include"));
        await RemoveAsync("Patient", patient);

        Assert.Empty((await GetAsync(search)).Entries("include"));
    }

    [Theory]
    [InlineData("Observation?_include=Observation")]
    [InlineData("Observation?_include=Observation:code")]
    [InlineData("Observation?_include=Nothing:subject")]
    [InlineData("Observation?_include=Observation:subject:Nothing")]
    [InlineData("Observation?_include=Observation:subject:Practitioner")]
    [InlineData("Observation?_include:foo=Observation:subject")]
    [InlineData("Observation?_include=Observation:subject:Patient:x")]
    [InlineData("Observation?_summary=text&_include=Observation:subject")]
    [InlineData("Patient?_summary=text&_revinclude=Observation:subject")]
    public Task What_cannot_be_followed_is_refused(string search) => RefusedAsync(search);

    [Fact]
    public async Task An_unknown_reference_is_reported()
    {
        Answer answer = await SearchAsync("Observation?_id={o1}&_include=Observation:nothing");

        Assert.Contains("nothing", Assert.Single(answer.Entries("outcome")).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync("Observation?_include=Observation:nothing", ("Prefer", "handling=strict"))).Status);
    }

    [Fact]
    public async Task Too_many_includes_are_too_costly()
    {
        string many = string.Join('&', Enumerable.Repeat("_include=Observation:subject", 60));

        await RefusedAsync("Observation?" + many, HttpStatusCode.UnprocessableEntity);
    }
}
