using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.FhirServer.Tests.Responses;

/// <summary>Parts of every example of the specification, compared with parts that are made the plain way: node by node.</summary>
public sealed class SubsetWriterTests
{
    private const int ResourcesPerMode = 600;

    private static ElementSelection Selection(string query, TypeSchema? type = null) =>
        ElementSelection.Of(new FhirRequest
        {
            Verb = HttpVerb.Get,
            Target = new RequestTarget(TargetKind.Instance, type),
            Query = QueryText.Read(query),
            Requester = Requesters.Anybody,
            BaseUrl = "http://x.org",
        }).Value;

    private static IEnumerable<Element> Examples()
    {
        string archive = Directory.GetFiles(Repository.PathOf("artifacts/npm"), "hl7.fhir.r4.examples-*.tgz").Single();
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            // Definitions are many, alike and large.
            if (entry is { EntryType: TarEntryType.RegularFile, DataStream: { Length: < 100_000 } content } && entry.Name.EndsWith(".json", StringComparison.Ordinal)
                && !entry.Name.Contains("SearchParameter-", StringComparison.Ordinal) && !entry.Name.Contains("StructureDefinition-", StringComparison.Ordinal))
            {
                byte[] bytes = new byte[content.Length];
                content.ReadExactly(bytes);
                if (FhirJson.Read(bytes) is { IsOk: true } read)
                {
                    yield return read.Root;
                }
            }
        }
    }

    [Theory]
    [InlineData("_summary=true")]
    [InlineData("_summary=text")]
    [InlineData("_summary=data")]
    [InlineData("_elements=text,identifier,status,value,name,extension")]
    public void A_part_has_what_the_selection_keeps_and_nothing_else(string query)
    {
        // Elements that a type does not have are for whoever reads the request to refuse.
        ElementSelection selection = Selection(query);
        foreach (Element example in Examples().Take(ResourcesPerMode))
        {
            byte[] json = FhirJson.ToBytes(example);

            JsonNode part = JsonNode.Parse(SubsetWriter.ToJson(json, example.Type, selection).Span)!;

            Assert.True(
                JsonNode.DeepEquals(Plainly(JsonNode.Parse(json)!.AsObject(), example.Type, selection), part), $"{example.Type} {example.Child("id").Text} {query}: {part}");
        }
    }

    [Fact]
    public void A_part_is_still_a_resource_that_can_be_read()
    {
        ElementSelection selection = Selection("_summary=true");
        foreach (Element example in Examples().Take(ResourcesPerMode))
        {
            Assert.True(FhirJson.Read(SubsetWriter.ToJson(FhirJson.ToBytes(example), example.Type, selection)).IsOk, example.Type.Name);
        }
    }

    [Fact]
    public void Escaped_names_and_blanks_between_tokens_make_no_difference()
    {
        TypeSchema patient = FhirSchema.R4.Type("Patient")!;
        byte[] json = Encoding.UTF8.GetBytes("""{ "resourceType" : "Patient" , "\u0069d":"1", "gen\u0064er":"male", "_gender" : { "id" : "g" }, "photo" : [ { "data" : "aGk=" } ] }""");

        JsonNode part = JsonNode.Parse(SubsetWriter.ToJson(json, patient, Selection("_summary=true")).Span)!;

        Assert.Equal(["resourceType", "id", "gender", "_gender", "meta"], part.AsObject().Select(member => member.Key));
    }

    private static JsonObject Plainly(JsonObject resource, TypeSchema type, ElementSelection selection)
    {
        foreach (string name in resource.Select(member => member.Key).ToArray())
        {
            if (name == "resourceType")
            {
                continue;
            }

            type.TryGetMember(Encoding.UTF8.GetBytes(name.TrimStart('_')), out Member member);
            if (!selection.Keeps(member.Element) || (selection.IsDeep && IsEmptied(resource[name]!, member.Type)))
            {
                resource.Remove(name);
            }
        }

        JsonObject meta = (JsonObject)(resource["meta"] ??= new JsonObject());
        ((JsonArray)(meta["tag"] ??= new JsonArray())).Add(
            (JsonNode)new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", ["code"] = "SUBSETTED" });
        return resource;
    }

    /// <summary>Takes out what is no part of a summary; true when nothing is left.</summary>
    private static bool IsEmptied(JsonNode value, TypeSchema type)
    {
        if (!ElementSelection.IsSplit(type))
        {
            return false;
        }

        if (value is JsonArray list)
        {
            foreach (JsonNode? item in list.ToArray())
            {
                if (IsEmptied(item!, type))
                {
                    list.Remove(item);
                }
            }

            return list.Count == 0;
        }

        JsonObject parent = value.AsObject();
        foreach (string name in parent.Select(member => member.Key).ToArray())
        {
            type.TryGetMember(Encoding.UTF8.GetBytes(name.TrimStart('_')), out Member member);
            if (!ElementSelection.KeepsWithin(member.Element) || IsEmptied(parent[name]!, member.Type))
            {
                parent.Remove(name);
            }
        }

        return parent.Count == 0;
    }
}
