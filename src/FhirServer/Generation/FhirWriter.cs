using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HealthChain.FhirServer.Generation;

/// <summary>A code with its system and what it means.</summary>
internal sealed record Coded(string System, string Code, string Display)
{
    public static Coded Loinc(string code, string display) => new("http://loinc.org", code, display);

    public static Coded Snomed(string code, string display) => new("http://snomed.info/sct", code, display);

    public static Coded RxNorm(string code, string display) => new("http://www.nlm.nih.gov/research/umls/rxnorm", code, display);

    public static Coded Cvx(string code, string display) => new("http://hl7.org/fhir/sid/cvx", code, display);

    public static Coded Icd10(string code, string display) => new("http://hl7.org/fhir/sid/icd-10-cm", code, display);

    /// <summary>A code of the code systems that HL7 publishes beside FHIR.</summary>
    public static Coded Hl7(string name, string code, string display) => new("http://terminology.hl7.org/CodeSystem/" + name, code, display);
}

/// <summary>Writes FHIR's data types as JSON: https://hl7.org/fhir/R4/datatypes.html</summary>
internal sealed class FhirWriter(IBufferWriter<byte> target, bool refersByUrn) : IDisposable
{
    /// <summary>All of the generated country lives in one time zone.</summary>
    private static ReadOnlySpan<byte> Offset => "-05:00"u8;

    // Narratives hold markup, which the default encoder would escape; nothing here is ever put into an HTML page unescaped.
    private readonly Utf8JsonWriter _json = new(target, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public void Object() => _json.WriteStartObject();

    public void Object(ReadOnlySpan<byte> name) => _json.WriteStartObject(name);

    public void Array(ReadOnlySpan<byte> name) => _json.WriteStartArray(name);

    /// <summary>Opens an array of objects and its first object; <see cref="EndSingle"/> closes both.</summary>
    public void Single(ReadOnlySpan<byte> name)
    {
        _json.WriteStartArray(name);
        _json.WriteStartObject();
    }

    public void EndSingle()
    {
        _json.WriteEndObject();
        _json.WriteEndArray();
    }

    public void End() => _json.WriteEndObject();

    public void EndArray() => _json.WriteEndArray();

    public void Text(ReadOnlySpan<byte> name, string value) => _json.WriteString(name, value);

    public void Texts(ReadOnlySpan<byte> name, params ReadOnlySpan<string> values)
    {
        _json.WriteStartArray(name);
        foreach (var value in values)
        {
            _json.WriteStringValue(value);
        }

        _json.WriteEndArray();
    }

    public void Number(ReadOnlySpan<byte> name, int value) => _json.WriteNumber(name, value);

    public void Numbers(ReadOnlySpan<byte> name, int value)
    {
        _json.WriteStartArray(name);
        _json.WriteNumberValue(value);
        _json.WriteEndArray();
    }

    public void Decimal(ReadOnlySpan<byte> name, decimal value) => _json.WriteNumber(name, value);

    public void Flag(ReadOnlySpan<byte> name, bool value) => _json.WriteBoolean(name, value);

    public void Date(ReadOnlySpan<byte> name, DateOnly value)
    {
        Span<byte> text = stackalloc byte[10];
        value.TryFormat(text, out _, "yyyy-MM-dd");
        _json.WriteString(name, text);
    }

    public void DateTime(ReadOnlySpan<byte> name, DateTime value)
    {
        Span<byte> text = stackalloc byte[25];
        value.TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ss");
        Offset.CopyTo(text[length..]);
        _json.WriteString(name, text);
    }

    public void Period(ReadOnlySpan<byte> name, DateTime start, DateTime end)
    {
        Object(name);
        DateTime("start"u8, start);
        DateTime("end"u8, end);
        End();
    }

    public void Period(ReadOnlySpan<byte> name, DateOnly start, DateOnly end)
    {
        Object(name);
        Date("start"u8, start);
        Date("end"u8, end);
        End();
    }

    public void Uuid(ReadOnlySpan<byte> name, Guid value) => _json.WriteString(name, value);

    public void Urn(ReadOnlySpan<byte> name, Guid value)
    {
        Span<byte> text = stackalloc byte[45];
        "urn:uuid:"u8.CopyTo(text);
        value.TryFormat(text[9..], out _);
        _json.WriteString(name, text);
    }

    /// <summary>A Coding within a list.</summary>
    public void Coding(Coded code)
    {
        Object();
        CodingParts(code);
        End();
    }

    public void Coding(ReadOnlySpan<byte> name, Coded code)
    {
        Object(name);
        CodingParts(code);
        End();
    }

    /// <summary>A CodeableConcept with one or more codings that mean the same.</summary>
    public void Concept(ReadOnlySpan<byte> name, params ReadOnlySpan<Coded> codes)
    {
        Object(name);
        ConceptParts(codes);
        End();
    }

    /// <summary>A list that holds one CodeableConcept.</summary>
    public void Concepts(ReadOnlySpan<byte> name, params ReadOnlySpan<Coded> codes)
    {
        Single(name);
        ConceptParts(codes);
        EndSingle();
    }

    public void Reference(ReadOnlySpan<byte> name, ResourceKey key, string? display = null)
    {
        Object(name);
        ReferenceParts(key, display);
        End();
    }

    /// <summary>A list that holds one reference.</summary>
    public void References(ReadOnlySpan<byte> name, ResourceKey key, string? display = null)
    {
        Single(name);
        ReferenceParts(key, display);
        EndSingle();
    }

    public void References(ReadOnlySpan<byte> name, IReadOnlyList<ResourceKey> keys)
    {
        _json.WriteStartArray(name);
        foreach (var key in keys)
        {
            Object();
            ReferenceParts(key, null);
            End();
        }

        _json.WriteEndArray();
    }

    public void Quantity(ReadOnlySpan<byte> name, decimal value, Unit unit)
    {
        Object(name);
        _json.WriteNumber("value"u8, value);
        Text("unit"u8, unit.Display);
        Text("system"u8, "http://unitsofmeasure.org");
        Text("code"u8, unit.Code);
        End();
    }

    /// <summary>A number that counts something and has no unit.</summary>
    public void Count(ReadOnlySpan<byte> name, int value)
    {
        Object(name);
        Number("value"u8, value);
        End();
    }

    public void Money(ReadOnlySpan<byte> name, Cents amount)
    {
        Object(name);
        _json.WriteNumber("value"u8, amount.ToDecimal());
        Text("currency"u8, "USD");
        End();
    }

    /// <summary>A list that holds one identifier.</summary>
    public void Identifier(string system, string value)
    {
        Single("identifier"u8);
        IdentifierParts(system, value);
        EndSingle();
    }

    public void IdentifierParts(string system, string value)
    {
        Text("system"u8, system);
        Text("value"u8, value);
    }

    /// <summary>What a person reads when the rest cannot be shown: https://hl7.org/fhir/R4/narrative.html. The text holds no markup.</summary>
    public void Narrative(string text)
    {
        Object("text"u8);
        Text("status"u8, "generated");
        Text("div"u8, $"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{text}</p></div>");
        End();
    }

    /// <summary>Moves all that was written to the target and makes ready for another document.</summary>
    public void Finish()
    {
        _json.Flush();
        _json.Reset();
    }

    public void Dispose() => _json.Dispose();

    private void ConceptParts(ReadOnlySpan<Coded> codes)
    {
        Array("coding"u8);
        foreach (var code in codes)
        {
            Object();
            CodingParts(code);
            End();
        }

        EndArray();
        Text("text"u8, codes[0].Display);
    }

    private void CodingParts(Coded code)
    {
        Text("system"u8, code.System);
        Text("code"u8, code.Code);
        Text("display"u8, code.Display);
    }

    private void ReferenceParts(ResourceKey key, string? display)
    {
        if (refersByUrn && key.FixedId is null)
        {
            Urn("reference"u8, key.Uuid);
        }
        else
        {
            Span<byte> text = stackalloc byte[128];
            var length = Encoding.UTF8.GetBytes(key.Type, text);
            text[length++] = (byte)'/';
            if (key.FixedId is { } id)
            {
                length += Encoding.UTF8.GetBytes(id, text[length..]);
            }
            else
            {
                key.Uuid.TryFormat(text[length..], out var written);
                length += written;
            }

            _json.WriteString("reference"u8, text[..length]);
        }

        if (display is not null)
        {
            Text("display"u8, display);
        }
    }
}
