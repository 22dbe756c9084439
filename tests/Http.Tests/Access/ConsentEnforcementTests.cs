using System.Text.Json.Nodes;
using Xunit;
using static HealthChain.Http.Tests.Access.ConsentServer;

namespace HealthChain.Http.Tests.Access;

public sealed class ConsentEnforcementTests(ConsentServer server) : IClassFixture<ConsentServer>
{
    [Fact]
    public async Task Without_consents_the_holder_of_a_record_sees_it_and_others_do_not()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);

        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{observation}"));
        Assert.Equal(200, await server.StatusAsync(Nurse, $"Observation/{observation}"));
        Assert.Equal(404, await server.StatusAsync(Stranger, $"Observation/{observation}"));
        Assert.Equal(404, await server.StatusAsync(Stranger, $"Patient/{patient}"));
        Assert.Equal(1, await server.CountAsync(Doctor, $"Observation?patient={patient}"));
        Assert.Equal(0, await server.CountAsync(Stranger, $"Observation?patient={patient}"));
    }

    [Fact]
    public async Task A_new_patient_is_held_by_the_organisation_of_whoever_adds_the_patient()
    {
        string patient = await server.PatientAsync();

        JsonNode stored = JsonNode.Parse((await server.GetAsync(Doctor, $"Patient/{patient}")).Body)!;
        Assert.Equal("Organization/one", (string?)stored["managingOrganization"]!["reference"]);
    }

    [Fact]
    public async Task A_transaction_may_write_about_a_patient_whom_it_adds()
    {
        MatrixAnswer answer = await server.SendAsync(Stranger, HttpMethod.Post, "", """
            {"resourceType":"Bundle","type":"transaction","entry":[
            {"fullUrl":"urn:uuid:0b1dbd2b-1e13-4f11-a5a4-a3a3a8e9a001","request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}},
            {"request":{"method":"POST","url":"Observation"},"resource":{"resourceType":"Observation","status":"final","code":{"text":"a"},
             "subject":{"reference":"urn:uuid:0b1dbd2b-1e13-4f11-a5a4-a3a3a8e9a001"}}}]}
            """);

        Assert.True(answer.Status == 200, answer.Body);
        string patient = ((string)JsonNode.Parse(answer.Body)!["entry"]![0]!["response"]!["location"]!).Split('/')[^3];
        Assert.Equal(1, await server.CountAsync(Stranger, $"Observation?patient={patient}"));
        Assert.Equal(0, await server.CountAsync(Doctor, $"Observation?patient={patient}"));
    }

    [Fact]
    public async Task A_permission_opens_the_record_to_whom_it_names()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);

        await server.ConsentAsync(patient, Rule("permit", "Organization/two"));

        Assert.Equal(200, await server.StatusAsync(Stranger, $"Observation/{observation}"));
        Assert.Equal(1, await server.CountAsync(Stranger, $"Observation?patient={patient}"));
    }

    [Fact]
    public async Task A_refusal_closes_the_record_even_to_its_holder()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);

        await server.ConsentAsync(patient, Rule("deny", "Practitioner/nurse"));

        Assert.Equal(404, await server.StatusAsync(Nurse, $"Observation/{observation}"));
        Assert.Equal(0, await server.CountAsync(Nurse, $"Observation?patient={patient}"));
        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{observation}"));
    }

    [Fact]
    public async Task A_permission_for_a_purpose_is_none_for_who_names_no_purpose()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);

        await server.ConsentAsync(patient, Rule("permit", "Organization/two", ""","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}]"""));

        Assert.Equal(200, await server.StatusAsync(Stranger, $"Observation/{observation}"));
        Assert.Equal(404, await server.StatusAsync(Purposeless, $"Observation/{observation}"));
    }

    [Fact]
    public async Task To_read_is_not_to_write()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);
        string content = (await server.GetAsync(Doctor, $"Observation/{observation}")).Body;

        await server.ConsentAsync(patient, Rule("permit", "Organization/two", ""","action":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"}]}]"""));

        Assert.Equal(200, await server.StatusAsync(Stranger, $"Observation/{observation}"));
        Assert.Equal(403, (await server.SendAsync(Stranger, HttpMethod.Put, $"Observation/{observation}", content)).Status);
        Assert.Equal(403, (await server.SendAsync(Stranger, HttpMethod.Delete, $"Observation/{observation}")).Status);
        Assert.Equal(403, (await server.SendAsync(Stranger, HttpMethod.Post, "Observation", content)).Status);
    }

    [Fact]
    public async Task A_patient_sees_her_own_whatever_she_refused()
    {
        string observation = await server.ObservationAsync("self");

        string consent = await server.ConsentAsync("self", """{"type":"deny"}""");

        Assert.Equal(200, await server.StatusAsync("patient", $"Observation/{observation}"));
        Assert.Equal(404, await server.StatusAsync(Doctor, $"Observation/{observation}"));
        await server.SendAsync(Operator, HttpMethod.Delete, $"Consent/{consent}");
        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{observation}"));
    }

    [Theory]
    [InlineData("GuidanceResponse", """ "status":"success","moduleUri":"urn:example:module","subject":{"reference":"Patient/PATIENT"} """)]
    [InlineData("Contract", """ "subject":[{"reference":"Patient/PATIENT"}] """)]
    [InlineData("Device", """ "patient":{"reference":"Patient/PATIENT"} """)]
    [InlineData("Binary", """ "contentType":"text/plain","securityContext":{"reference":"Patient/PATIENT"},"data":"aGVsbG8=" """)]
    [InlineData("Bundle", """ "type":"collection","entry":[{"fullUrl":"urn:uuid:0b1dbd2b-1e13-4f11-a5a4-a3a3a8e9a001","resource":{"resourceType":"Device","patient":{"reference":"Patient/PATIENT"}}}] """)]
    [InlineData("Bundle", """ "type":"collection","entry":[{"fullUrl":"urn:uuid:0b1dbd2b-1e13-4f11-a5a4-a3a3a8e9a001","resource":{"resourceType":"Flag","status":"active","code":{"text":"a"},"subject":{"reference":"Patient/PATIENT"}}}] """)]
    public async Task What_names_a_patient_outside_the_compartment_is_the_patients_too(string type, string members)
    {
        string patient = await server.PatientAsync();
        string json = $$"""{"resourceType":"{{type}}",{{members.Replace("PATIENT", patient, StringComparison.Ordinal)}}}""";
        string id = await server.CreateAsync(Doctor, json);
        Assert.Equal(200, await server.StatusAsync(Nurse, $"{type}/{id}"));

        await server.ConsentAsync(patient, Rule("deny", "Practitioner/nurse"));

        Assert.Equal(404, await server.StatusAsync(Nurse, $"{type}/{id}"));
        Assert.Equal(0, await server.CountAsync(Nurse, $"{type}?_id={id}"));
        Assert.Equal(403, (await server.SendAsync(Nurse, HttpMethod.Post, type, json)).Status);
        Assert.Equal(200, await server.StatusAsync(Doctor, $"{type}/{id}"));
    }

    [Theory]
    [InlineData("urn:healthchain:policy:holding-organisation")]
    [InlineData("https://profiles.ihe.net/ITI/PCF/Policy-all-normal")]
    public async Task Writing_about_a_patient_tells_not_whether_the_patient_is_there(string policy)
    {
        await using var other = new ConsentServer(policy);
        await other.InitializeAsync();
        string patient = await other.PatientAsync();
        await other.ConsentAsync(patient, Rule("deny", "Practitioner/stranger"));
        static string Flag(string patient) => $$"""{"resourceType":"Flag","status":"active","code":{"text":"a"},"subject":{"reference":"Patient/{{patient}}"} }""";

        MatrixAnswer withheld = await other.SendAsync(Stranger, HttpMethod.Post, "Flag", Flag(patient));
        MatrixAnswer nowhere = await other.SendAsync(Stranger, HttpMethod.Post, "Flag", Flag("5f3d5f1e-1111-4111-8111-111111111111"));

        Assert.Equal(403, withheld.Status);
        Assert.Equal(nowhere, withheld);
    }

    [Fact]
    public async Task What_is_about_two_patients_needs_both()
    {
        (string one, string other) = (await server.PatientAsync(), await server.PatientAsync());
        string appointment = await server.CreateAsync(Doctor, $$"""
            {"resourceType":"Appointment","status":"booked","start":"2026-07-01T10:00:00Z","end":"2026-07-01T11:00:00Z","participant":[
            {"actor":{"reference":"Patient/{{one}}"},"status":"accepted"},{"actor":{"reference":"Patient/{{other}}"},"status":"accepted"}]}
            """);

        await server.ConsentAsync(one, Rule("permit", "Organization/two"));
        Assert.Equal(404, await server.StatusAsync(Stranger, $"Appointment/{appointment}"));
        await server.ConsentAsync(other, Rule("permit", "Organization/two"));
        Assert.Equal(200, await server.StatusAsync(Stranger, $"Appointment/{appointment}"));
    }
}
