using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HealthChain.FhirServer.Operations;

/// <summary>Writes JSON that was put together as nodes, with no more escapes than JSON itself asks for.</summary>
internal static class NodeJson
{
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, Unescaped);

    /// <summary>A string with its quotes.</summary>
    public static byte[] Of(string text) => JsonSerializer.SerializeToUtf8Bytes(text, Unescaped);
}
