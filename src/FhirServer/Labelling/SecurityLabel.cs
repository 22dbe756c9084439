using System.Buffers;
using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Labelling;

/// <summary>A label of <c>meta.security</c>: its system and code are what it says; as JSON it may hold more.</summary>
/// <param name="IsDerived">Given by this server, by what the resource holds: it goes when the reason goes.</param>
internal sealed record SecurityLabel(string? System, string? Code, ReadOnlyMemory<byte> Json, bool IsDerived)
{
    public const string ConfidentialitySystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

    /// <summary>From the least to the most confidential.</summary>
    private const string Confidentialities = "ULMNRV";

    /// <summary>
    /// Who gave a label: DS4P has an extension for it (https://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition-extension-sec-label-classifier.html).
    /// </summary>
    private static ReadOnlySpan<byte> Classifier => """
        "extension":[{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-sec-label-classifier","valueReference":{"identifier":{"system":"urn:ietf:rfc:3986","value":"urn:healthchain:labelling"}}}]
        """u8;

    private static ReadOnlySpan<byte> ClassifierName => "\"urn:healthchain:labelling\""u8;

    public bool IsConfidentiality => System == ConfidentialitySystem;

    /// <summary>From 0; -1 for a label of another system, or a code that the system does not have.</summary>
    public int Rank => IsConfidentiality && Code is { Length: 1 } ? Confidentialities.IndexOf(Code[0], StringComparison.Ordinal) : -1;

    /// <summary>A label that this server gives.</summary>
    public static SecurityLabel Derived(string system, string code) => new(
        system, code, (byte[])[.. "{"u8, .. Classifier, .. ","u8, .. Plain(system, code)[1..]], IsDerived: true);

    /// <summary>A label that says no more than its system and code.</summary>
    public static SecurityLabel Given(string system, string code) => new(system, code, Plain(system, code), IsDerived: false);

    public static SecurityLabel Read(Element coding)
    {
        byte[] json = FhirJson.ToBytes(coding);
        return new SecurityLabel(TextOf(coding, "system"), TextOf(coding, "code"), json, IsDerivedIn(json));
    }

    /// <summary>The labels of a resource that stand in its <c>meta</c>.</summary>
    public static List<SecurityLabel> Of(Element resource)
    {
        var labels = new List<SecurityLabel>();
        if (resource.Child("meta") is { Exists: true } meta)
        {
            foreach (Element coding in meta.ChildrenOf("security"))
            {
                labels.Add(Read(coding));
            }
        }

        return labels;
    }

    /// <summary>Whether the JSON of a label says that this server gave it.</summary>
    public static bool IsDerivedIn(ReadOnlySpan<byte> json) => json.IndexOf(ClassifierName) >= 0;

    public bool SaysTheSame(SecurityLabel other) => System == other.System && Code == other.Code;

    /// <summary>The same label as one that somebody else gave.</summary>
    public SecurityLabel Asserted()
    {
        if (!IsDerived)
        {
            return this;
        }

        return this with { Json = Plain(System ?? "", Code ?? ""), IsDerived = false };
    }

    /// <summary>The resource with these labels in place of its own.</summary>
    public static Element Give(Element resource, IReadOnlyList<SecurityLabel> labels)
    {
        // Each member comes with a comma before it. FHIR has no empty objects, so there may be no meta at all.
        var meta = new ArrayBufferWriter<byte>(256 * (labels.Count + 1));
        for (int i = 0; i < labels.Count; i++)
        {
            meta.Write(i == 0 ? ",\"security\":["u8 : ","u8);
            meta.Write(labels[i].Json.Span);
        }

        meta.Write(labels.Count > 0 ? "]"u8 : default);
        if (resource.Child("meta") is { Exists: true } former)
        {
            FhirJson.WriteMembers(former, meta, "security");
        }

        var output = new ArrayBufferWriter<byte>(resource.Tree.Json.Length + meta.WrittenCount + 64);
        output.Write("{\"resourceType\":\""u8);
        output.Write(Encoding.UTF8.GetBytes(resource.Type.Name));
        output.Write("\""u8);
        if (meta.WrittenCount > 0)
        {
            output.Write(",\"meta\":{"u8);
            output.Write(meta.WrittenSpan[1..]);
            output.Write("}"u8);
        }

        FhirJson.WriteMembers(resource, output, "meta");
        output.Write("}"u8);
        return FhirJson.Read(output.WrittenMemory).Root;
    }

    private static byte[] Plain(string system, string code) =>
        Encoding.UTF8.GetBytes($$"""{"system":"{{JsonEncodedText.Encode(system)}}","code":"{{JsonEncodedText.Encode(code)}}"}""");

    private static string? TextOf(Element element, string name) => element.Child(name) is { Exists: true } child ? child.Text : null;
}
