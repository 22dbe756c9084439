using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.TestKit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>The specification's examples, changed at random where rules of consents look.</summary>
internal sealed class SampleResources(Random random)
{
    public const string ServerBase = "https://fhir.example.org/base";

    private const int LargestExample = 20 * 1024;

    private static readonly Lazy<IReadOnlyList<string>> Examples = new(() => [.. ReadExamples()]);

    private static readonly string[] References =
    [
        "Patient/p", "Patient/q", "Practitioner/dr", "Organization/ward", "Encounter/e", "Condition/k", "Patient/p/_history/2", ServerBase + "/Patient/p",
        ServerBase + "/Encounter/e/_history/1", "https://other.example.org/fhir/Patient/p", "urn:uuid:5b8a1c1e-0000-4000-8000-000000000001", "#inside", "#", "p",
        "Patient/p/_history/1/_history/2", "Patient/p#inside", "Practitioner?identifier=7", ServerBase + "/", "Nothing/p",
    ];

    private static readonly string[] Profiles = ["http://example.org/profile", "http://example.org/profile|1.0", "http://example.org/other|2|3", "http://example.org/other"];

    private static readonly string[] Times = ["2024", "2024-03", "2024-03-05", "2024-03-05T10:00:00Z", "2025-01-01T00:30:00+01:00", "1999-12-31"];

    /// <summary>Codings that rules may name.</summary>
    public static IReadOnlyList<ConsentCode> Codes { get; } =
    [
        new("http://snomed.info/sct", "44054006"), new("http://loinc.org", "718-7"), new("", "718-7"), new("urn:s", "x"), new("urn:s", "X"),
        new(Vocabulary.ActCodeSystem, "PSY"), new(Vocabulary.ConfidentialitySystem, "R"),
    ];

    /// <summary>Labels, of which some are not known, and one has no code.</summary>
    public static IReadOnlyList<ConsentCode> Labels { get; } =
    [
        .. "ULMNRV".Select(code => new ConsentCode(Vocabulary.ConfidentialitySystem, code.ToString())),
        new(Vocabulary.ConfidentialitySystem, "unheard"), new(Vocabulary.ConfidentialitySystem, ""),
        .. new[] { "PSY", "SUD", "ETH", "ETHUD", "OPIOIDUD", "HIV", "SDV", "SPI", "NODSCLCD", "unheard" }.Select(code => new ConsentCode(Vocabulary.ActCodeSystem, code)),
        new("urn:s", "R"), new("", "V"), new("urn:s", "x"),
    ];

    public Element Next()
    {
        while (true)
        {
            JsonObject json = JsonNode.Parse(Examples.Value[random.Next(Examples.Value.Count)])!.AsObject();
            for (int changes = random.Next(5); changes > 0; changes--)
            {
                Change(json);
            }

            if (FhirJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString())) is { IsOk: true } read)
            {
                return read.Root;
            }
        }
    }

    public string Reference() => One(References);

    public string Profile() => One(Profiles);

    public T One<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    private void Change(JsonObject json)
    {
        switch (random.Next(8))
        {
            case 0 or 1:
                Meta(json)["security"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Coding(One(Labels)))]);
                break;
            case 2:
                Meta(json)["profile"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => JsonValue.Create(Profile()))]);
                break;
            case 3:
                Meta(json)["tag"] = new JsonArray(Coding(One(Codes)));
                break;
            case 4:
                Extend(json);
                break;
            case 5:
                json["contained"] = new JsonArray(new JsonObject
                {
                    ["resourceType"] = "Observation",
                    ["id"] = "inside",
                    ["meta"] = new JsonObject { ["security"] = new JsonArray(Coding(One(Labels))) },
                    ["status"] = "final",
                    ["code"] = new JsonObject { ["coding"] = new JsonArray(Coding(One(Codes))) },
                    ["subject"] = new JsonObject { ["reference"] = Reference() },
                });
                break;
            case 6:
                ChangeTime(json);
                break;
            default:
                ChangeReferences(json);
                break;
        }
    }

    private void Extend(JsonObject json)
    {
        JsonObject value = random.Next(4) switch
        {
            0 => new JsonObject { ["url"] = "urn:x", ["valueCoding"] = Coding(One(Codes)) },
            1 => new JsonObject { ["url"] = "urn:x", ["valueReference"] = new JsonObject { ["reference"] = Reference() } },
            2 => new JsonObject { ["url"] = "urn:x", ["valueMeta"] = new JsonObject { ["security"] = new JsonArray(Coding(One(Codes))) } },
            _ => new JsonObject { ["url"] = "urn:x", ["valueCodeableConcept"] = new JsonObject { ["coding"] = new JsonArray(Coding(One(Codes)), Coding(One(Codes))) } },
        };

        // Behind the others: extensions of a primitive may stand anywhere.
        json["_language"] = new JsonObject { ["extension"] = new JsonArray(value) };
    }

    private void ChangeTime(JsonObject json)
    {
        (string type, string[] names) = One<(string, string[])>(
        [
            ("Observation", ["effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued"]), ("Condition", ["onsetDateTime", "onsetPeriod", "onsetString", "recordedDate"]),
            ("Procedure", ["performedDateTime", "performedPeriod", "performedString"]), ("Encounter", ["period"]), ("MedicationRequest", ["authoredOn"]), ("Immunization", ["occurrenceDateTime", "occurrenceString"]),
        ]);
        if ((string?)json["resourceType"] == type)
        {
            foreach (string other in json.Select(member => member.Key).Where(key => names.Contains(key) || (key.StartsWith(names[0][..5], StringComparison.Ordinal) && random.Next(2) == 0)).ToList())
            {
                json.Remove(other);
            }

            string name = One(names);
            json[name] = name.EndsWith("eriod", StringComparison.Ordinal) ? Period()
                : name.EndsWith("Timing", StringComparison.Ordinal) ? new JsonObject { ["event"] = new JsonArray("2024-03-05") }
                : name is "effectiveInstant" or "issued" ? "2024-03-05T10:00:00.5Z"
                : One(Times);
        }
    }

    private JsonObject Period()
    {
        var period = new JsonObject();
        if (random.Next(3) > 0)
        {
            period["start"] = One(Times);
        }

        if (random.Next(3) > 0)
        {
            period["end"] = One(Times);
        }

        return period;
    }

    private void ChangeReferences(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
            {
                ChangeReferences(item);
            }
        }
        else if (node is JsonObject json)
        {
            foreach ((string name, JsonNode? child) in json.ToList())
            {
                if (name == "reference" && child is JsonValue)
                {
                    json[name] = random.Next(2) == 0 ? Reference() : child.DeepClone();
                }
                else
                {
                    ChangeReferences(child);
                }
            }
        }
    }

    private static JsonObject Meta(JsonObject json) => (JsonObject)(json["meta"] ??= new JsonObject());

    private JsonObject Coding(ConsentCode code)
    {
        // An empty part stands for one that is missing.
        var coding = new JsonObject { ["display"] = "x" };
        if (code.System.Length > 0)
        {
            coding["system"] = code.System;
        }

        if (code.Code.Length > 0)
        {
            coding["code"] = code.Code;
        }

        if (random.Next(4) == 0)
        {
            coding["extension"] = new JsonArray(new JsonObject { ["url"] = "urn:x", ["valueCoding"] = new JsonObject { ["system"] = "urn:s", ["code"] = "in a coding" } });
        }

        return coding;
    }

    private static IEnumerable<string> ReadExamples()
    {
        string archive = Directory.GetFiles(Repository.PathOf("artifacts/npm"), "hl7.fhir.r4.examples-*.tgz").Single();
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { Length: <= LargestExample } data && entry.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                byte[] body = new byte[data.Length];
                data.ReadExactly(body);
                if (FhirJson.Read(body) is { IsOk: true })
                {
                    yield return Encoding.UTF8.GetString(body);
                }
            }
        }
    }
}
