using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Definitions;

/// <summary>Writes definitions that the server works by as the resources that they were read from, as far as the server knows them.</summary>
internal static class DefinitionText
{
    public static ReadOnlyMemory<byte> Of(SearchParameter parameter) => Write(parameter, parameter.Name, parameter.Status, json =>
    {
        json.WriteString("description", parameter.Description ?? parameter.Name);
        json.WriteString("code", parameter.Code);
        Texts(json, "base", parameter.Bases);
        json.WriteString("type", parameter.Type.ToString().ToLowerInvariant());
        Text(json, "expression", parameter.Expression);
        Text(json, "xpathUsage", parameter.XPathUsage);
        Texts(json, "target", parameter.Targets);
        Flag(json, "multipleOr", parameter.MultipleOr);
        Flag(json, "multipleAnd", parameter.MultipleAnd);
        Texts(json, "comparator", parameter.Comparators);
        Texts(json, "modifier", parameter.Modifiers);
        Texts(json, "chain", parameter.Chains);
        Objects(json, "component", parameter.Components, component =>
        {
            json.WriteString("definition", component.Definition);
            json.WriteString("expression", component.Expression);
        });
    });

    public static ReadOnlyMemory<byte> Of(OperationDefinition operation) => Write(operation, operation.Name, null, json =>
    {
        json.WriteString("kind", operation.OperationKind ?? "operation");
        Flag(json, "affectsState", operation.AffectsState);
        json.WriteString("code", operation.Code);
        Texts(json, "resource", operation.ResourceTypes);
        json.WriteBoolean("system", operation.OnSystem);
        json.WriteBoolean("type", operation.OnType);
        json.WriteBoolean("instance", operation.OnInstance);
        Objects(json, "parameter", operation.Parameters, parameter => Write(json, parameter));
    });

    public static ReadOnlyMemory<byte> Of(CompartmentDefinition compartment) => Write(compartment, compartment.Code, null, json =>
    {
        json.WriteString("code", compartment.Code);
        json.WriteBoolean("search", true);
        Objects(json, "resource", compartment.Resources, resource =>
        {
            json.WriteString("code", resource.Type);
            Texts(json, "param", resource.Parameters);
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
        Text(json, "version", definition.Version);
        json.WriteString("name", name);
        json.WriteString("status", status ?? "active");
        body(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    public static void Flag(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } flag)
        {
            json.WriteBoolean(name, flag);
        }
    }

    public static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (string value in values)
            {
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
        }
    }

    public static void Objects<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> values, Action<T> write)
    {
        if (values.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (T value in values)
            {
                json.WriteStartObject();
                write(value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    public static void Write(Utf8JsonWriter json, Binding? binding)
    {
        // Words alone cannot be given, since the server does not know them.
        if (binding?.ValueSet is not null)
        {
            json.WriteStartObject("binding");
            json.WriteString("strength", binding.Strength.ToString().ToLowerInvariant());
            Text(json, "valueSet", binding.ValueSet);
            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, OperationParameter parameter)
    {
        json.WriteString("name", parameter.Name);
        json.WriteString("use", parameter.IsInput ? "in" : "out");
        json.WriteNumber("min", parameter.Min);
        json.WriteString("max", Max(parameter.Max));
        Text(json, "type", parameter.Type);
        Texts(json, "targetProfile", parameter.TargetProfiles);
        Text(json, "searchType", parameter.SearchType);
        Write(json, parameter.Binding);
        Objects(json, "part", parameter.Parts, part => Write(json, part));
    }

    public static string Max(int max) => max == int.MaxValue ? "*" : max.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
