using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.RoundTrip;

/// <summary>What came of one file.</summary>
/// <param name="Failure">Null when the value came back unchanged, or was refused as the list of exceptions says.</param>
/// <param name="Exception">The reason by which a refusal is right; null when the file came back unchanged.</param>
public sealed record RoundTripOutcome(string? Failure, string? Exception = null);

/// <summary>The ways there and back; each returns null when the value came back unchanged, or what happened instead.</summary>
public static class RoundTripCheck
{
    /// <summary>Sends a file all ways that its form allows, and holds a refusal against the list of exceptions.</summary>
    public static RoundTripOutcome Run(string name, ReadOnlyMemory<byte> content, Exceptions exceptions)
    {
        bool isXml = name.EndsWith(".xml", StringComparison.Ordinal);
        ReadResult read = isXml ? FhirXml.Read(content) : FhirJson.Read(content);
        if (exceptions.Find(name) is { } exception)
        {
            return read.Issues.Any(issue => issue.Message.Contains(exception.Issue, StringComparison.Ordinal))
                ? new RoundTripOutcome(null, exception.Reason)
                : new RoundTripOutcome($"expected to be refused with '{exception.Issue}', found {Describe(read)}");
        }

        return new RoundTripOutcome(isXml ? FromXml(content) : ThroughModel(content) ?? ThroughXml(content));
    }

    /// <summary>JSON to model to JSON.</summary>
    public static string? ThroughModel(ReadOnlyMemory<byte> json)
    {
        ReadResult read = FhirJson.Read(json);
        return Refusal("JSON", read) ?? JsonDifference.Find(json, FhirJson.ToBytes(read.Root));
    }

    /// <summary>JSON to XML (plain and indented) to JSON.</summary>
    public static string? ThroughXml(ReadOnlyMemory<byte> json)
    {
        ReadResult read = FhirJson.Read(json);
        return Refusal("JSON", read) ?? ThroughXml(json, read.Root, pretty: false) ?? ThroughXml(json, read.Root, pretty: true);
    }

    /// <summary>XML to JSON to XML to JSON: the XML is read, then takes the other way.</summary>
    public static string? FromXml(ReadOnlyMemory<byte> xml)
    {
        ReadResult read = FhirXml.Read(xml);
        return Refusal("XML", read) ?? ThroughXml(FhirJson.ToBytes(read.Root));
    }

    private static string? ThroughXml(ReadOnlyMemory<byte> json, Element resource, bool pretty)
    {
        Result<byte[]> xml = FhirXml.ToBytes(resource, pretty);
        if (xml.Error is { } error)
        {
            return error.ToString();
        }

        ReadResult back = FhirXml.Read(xml.Value);
        string? difference = Refusal("our own XML", back) ?? JsonDifference.Find(json, FhirJson.ToBytes(back.Root));
        return difference is null ? null : $"through XML: {difference}";
    }

    private static string? Refusal(string form, ReadResult read) => read.IsOk ? null : $"{form} is refused: {Describe(read)}";

    private static string Describe(ReadResult read) => read.IsOk ? "no issue" : string.Join("; ", read.Issues.Take(3));
}
