using System.Text.Json;
using HealthChain.Fhir;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>Values of arguments with variables filled in: https://spec.graphql.org/October2021/#sec-Language.Variables</summary>
internal sealed class Variables
{
    private readonly Dictionary<string, GraphQlValue> _values = [];

    /// <param name="given">The member <c>variables</c> of the request; null when there was none.</param>
    /// <exception cref="FhirException">A variable that is needed was not given.</exception>
    public Variables(GraphQlOperation operation, JsonElement? given)
    {
        foreach (VariableDefinition definition in operation.Variables)
        {
            if (given is { ValueKind: JsonValueKind.Object } values && values.TryGetProperty(definition.Name, out JsonElement value))
            {
                _values[definition.Name] = Of(value);
            }
            else
            {
                _values[definition.Name] = definition.Default ?? new NullValue();
            }

            if (definition.IsRequired && _values[definition.Name] is NullValue)
            {
                throw new FhirException(FhirError.Of(ErrorKind.Invalid, IssueType.Required, $"The variable '${definition.Name}' needs a value."));
            }
        }
    }

    /// <summary>The texts of an argument: several for a list, none for null.</summary>
    public IReadOnlyList<string> Texts(Argument argument) => [.. Texts(argument.Name, argument.Value)];

    /// <summary>The one text of an argument; null for null.</summary>
    public string? Text(Argument argument) => Texts(argument) switch
    {
        [] => null,
        [var text] => text,
        _ => throw new FhirException(FhirError.Invalid($"The argument '{argument.Name}' takes one value, not a list.")),
    };

    public bool IsTrue(Directive directive)
    {
        string? text = directive.Arguments is [{ Name: "if" } argument] ? Text(argument) : null;
        return text switch
        {
            "true" => true,
            "false" => false,
            _ => throw Lexer.Fault(directive.Location, $"@{directive.Name} needs 'if' with true or false"),
        };
    }

    private IEnumerable<string> Texts(string name, GraphQlValue value) => value switch
    {
        TextValue text => [text.Text],
        NullValue => [],
        ListValue list => list.Items.SelectMany(item => Texts(name, item)),
        VariableValue variable when _values.TryGetValue(variable.Name, out GraphQlValue? given) => Texts(name, given),
        VariableValue variable => throw new FhirException(FhirError.Invalid($"The variable '${variable.Name}' is not declared.")),
        _ => throw new FhirException(FhirError.Invalid($"The argument '{name}' takes no object.")),
    };

    private static GraphQlValue Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => new TextValue(json.GetString()!, IsString: true),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => new TextValue(json.GetRawText(), IsString: false),
        JsonValueKind.Array => new ListValue([.. json.EnumerateArray().Select(Of)]),
        JsonValueKind.Object => new ObjectValue([.. json.EnumerateObject().Select(member => new Argument(member.Name, Of(member.Value)))]),
        _ => new NullValue(),
    };
}
