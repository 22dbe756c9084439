using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;

namespace HealthChain.Storage.ContractTests.Model;

/// <summary>Writes what the commit assigns into a resource, the slow and plain way.</summary>
internal static class ModelMeta
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Fill(Put put, long version, DateTimeOffset lastUpdated)
    {
        JsonObject resource = JsonNode.Parse(FhirJson.ToBytes(put.Resource))!.AsObject();
        if ((string?)resource["resourceType"] != put.Key.Type || (string?)resource["id"] != put.Key.Id)
        {
            throw new ArgumentException($"The resource is not {put.Key}.", nameof(put));
        }

        if (resource["meta"] is not JsonObject meta)
        {
            meta = [];
            resource.Insert(resource.IndexOf("id") + 1, "meta", meta);
        }

        meta["versionId"] = version.ToString(CultureInfo.InvariantCulture);
        meta["lastUpdated"] = lastUpdated.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return JsonSerializer.SerializeToUtf8Bytes(resource, Plain);
    }
}
