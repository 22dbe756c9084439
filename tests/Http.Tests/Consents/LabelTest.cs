using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>A server with a practitioner and a patient who log in, for tests of labels and of what is withheld by them.</summary>
public sealed class LabelServer : IAsyncLifetime
{
    internal const string Operator = "the-operator-of-label-tests";
    internal const string Doctor = "the-doctor-of-label-tests";
    internal const string Patient = "the-patient-of-label-tests";

    /// <summary>May do all to what is not labelled V.</summary>
    internal const string Discreet = "the-discreet-doctor-of-label-tests";
    private const string NotV = "_security:not=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|V";

    internal FhirServerFixture Server { get; } = new(new ServerOptions
    {
        ConsentPolicy = HealthChain.Consent.ImplicitPolicy.AllNormal.Uri,
        ClientAssignedIds = true,
        Tokens =
        [
            new TokenOptions { Token = Operator, Name = "operator" },
            new TokenOptions { Token = Doctor, Name = "doctor", Role = Role.Practitioner, FhirUser = "Practitioner/doctor", Organisation = "Organization/clinic", Purpose = "TREAT" },
            new TokenOptions
            {
                Token = Discreet,
                Name = "discreet",
                Role = Role.Practitioner,
                FhirUser = "Practitioner/doctor",
                Organisation = "Organization/clinic",
                Scopes = $"user/Observation.cruds?{NotV} user/Patient.cruds?{NotV} user/Practitioner.rs user/Organization.rs",
            },
            new TokenOptions { Token = Patient, Name = "patient", Role = Role.Patient, FhirUser = "Patient/pat" },
        ],
    });

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        Server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Operator);
        await Server.StoreAsync("Organization", "clinic", """{"resourceType":"Organization","id":"clinic","name":"Clinic"}""");
        await Server.StoreAsync("Practitioner", "doctor", """{"resourceType":"Practitioner","id":"doctor"}""");
        await Server.StoreAsync("Patient", "pat", """{"resourceType":"Patient","id":"pat","managingOrganization":{"reference":"Organization/clinic"}}""");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What tests of labels share.</summary>
public abstract class LabelTest(LabelServer server) : FhirTest(server.Server), IClassFixture<LabelServer>
{
    protected const string ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    protected const string Confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

    protected static (string Name, string Value) As(string token) => ("Authorization", "Bearer " + token);

    protected static string Coding(string system, string code) => $$"""{"system":"{{system}}","code":"{{code}}"}""";

    protected static string Label(string code) => code.Length == 1 ? Coding(Confidentiality, code) : Coding(ActCode, code);

    protected static string Observation(string? id, string codings, string labels = "", string more = "") => $$"""
        {"resourceType":"Observation"{{(id is null ? "" : $",\"id\":\"{id}\"")}}{{(labels.Length == 0 ? "" : $",\"meta\":{{\"security\":[{labels}]}}")}},
         "status":"final","code":{"coding":[{{codings}}]},"subject":{"reference":"Patient/pat"}{{more}}}
        """;

    protected static readonly string Hiv = Coding("http://snomed.info/sct", "86406008");
    protected static readonly string Harmless = Coding("http://loinc.org", "8867-4");

    /// <summary>Labels of a resource, those that the server gave with an asterisk; in order of their codes.</summary>
    protected static string LabelsOf(JsonNode resource) => string.Join(' ', ((JsonArray?)resource["meta"]?["security"] ?? [])
        .Select(label => (string)label!["code"]! + (label["extension"] is null ? "" : "*")).Order(StringComparer.Ordinal));

    protected async Task<string> LabelsAsync(string path) => LabelsOf((await GetAsync(path)).Json);
}
