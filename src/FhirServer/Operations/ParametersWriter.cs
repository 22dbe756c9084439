using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations;

/// <summary>Writes a Parameters resource: what operations answer with that have more to say than one resource.</summary>
internal sealed class ParametersWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _body = new(512);
    private readonly Utf8JsonWriter _json;
    private bool _isOpen;

    public ParametersWriter()
    {
        _json = new Utf8JsonWriter(_body, OperationOutcome.Unescaped);
        _json.WriteStartObject();
        _json.WriteString("resourceType"u8, "Parameters"u8);
    }

    public void Boolean(string name, bool value)
    {
        Start(name);
        _json.WriteBoolean("valueBoolean"u8, value);
        _json.WriteEndObject();
    }

    public void Integer(string name, long value)
    {
        Start(name);
        _json.WriteNumber("valueInteger"u8, value);
        _json.WriteEndObject();
    }

    /// <summary>A value that JSON writes as a string; nothing for null.</summary>
    /// <param name="member">The member for its type, such as <c>valueCode</c>.</param>
    public void Text(string name, string? value, string member = "valueString")
    {
        if (value is not null)
        {
            Start(name);
            _json.WriteString(member, value);
            _json.WriteEndObject();
        }
    }

    public void Coding(string name, Coding coding)
    {
        Start(name);
        _json.WriteStartObject("valueCoding"u8);
        Optional("system", coding.System);
        Optional("version", coding.Version);
        Optional("code", coding.Code);
        Optional("display", coding.Display);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    /// <summary>A value or a resource that exists as JSON.</summary>
    /// <param name="member"><c>resource</c>, or the member for the type of the value: <c>valueMeta</c>.</param>
    public void Json(string name, string member, ReadOnlySpan<byte> json)
    {
        Start(name);
        _json.WritePropertyName(member);
        _json.WriteRawValue(json, skipInputValidation: true);
        _json.WriteEndObject();
    }

    /// <summary>A value with everything below it.</summary>
    public void Value(string name, string member, Element value) => Json(name, member, FhirJson.ToBytes(value));

    /// <summary>What is written until <see cref="EndParts"/> are parts of this parameter.</summary>
    public void StartParts(string name)
    {
        Start(name);
        _json.WriteStartArray("part"u8);
    }

    public void EndParts()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    /// <summary>The finished resource as the answer; nothing may be written any more.</summary>
    public FhirResponse ToResponse()
    {
        if (_isOpen)
        {
            _json.WriteEndArray();
        }

        _json.WriteEndObject();
        _json.Flush();
        return FhirResponse.Of(_body.WrittenMemory);
    }

    public void Dispose() => _json.Dispose();

    private void Start(string name)
    {
        if (!_isOpen)
        {
            _json.WriteStartArray("parameter"u8);
            _isOpen = true;
        }

        _json.WriteStartObject();
        _json.WriteString("name"u8, name);
    }

    private void Optional(string member, string? value)
    {
        if (value is not null)
        {
            _json.WriteString(member, value);
        }
    }
}
