using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;

namespace HealthChain.FhirServer.Definitions;

/// <summary>Writes definitions that the server works by as the resources that they were read from, as far as the server knows them.</summary>
internal static class DefinitionText
{
    public static ReadOnlyMemory<byte> Of(SearchParameter parameter) => Write(parameter, parameter.Name, parameter.Status, json =>
    {
        json.WriteString("description", parameter.Description ?? parameter.Name);
        json.WriteString("code", parameter.Code);
        json.WriteTexts("base", parameter.Bases);
        json.WriteString("type", parameter.Type.ToString().ToLowerInvariant());
        json.WriteText("expression", parameter.Expression);
        json.WriteText("xpathUsage", parameter.XPathUsage);
        json.WriteTexts("target", parameter.Targets);
        json.WriteFlag("multipleOr", parameter.MultipleOr);
        json.WriteFlag("multipleAnd", parameter.MultipleAnd);
        json.WriteTexts("comparator", parameter.Comparators);
        json.WriteTexts("modifier", parameter.Modifiers);
        json.WriteTexts("chain", parameter.Chains);
        json.WriteObjects("component", parameter.Components, component =>
        {
            json.WriteString("definition", component.Definition);
            json.WriteString("expression", component.Expression);
        });
    });

    public static ReadOnlyMemory<byte> Of(OperationDefinition operation) => Write(operation, operation.Name, null, json =>
    {
        json.WriteString("kind", operation.OperationKind ?? "operation");
        json.WriteFlag("affectsState", operation.AffectsState);
        json.WriteString("code", operation.Code);
        json.WriteTexts("resource", operation.ResourceTypes);
        json.WriteBoolean("system", operation.OnSystem);
        json.WriteBoolean("type", operation.OnType);
        json.WriteBoolean("instance", operation.OnInstance);
        json.WriteObjects("parameter", operation.Parameters, parameter => Write(json, parameter));
    });

    public static ReadOnlyMemory<byte> Of(CompartmentDefinition compartment) => Write(compartment, compartment.Code, null, json =>
    {
        json.WriteString("code", compartment.Code);
        json.WriteBoolean("search", true);
        json.WriteObjects("resource", compartment.Resources, resource =>
        {
            json.WriteString("code", resource.Type);
            json.WriteTexts("param", resource.Parameters);
        });
    });

    /// <summary>A definition of that canonical with what all definitions begin with.</summary>
    public static ReadOnlyMemory<byte> Write(IDefinition definition, string name, string? status, Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using var json = new Utf8JsonWriter(buffer, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType", definition.Kind.ToString());
        json.WriteString("url", definition.Url);
        json.WriteText("version", definition.Version);
        json.WriteString("name", name);
        json.WriteString("status", status ?? "active");
        body(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public static void Write(Utf8JsonWriter json, Binding? binding)
    {
        // Words alone cannot be given, since the server does not know them.
        if (binding?.ValueSet is not null)
        {
            json.WriteStartObject("binding");
            json.WriteString("strength", binding.Strength.ToString().ToLowerInvariant());
            json.WriteText("valueSet", binding.ValueSet);
            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, OperationParameter parameter)
    {
        json.WriteString("name", parameter.Name);
        json.WriteString("use", parameter.IsInput ? "in" : "out");
        json.WriteNumber("min", parameter.Min);
        json.WriteString("max", Max(parameter.Max));
        json.WriteText("type", parameter.Type);
        json.WriteTexts("targetProfile", parameter.TargetProfiles);
        json.WriteText("searchType", parameter.SearchType);
        Write(json, parameter.Binding);
        json.WriteObjects("part", parameter.Parts, part => Write(json, part));
    }

    public static string Max(int max) => max == int.MaxValue ? "*" : max.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
