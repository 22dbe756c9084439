using System.Buffers;
using System.Text.Json;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.GraphQl;

/// <content>What the schema is: https://spec.graphql.org/October2021/#sec-Introspection</content>
internal sealed partial class GraphQlRun
{
    private int _introspected;

    /// <summary>Answers <c>__schema</c> and <c>__type</c>; false for every other field.</summary>
    /// <param name="root">The type at the root of the request.</param>
    private bool Introspect(OutputObject output, Field field, string root)
    {
        SchemaTypes types = _service.Types;
        SchemaNode? node;
        switch (field.Name)
        {
            case "__schema" when field.Arguments.Count == 0:
                node = new RootNode(types, types.Find(root)!);
                break;
            case "__type" when field.Arguments is [{ Name: "name" } argument] && _variables.Text(argument) is { } name:
                node = types.Find(name);
                break;
            case "__schema" or "__type":
                throw Lexer.Fault(field.Location, field.Name == "__type" ? "'__type' takes one argument, 'name'" : "'__schema' takes no arguments");
            default:
                return false;
        }

        // A whole schema has some hundred thousand fields: they are written as they come.
        var body = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        Write(json, field, node, 1);
        json.Flush();
        output.Add(field.Key, OutputValue.Of(body.WrittenMemory), false, false, null);
        return true;
    }

    private void Write(Utf8JsonWriter json, Field field, object? value, int depth)
    {
        CheckDepth(depth);
        if (++_introspected > _limits.MaxIntrospected)
        {
            throw TooCostly($"would describe more than {_limits.MaxIntrospected} things of the schema");
        }

        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case SchemaNode node:
                WriteNode(json, field, node, depth);
                break;
            case IEnumerable<object> list:
                json.WriteStartArray();
                foreach (object item in list)
                {
                    Write(json, field, item, depth);
                }

                json.WriteEndArray();
                break;
        }
    }

    private void WriteNode(Utf8JsonWriter json, Field parent, SchemaNode node, int depth)
    {
        RequireSelections(parent);
        json.WriteStartObject();
        foreach (Field field in CollectWhere(parent.Selections, (condition, _) => condition is null || condition == node.Type))
        {
            object? value = field.Name == "__typename" ? node.Type : node.Get(field.Name);
            if (value == SchemaNode.Unknown)
            {
                throw Lexer.Fault(field.Location, $"{node.Type} has no field '{SearchPath.Shown(field.Name)}'");
            }

            json.WritePropertyName(field.Key);
            Write(json, field, value, depth + 1);
        }

        json.WriteEndObject();
    }
}
