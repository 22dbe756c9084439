using System.Net;
using System.Text;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>Whatever a client sends, it gets an answer that says what is wrong with it; a failure of the server (5xx) is a bug.</summary>
public sealed class WriteRobustnessTests(FhirServerFixture server) : FhirTest(server)
{
    private const string Urn = "urn:uuid:6e6e6e6e-1111-4222-8333-444444444444";

    private static readonly string[] Pieces =
    [
        "\"", "{", "}", "[", "]", ",", ":", "\\", "null", "true", "0", "-1", "1e999", "\\u0000", "\\ud800", "?", "&", "=", "|", "#", "/", "/_history/", "$", "%", "%2",
        "urn:uuid:", "Patient", "Patient/", "Patient?", "?identifier=", "_has:", "Bundle", "resourceType", "Parameters", "é", "\u0001", " ", "<a href='x'>", "DELETE", "PATCH",
    ];

    [Fact]
    public async Task Mutated_transactions_and_batches_never_break_the_server()
    {
        string id = await CreateAsync(Samples.Patient(identifier: Unique()));
        string patch = Convert.ToBase64String("[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]"u8);
        string[] entries =
        [
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: "i", more: "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><a href=\\\"" + Urn + "\\\">x</a></div>\"}"), Urn, "\"ifNoneExist\":\"identifier=i\""),
            Samples.Entry("POST", "Observation", Samples.Observation(Urn + "/_history/3", more: "\"performer\":[{\"reference\":\"Patient?identifier=i\"}]"), "http://source.example.com/Observation/1"),
            Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id), "http://source.example.com/Patient/" + id, "\"ifMatch\":\"W/\\\"1\\\"\""),
            Samples.Entry("PATCH", "Patient/" + id, $"{{\"resourceType\":\"Binary\",\"contentType\":\"application/json-patch+json\",\"data\":\"{patch}\"}}"),
            Samples.Entry("DELETE", "Patient?identifier=nobody"),
            Samples.Entry("GET", "Patient?identifier=i&_include=*", conditions: "\"ifModifiedSince\":\"2020-01-01T00:00:00Z\""),
        ];
        await MutateAsync(Samples.Transaction(entries), 400, body => PostAsync("", body));
        await MutateAsync(Samples.Batch(entries), 200, body => PostAsync("", body));
    }

    [Fact]
    public async Task Mutated_resources_never_break_the_server()
    {
        string body = Samples.Patient(identifier: "i", more: "\"contact\":[{\"name\":{\"family\":\"F\"}}],\"_birthDate\":{\"extension\":[{\"url\":\"http://e.example.com\",\"valueString\":\"x\"}]},\"birthDate\":\"2000-01-01\"");
        await MutateAsync(body, 300, mutated => PostAsync("Patient", mutated));
    }

    [Theory]
    [InlineData("application/json-patch+json", "[{\"op\":\"replace\",\"path\":\"/name/0/family\",\"value\":\"X\"},{\"op\":\"move\",\"from\":\"/name/0\",\"path\":\"/name/1\"}]")]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"type\",\"valueCode\":\"add\"},{\"name\":\"path\",\"valueString\":\"Patient.name[0]\"},{\"name\":\"name\",\"valueString\":\"given\"},{\"name\":\"value\",\"valueString\":\"G\"}]}]}")]
    [InlineData("application/xml-patch+xml", "<diff xmlns:f=\"http://hl7.org/fhir\"><replace sel=\"f:Patient/f:name[1]/f:family/@value\">X</replace></diff>")]
    public async Task Mutated_patches_never_break_the_server(string mediaType, string patch)
    {
        string id = await CreateAsync(Samples.Patient());

        await MutateAsync(patch, 150, mutated => PatchAsync("Patient/" + id, mutated, mediaType));
    }

    [Fact]
    public async Task Mutated_criteria_never_break_the_server()
    {
        await MutateAsync("identifier=http://ids.example.com/mrn|i&name:exact=A,B&_has:Observation:patient:code=x&birthdate=ge2000", 200, async criteria =>
        {
            // What no header may hold is never sent.
            string header = new([.. criteria.Where(letter => letter is >= ' ' and < (char)127)]);
            return await PostAsync("Patient", Samples.Patient(), ("If-None-Exist", header));
        });
    }

    private static async Task MutateAsync(string text, int rounds, Func<string, Task<Answer>> send)
    {
        var random = new Random(text.Length);
        for (int round = 0; round < rounds; round++)
        {
            var mutated = new StringBuilder(text);
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int place = random.Next(mutated.Length);
                int removed = random.Next(3) == 0 ? 0 : random.Next(1, Math.Min(12, mutated.Length - place) + 1);
                mutated.Remove(place, removed);
                mutated.Insert(place, Pieces[random.Next(Pieces.Length)]);
            }

            Answer answer = await send(mutated.ToString());
            Assert.True(answer.Status < HttpStatusCode.InternalServerError, $"{answer.Status} {answer.Body} on: {mutated}");
        }
    }
}
