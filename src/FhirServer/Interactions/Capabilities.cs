using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.FhirServer.Cli;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Interactions;

/// <summary>capabilities: https://hl7.org/fhir/R4/http.html#capabilities</summary>
internal sealed class Capabilities(CapabilityStatement statement) : IInteraction
{
    public ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Result<FhirResponse>>(FhirResponse.Of(statement.Json));
}

/// <summary>What this server does, and nothing that it does not do; written once at start.</summary>
internal sealed class CapabilityStatement
{
    public CapabilityStatement(ServerOptions options, TimeProvider time) => Json = Write(options, time.GetUtcNow());

    public ReadOnlyMemory<byte> Json { get; }

    private static ReadOnlyMemory<byte> Write(ServerOptions options, DateTimeOffset date)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "CapabilityStatement"u8);
        json.WriteString("status"u8, "active"u8);
        json.WriteString("date"u8, date.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        json.WriteString("kind"u8, "instance"u8);
        WriteSoftware(json);
        WriteImplementation(json, options);
        json.WriteString("fhirVersion"u8, "4.0.1"u8);
        json.WriteStartArray("format"u8);
        json.WriteStringValue("application/fhir+json"u8);
        json.WriteStringValue("application/fhir+xml"u8);
        json.WriteEndArray();
        WriteRest(json);
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteSoftware(Utf8JsonWriter json)
    {
        json.WriteStartObject("software"u8);
        json.WriteString("name"u8, "HealthChain"u8);
        json.WriteString("version"u8, CommandLine.Version);
        json.WriteEndObject();
    }

    private static void WriteImplementation(Utf8JsonWriter json, ServerOptions options)
    {
        json.WriteStartObject("implementation"u8);
        json.WriteString("description"u8, "HealthChain FHIR R4 server"u8);
        if (options.BaseUrl is not null)
        {
            json.WriteString("url"u8, options.BaseUrl);
        }

        json.WriteEndObject();
    }

    private static void WriteRest(Utf8JsonWriter json)
    {
        json.WriteStartArray("rest"u8);
        json.WriteStartObject();
        json.WriteString("mode"u8, "server"u8);
        json.WriteString("documentation"u8, "The capabilities interaction; no resource type is stored yet."u8);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
