using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Schema;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>A value in the answer: a piece of JSON or an object.</summary>
internal readonly record struct OutputValue(ReadOnlyMemory<byte> Json, OutputObject? Object)
{
    public static OutputValue Of(OutputObject value) => new(default, value);

    public static OutputValue Of(ReadOnlyMemory<byte> json) => new(json, null);
}

/// <summary>An object of the answer, in the making: members keep the order in which they came up, and collect values that flattening brings to them.</summary>
internal sealed class OutputObject
{
    private readonly OrderedDictionary<string, Member> _members = [];

    /// <summary>Adds a value to a member.</summary>
    /// <param name="isList">Whether it is an array even with one value.</param>
    /// <param name="isSingle">Whether a second value is an error (<c>@singleton</c>).</param>
    /// <param name="type">What the value is in FHIR; null for what is no part of a resource. Values that meet must be of one type.</param>
    public void Add(string name, OutputValue value, bool isList, bool isSingle, TypeSchema? type)
    {
        if (!_members.TryGetValue(name, out Member? member))
        {
            _members.Add(name, new Member { Values = { value }, IsList = isList && !isSingle, IsSingle = isSingle, Type = type });
            return;
        }

        if (member.Values.Count == 0)
        {
            member.Values.Add(value);
            member.Type = type;
            return;
        }

        if (member.IsSingle || isSingle)
        {
            throw new FhirException(FhirError.Of(ErrorKind.Unprocessable, IssueType.MultipleMatches, $"'{name}' is marked with @singleton but has several values."));
        }

        if (member.Type != type)
        {
            throw new FhirException(FhirError.Of(ErrorKind.Unprocessable, IssueType.Invalid, $"The values that come together under '{name}' are of the types {member.Type?.Name} and {type?.Name}; give one of them another name."));
        }

        member.Values.Add(value);
        member.IsList = true;
    }

    /// <summary>Makes the member an array that may stay empty: the answer to a search.</summary>
    public void AddList(string name) => _members.TryAdd(name, new Member { IsList = true });

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach ((string name, Member member) in _members)
        {
            json.WritePropertyName(name);
            if (member.IsList)
            {
                json.WriteStartArray();
            }

            foreach (OutputValue value in member.Values)
            {
                if (value.Object is { } nested)
                {
                    nested.Write(json);
                }
                else
                {
                    json.WriteRawValue(value.Json.Span, skipInputValidation: true);
                }
            }

            if (member.IsList)
            {
                json.WriteEndArray();
            }
        }

        json.WriteEndObject();
    }

    private sealed class Member
    {
        public List<OutputValue> Values { get; init; } = [];

        public bool IsList { get; set; }

        public bool IsSingle { get; init; }

        public TypeSchema? Type { get; set; }
    }
}
