using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/compartmentdefinition.html and https://hl7.org/fhir/R4/http.html#vsearch</summary>
public sealed class CompartmentTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{p1}"}""",
        """{"resourceType":"Patient","id":"{p2}","link":[{"other":{"reference":"Patient/{p1}"},"type":"seealso"}]}""",
        """{"resourceType":"Practitioner","id":"{doc}"}""",
        """{"resourceType":"Observation","id":"{o1}","status":"final","code":{"coding":[{"code":"A"}]},"subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Observation","id":"{o2}","status":"final","code":{"coding":[{"code":"B"}]},"subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Observation","id":"{o3}","status":"final","code":{"coding":[{"code":"A"}]},"subject":{"reference":"Patient/{p2}"}}""",
        """{"resourceType":"Observation","id":"{o4}","status":"final","code":{"coding":[{"code":"A"}]},"subject":{"reference":"Group/x"},"performer":[{"reference":"Patient/{p1}"},{"reference":"Practitioner/{doc}"}]}""",
        """{"resourceType":"Encounter","id":"{e1}","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{p1}"}}""",
        """{"resourceType":"Condition","id":"{c1}","subject":{"reference":"Patient/{p1}"},"encounter":{"reference":"Encounter/{e1}"},"asserter":{"reference":"Practitioner/{doc}"}}""",
        """{"resourceType":"Organization","id":"{org}","name":"x"}""",
    ];

    [Theory]
    [InlineData("Patient/{p1}/Observation", "o1 o2 o4")]
    [InlineData("Patient/{p1}/Observation?code=A", "o1 o4")]
    [InlineData("Patient/{p1}/Observation?code=A&subject=Patient/{p1}", "o1")]
    [InlineData("Patient/{p2}/Observation", "o3")]
    [InlineData("Patient/{p1}/Condition", "c1")]
    [InlineData("Patient/{p1}/Encounter", "e1")]
    [InlineData("Patient/{p1}/*", "p1 p2 o1 o2 o4 e1 c1")]
    [InlineData("Patient/{p1}/*?_type=Observation,Condition", "o1 o2 o4 c1")]
    [InlineData("Patient/{p2}/*", "p2 o3")]
    [InlineData("Patient/{p1}/Patient", "p1 p2")]
    [InlineData("Practitioner/{doc}/Observation", "o4")]
    [InlineData("Practitioner/{doc}/*", "doc o4 c1")]
    [InlineData("Encounter/{e1}/Condition", "c1")]
    [InlineData("Patient/{nobody}/Observation", "")]
    [InlineData("Patient?link=Patient/{p1}", "p2")]
    [InlineData("Patient?_has:Patient:link:_id={p2}", "p1")]
    [InlineData("Patient/{p1}/Patient?_id={p2}", "p2")]
    public Task A_compartment_holds_what_belongs_to_its_resource(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient/{p1}/$everything", "c1 e1 o1 o2 o4 p1 p2")]
    [InlineData("Patient/{p2}/$everything", "o3 p2")]
    [InlineData("Patient/{p1}/$everything?_type=Patient", "p1 p2")]
    public async Task Everything_of_a_patient_is_the_compartment_with_linked_patients_but_not_with_their_data(string path, string keys)
    {
        Answer answer = await GetAsync(Fill(path));

        Assert.Equal(keys, string.Join(' ', KeysOf(answer, "match").Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("Patient/{p1}/Organization")]
    [InlineData("Organization/{org}/Observation")]
    [InlineData("Patient/{p1}/*?_type=Organization")]
    public Task What_is_never_in_a_compartment_is_refused(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("Patient/{p1}/Nothing")]
    [InlineData("Patient/{p1}/observation")]
    public Task An_unknown_type_gives_404(string search) => RefusedAsync(search, HttpStatusCode.NotFound);

    [Fact]
    public async Task A_compartment_can_be_searched_by_post()
    {
        Answer answer = await SendAsync(
            HttpMethod.Post, Fill("Patient/{p1}/Observation/_search"), "code=A", ("Content-Type", "application/x-www-form-urlencoded"));

        Assert.Equal(["o1", "o4"], KeysOf(answer, "match").Order(StringComparer.Ordinal));
        Assert.Equal($"{Base}{Fill("Patient/{p1}/Observation?code=A")}", PagingTests.Link(answer, "self"));
    }

    [Fact]
    public async Task Sort_pages_and_includes_work_in_a_compartment()
    {
        Answer answer = await SearchAsync("Patient/{p1}/Observation?_sort=-code&_count=1&_include=Observation:subject");

        Assert.Equal(["o2"], KeysOf(answer, "match"));
        Assert.Equal(["p1"], KeysOf(answer, "include"));
        Assert.Equal(3, (int)answer.Json["total"]!);
        Answer second = await GetAsync(PagingTests.Link(answer, "next")!);
        Assert.Single(second.Entries("match"));
    }
}
