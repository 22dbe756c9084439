using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Cli;
using HealthChain.FhirServer.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Subscriptions;

namespace HealthChain.FhirServer.Responses;

/// <summary>
/// Writes what this server does, and nothing that it does not do: every line is asked of the part that serves it.
/// https://hl7.org/fhir/R4/capabilitystatement.html
/// </summary>
internal sealed class CapabilityStatement(
    ServerOptions options, FhirService service, OperationTable operations, SearchParameterSet parameters, DefinitionSet definitions)
{
    public ReadOnlyMemory<byte> ToJson(DateTimeOffset date)
    {
        var body = new ArrayBufferWriter<byte>(1 << 20);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "CapabilityStatement"u8);
        WriteHead(json, options, date, "HealthChainServer", "HealthChain FHIR R4 server");
        json.WriteString("fhirVersion"u8, "4.0.1"u8);
        Strings(json, "format", ["application/fhir+json", "application/fhir+xml", "json", "xml"]);
        if (Offers(new RequestTarget(TargetKind.Instance, ResourceTypes.All[0], "1"), HttpVerb.Patch))
        {
            Strings(json, "patchFormat", ["application/json-patch+json", "application/xml-patch+xml", "application/fhir+json", "application/fhir+xml"]);
        }

        json.WriteStartArray("rest"u8);
        WriteRest(json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    /// <summary>What every statement of this server begins with.</summary>
    public static void WriteHead(Utf8JsonWriter json, ServerOptions options, DateTimeOffset date, string name, string title)
    {
        if (options.BaseUrl is not null)
        {
            json.WriteString("url"u8, options.BaseUrl + "/metadata");
        }

        json.WriteString("version"u8, CommandLine.Version);
        json.WriteString("name"u8, name);
        json.WriteString("title"u8, title);
        json.WriteString("status"u8, "active"u8);
        json.WriteString("date"u8, date.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        json.WriteString("kind"u8, "instance"u8);
        json.WriteStartObject("software"u8);
        json.WriteString("name"u8, "HealthChain"u8);
        json.WriteString("version"u8, CommandLine.Version);
        json.WriteEndObject();
        json.WriteStartObject("implementation"u8);
        json.WriteString("description"u8, title);
        if (options.BaseUrl is not null)
        {
            json.WriteString("url"u8, options.BaseUrl);
        }

        json.WriteEndObject();
    }

    private void WriteRest(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteWebSocket(json);
        json.WriteString("mode"u8, "server"u8);
        WriteSecurity(json);
        Dictionary<TypeSchema, List<string>> pointers = Pointers();
        json.WriteStartArray("resource"u8);
        foreach (TypeSchema type in ResourceTypes.All.OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            WriteResource(json, type, pointers.GetValueOrDefault(type, []));
        }

        json.WriteEndArray();
        WriteSystem(json);
        json.WriteEndObject();
    }

    /// <summary>Where websockets are opened, which only a server that knows its address can say: http://hl7.org/fhir/R4/extension-capabilitystatement-websocket.html</summary>
    private void WriteWebSocket(Utf8JsonWriter json)
    {
        string at = options.BaseUrl ?? options.Urls.Split(';')[0].Trim().TrimEnd('/').Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal) + FhirEndpoint.Path;
        json.WriteStartArray("extension"u8);
        json.WriteStartObject();
        json.WriteString("url"u8, "http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket"u8);
        json.WriteString("valueUri"u8, string.Concat("ws", at.AsSpan("http".Length), SubscriptionSockets.Path.AsSpan(FhirEndpoint.Path.Length)));
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void WriteSecurity(Utf8JsonWriter json)
    {
        json.WriteStartObject("security"u8);
        json.WriteString("description"u8, options.Development
            ? "Development mode: requests from this machine need no login."
            : "Requests need a bearer token (RFC 6750).");
        json.WriteEndObject();
    }

    private void WriteResource(Utf8JsonWriter json, TypeSchema type, List<string> pointers)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type.Name);
        json.WriteString("profile"u8, "http://hl7.org/fhir/StructureDefinition/" + type.Name);
        if (type.Name == AuditEvents.Type)
        {
            json.WriteString("documentation"u8, AuditedStore.Documentation);
        }

        var instance = new RequestTarget(TargetKind.Instance, type, "1");
        var version = new RequestTarget(TargetKind.Version, type, "1", "1");
        var whole = new RequestTarget(TargetKind.Type, type);
        WriteInteractions(json, [
            ("read", Offers(instance, HttpVerb.Get)),
            ("vread", Offers(version, HttpVerb.Get)),
            ("update", Offers(instance, HttpVerb.Put)),
            ("patch", Offers(instance, HttpVerb.Patch)),
            ("delete", Offers(instance, HttpVerb.Delete)),
            ("history-instance", Offers(new RequestTarget(TargetKind.InstanceHistory, type, "1"), HttpVerb.Get)),
            ("history-type", Offers(new RequestTarget(TargetKind.TypeHistory, type), HttpVerb.Get)),
            ("create", Offers(whole, HttpVerb.Post)),
            ("search-type", Offers(whole, HttpVerb.Get)),
        ]);
        json.WriteString("versioning"u8, "versioned"u8);
        json.WriteBoolean("readHistory"u8, Offers(version, HttpVerb.Get));
        json.WriteBoolean("updateCreate"u8, options.ClientIds && Offers(instance, HttpVerb.Put));
        json.WriteBoolean("conditionalCreate"u8, Offers(whole, HttpVerb.Post));
        json.WriteString("conditionalRead"u8, "full-support"u8);
        json.WriteBoolean("conditionalUpdate"u8, Offers(whole, HttpVerb.Put));
        json.WriteString("conditionalDelete"u8, !Offers(whole, HttpVerb.Delete) ? "not-supported"u8 : options.Limits.ConditionalDeletes > 1 ? "multiple"u8 : "single"u8);
        Strings(json, "referencePolicy", ["literal", "logical"]);
        IndexedParameter[] served = [.. parameters.Of(type).Where(IsServed).OrderBy(parameter => parameter.Code, StringComparer.Ordinal)];
        Strings(json, "searchInclude", ["*", .. served.Where(IsReference).Select(parameter => $"{type.Name}:{parameter.Code}")]);
        if (type.Name != AuditEvents.Type)
        {
            Strings(json, "searchRevInclude", ["*", .. pointers]);
        }

        WriteParameters(json, served);
        WriteOperations(json, OperationLevels.Type | OperationLevels.Instance | OperationLevels.Version, type);
        json.WriteEndObject();
    }

    private void WriteSystem(Utf8JsonWriter json)
    {
        var system = new RequestTarget(TargetKind.System);
        WriteInteractions(json, [
            ("transaction", Offers(system, HttpVerb.Post)),
            ("batch", Offers(system, HttpVerb.Post)),
            ("search-system", Offers(system, HttpVerb.Get)),
            ("history-system", Offers(new RequestTarget(TargetKind.SystemHistory), HttpVerb.Get)),
        ]);
        IndexedParameter[] common =
        [
            .. parameters.Of(ResourceTypes.All[0])
                .Where(parameter => IsServed(parameter) && ResourceTypes.All.All(type => parameters.Find(type, parameter.Code) == parameter))
                .OrderBy(parameter => parameter.Code, StringComparer.Ordinal),
        ];
        WriteParameters(json, common);
        WriteOperations(json, OperationLevels.System, null);
        Strings(json, "compartment", definitions.Compartments.Select(compartment => compartment.Url).Order(StringComparer.Ordinal));
    }

    private static void WriteInteractions(Utf8JsonWriter json, ReadOnlySpan<(string Code, bool IsServed)> interactions)
    {
        json.WriteStartArray("interaction"u8);
        foreach ((string code, bool isServed) in interactions)
        {
            if (isServed)
            {
                json.WriteStartObject();
                json.WriteString("code"u8, code);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static void WriteParameters(Utf8JsonWriter json, IndexedParameter[] served)
    {
        if (served.Length == 0)
        {
            return;
        }

        json.WriteStartArray("searchParam"u8);
        foreach (IndexedParameter parameter in served)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, parameter.Code);
            json.WriteString("definition"u8, parameter.Definition.Url);
            json.WriteString("type"u8, parameter.Type.ToString().ToLowerInvariant());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteOperations(Utf8JsonWriter json, OperationLevels levels, TypeSchema? type)
    {
        IOperation[] served =
        [
            .. operations.All
                .Where(operation => (operation.Levels & levels) != 0 && (type is null || operation.Types.Count == 0 || operation.Types.Contains(type.Name)))
                .OrderBy(operation => operation.Name, StringComparer.Ordinal),
        ];
        if (served.Length == 0)
        {
            return;
        }

        json.WriteStartArray("operation"u8);
        foreach (IOperation operation in served)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, operation.Name);
            json.WriteString("definition"u8, operation.Definition);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>For each type the references that may point at it, as <c>Source:parameter</c>; but those of AuditEvents are not followed back.</summary>
    private Dictionary<TypeSchema, List<string>> Pointers()
    {
        var pointers = ResourceTypes.All.ToDictionary(type => type, _ => new List<string>());
        foreach (TypeSchema source in ResourceTypes.All.Where(type => type.Name != AuditEvents.Type).OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            foreach (IndexedParameter reference in parameters.Of(source).Where(IsReference).OrderBy(parameter => parameter.Code, StringComparer.Ordinal))
            {
                foreach (TypeSchema target in ResourceTypes.TargetsOf(reference))
                {
                    pointers[target].Add($"{source.Name}:{reference.Code}");
                }
            }
        }

        return pointers;
    }

    private bool Offers(RequestTarget target, HttpVerb verb) => service.Offers(target, verb);

    private bool IsServed(IndexedParameter parameter) => ServedDefinitions.IsServed(parameters, parameter);

    private static bool IsReference(IndexedParameter parameter) => parameter is { Type: SearchParameterType.Reference, IsExtracted: true };

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
