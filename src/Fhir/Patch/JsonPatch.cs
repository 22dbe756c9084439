using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Patch;

/// <summary>JSON Patch (RFC 6902). All operations are applied or none; what they do not touch keeps its digits and its order.</summary>
public static class JsonPatch
{
    private static readonly JsonWriterOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Patches a resource; what comes out is read again, so that it is a sound resource or an error.</summary>
    public static Result<ElementTree> Apply(Element resource, ReadOnlyMemory<byte> patch, PatchLimits? limits = null)
    {
        limits ??= PatchLimits.Default;
        Result<byte[]> patched = Apply(resource.IsRoot ? resource.Tree.Json : FhirJson.ToBytes(resource), patch, limits);
        return patched.Error is { } error ? error : PatchedResource.Read(FhirJson.Read(patched.Value, limits.Read));
    }

    /// <summary>Patches any JSON document.</summary>
    public static Result<byte[]> Apply(ReadOnlyMemory<byte> document, ReadOnlyMemory<byte> patch, PatchLimits? limits = null)
    {
        limits ??= PatchLimits.Default;
        try
        {
            JsonNode? operations = Parse(patch, limits, "patch");
            var target = new JsonPatchTarget(Parse(document, limits, "document"), limits);
            if (operations is not JsonArray list)
            {
                return Malformed("The patch must be an array of operations.");
            }

            if (limits.CheckCount(list.Count) is { } tooMany)
            {
                return tooMany;
            }

            for (int index = 0; index < list.Count; index++)
            {
                if (Apply(list[index], index, target) is { } error)
                {
                    return error;
                }
            }

            return Write(target.Root);
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
    }

    private static FhirError? Apply(JsonNode? operation, int index, JsonPatchTarget target)
    {
        string where = $"Operation {index}";
        if (operation is not JsonObject members)
        {
            return Malformed($"{where} must be an object.");
        }

        if (TextOf(members, "op") is not { } op)
        {
            return Malformed($"{where} needs a member 'op', which is add, remove, replace, move, copy or test.");
        }

        if (TextOf(members, "path") is not { } pathText || JsonPointer.Parse(pathText) is not { } path)
        {
            return Malformed($"{where} ({op}) needs a member 'path' with a JSON Pointer, such as /name/0/family.");
        }

        where = $"{where} ({op} {path})";
        if (op is not ("add" or "remove" or "replace" or "move" or "copy" or "test"))
        {
            return Malformed($"{where}: there is no such operation; there are add, remove, replace, move, copy and test.");
        }

        bool hasValue = members.TryGetPropertyValue("value", out JsonNode? value);
        if (op is "add" or "replace" or "test" && !hasValue)
        {
            return Malformed($"{where} needs a member 'value'.");
        }

        JsonPointer? from = null;
        if (op is "move" or "copy" && (TextOf(members, "from") is not { } fromText || (from = JsonPointer.Parse(fromText)) is null))
        {
            return Malformed($"{where} needs a member 'from' with a JSON Pointer.");
        }

        string? failure = op switch
        {
            "add" => target.Add(path, value?.DeepClone()),
            "remove" => target.Remove(path),
            "replace" => target.Replace(path, value?.DeepClone()),
            "move" => target.Move(from!, path),
            "copy" => target.Copy(from!, path),
            _ => target.Test(path, value),
        };
        return failure is null ? null : FhirError.Of(ErrorKind.Unprocessable, IssueType.Processing, $"{where}: {failure}");
    }

    private static string? TextOf(JsonObject members, string name) =>
        members.TryGetPropertyValue(name, out JsonNode? node) && node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static JsonNode? Parse(ReadOnlyMemory<byte> utf8, PatchLimits limits, string what)
    {
        try
        {
            if (utf8.Length > limits.Read.MaxBytes)
            {
                throw new FhirException(FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, $"The {what} has {utf8.Length} bytes; at most {limits.Read.MaxBytes} are accepted."));
            }

            var options = new JsonDocumentOptions { MaxDepth = limits.MaxJsonDepth, AllowDuplicateProperties = false };
            JsonNode? node = JsonNode.Parse(utf8.Span, documentOptions: options);

            // Strings are checked when they are asked for; a lone surrogate must not surface in the middle of an operation.
            CheckStrings(node);
            return node;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FhirException(Malformed($"The {what} is not JSON that can be worked on: {exception.Message}"));
        }
    }

    private static void CheckStrings(JsonNode? node)
    {
        if (node is JsonObject members)
        {
            foreach ((_, JsonNode? member) in members)
            {
                CheckStrings(member);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (JsonNode? item in items)
            {
                CheckStrings(item);
            }
        }
        else if (node is JsonValue value && value.GetValueKind() == JsonValueKind.String)
        {
            value.GetValue<string>();
        }
    }

    private static byte[] Write(JsonNode? root)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(output, Unescaped))
        {
            if (root is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                root.WriteTo(writer);
            }
        }

        return output.WrittenSpan.ToArray();
    }

    private static FhirError Malformed(string message) => FhirError.Of(ErrorKind.Invalid, IssueType.Structure, message);
}
