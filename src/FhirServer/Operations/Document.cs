using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$document</c>: a composition with all that it refers to, as a document.
/// https://hl7.org/fhir/R4/composition-operation-document.html, https://hl7.org/fhir/R4/documents.html#content
/// </summary>
/// <remarks>
/// A reference of the composition that leads nowhere is an error: a document that lacks a part of its content says something else. What
/// those resources refer to in turn is added when it can be in no patient's record: practitioners, organizations, medications and so on.
/// The identifier of a document follows from the versions in it, so the same content gives the same document, and is stored once.
/// </remarks>
internal sealed class Document(IResourceStore store, SearchParameterSet parameters, DefinitionSet definitions, Labeller labeller, TimeProvider time, AccessLog log) : IOperation
{
    private const int MaxResources = 2000;

    public string Name => "document";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Composition-document";

    public OperationLevels Levels => OperationLevels.Type | OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = ["Composition"];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        Result<ResourceKey> key = KeyOf(request, input.Value);
        if (!key.IsOk)
        {
            return key.Error;
        }

        var target = new RequestTarget(TargetKind.Instance, ResourceTypes.Find(key.Value.Type), key.Value.Id);
        Result<StoredVersion> composition = await Read.FindAsync(store, request with { Target = target }, cancellationToken);
        if (!composition.IsOk)
        {
            return composition.Error;
        }

        Result<List<StoredVersion>> content = await CollectAsync(request, composition.Value, cancellationToken);
        if (!content.IsOk)
        {
            return content.Error;
        }

        return input.Value.Boolean("persist") ?? false
            ? await PersistAsync(request, content.Value, cancellationToken)
            : FhirResponse.Of(Write(request, content.Value, null)) with { Disclosed = content.Value };
    }

    private static Result<ResourceKey> KeyOf(FhirRequest request, OperationInput input)
    {
        if (input.Has("graph"))
        {
            return FhirError.Unsupported("'graph' is not supported: a document holds what its composition refers to.");
        }

        string? id = input.Text("id");
        if (request.Target.Id is { } own)
        {
            return id is null ? new ResourceKey("Composition", own) : FhirError.Invalid("'id' is not for a call on one composition.");
        }

        if (id is null)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "Which composition is meant is missing: give 'id', or call the operation on a Composition.");
        }

        string relative = id.StartsWith(request.BaseUrl + "/", StringComparison.Ordinal) ? id[(request.BaseUrl.Length + 1)..] : id;
        relative = relative.StartsWith("Composition/", StringComparison.Ordinal) ? relative["Composition/".Length..] : relative;
        return RequestTarget.IsId(relative) ? new ResourceKey("Composition", relative) : FhirError.Unsupported("Compositions of other servers cannot be made into documents here.");
    }

    /// <summary>The composition, what it refers to, and what that needs.</summary>
    private async ValueTask<Result<List<StoredVersion>>> CollectAsync(FhirRequest request, StoredVersion composition, CancellationToken cancellationToken)
    {
        var found = new List<StoredVersion> { composition };
        var seen = new HashSet<ResourceKey> { composition.Key };
        for (int i = 0; i < found.Count; i++)
        {
            bool isComposition = i == 0;
            foreach (Element reference in References(FhirJson.Read(found[i].Json).Root))
            {
                if (found.Count > MaxResources)
                {
                    return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The document would hold more than {MaxResources} resources.");
                }

                Result<StoredVersion?> target = await ResolveAsync(request, reference, isComposition, seen, cancellationToken);
                if (!target.IsOk)
                {
                    return target.Error;
                }

                if (target.Value is { } version)
                {
                    found.Add(version);
                }
            }
        }

        return found;
    }

    /// <summary>The literal references of a resource, except those to what it replaces or changes, which is no part of the document.</summary>
    private static IEnumerable<Element> References(Element element)
    {
        foreach (Element child in element.Children)
        {
            if (child.Name == "relatesTo")
            {
                continue;
            }

            if (child.Type.Name == "Reference" && child.Child("reference") is { Exists: true, HasValue: true } reference)
            {
                yield return reference;
            }

            foreach (Element below in References(child))
            {
                yield return below;
            }
        }
    }

    /// <returns>Null for what is there already or is not wanted.</returns>
    private async ValueTask<Result<StoredVersion?>> ResolveAsync(FhirRequest request, Element reference, bool isRequired, HashSet<ResourceKey> seen, CancellationToken cancellationToken)
    {
        string text = reference.Text!;
        if (text.StartsWith('#'))
        {
            return (StoredVersion?)null;
        }

        byte[] utf8 = Encoding.UTF8.GetBytes(text.StartsWith(request.BaseUrl + "/", StringComparison.Ordinal) ? text[(request.BaseUrl.Length + 1)..] : text);
        LiteralReference literal = LiteralReference.Parse(utf8);
        if (literal.Type is not { } type || !utf8[literal.Server].AsSpan().IsEmpty)
        {
            return isRequired ? Unresolved(reference, "is not on this server") : (StoredVersion?)null;
        }

        var key = new ResourceKey(type.Name, Encoding.UTF8.GetString(utf8[literal.Id]));
        if ((!isRequired && parameters.Compartment("Patient", type) is not null) || !seen.Add(key))
        {
            return (StoredVersion?)null;
        }

        string version = Encoding.UTF8.GetString(utf8[literal.Version]);
        var target = new RequestTarget(TargetKind.Instance, type, key.Id, version.Length == 0 ? null : version);
        Result<StoredVersion> found = await Read.FindAsync(store, request with { Target = target }, cancellationToken);
        return found.IsOk ? found.Value : isRequired ? Unresolved(reference, "leads to nothing") : (StoredVersion?)null;
    }

    private static FhirError Unresolved(Element reference, string why) =>
        FhirError.Of(ErrorKind.Unprocessable, IssueType.Incomplete, $"The document cannot be made: a reference of the composition {why}.", reference.Expression);

    private async ValueTask<Result<FhirResponse>> PersistAsync(FhirRequest request, List<StoredVersion> content, CancellationToken cancellationToken)
    {
        var key = new ResourceKey("Bundle", IdentityOf(content).ToString());
        ReadOnlyMemory<byte> bundle = Write(request, content, key.Id);
        Result<Element> labelled = labeller.Label(FhirJson.Read(bundle).Root, before: null, relabels: false);
        if (!labelled.IsOk)
        {
            return labelled.Error;
        }

        var transaction = Transaction.Of(new Put(key, labelled.Value), new AtVersion(key, 0)) with { Record = log.RecordOf(request, content) };
        Result<CommitResult> result = await store.CommitAsync(request.Requester.Scope, transaction, cancellationToken);
        if (!result.IsOk)
        {
            return result.Error;
        }

        // R4: "If the correct version of the document that would be generated already exists, then the server can return the existing one."
        request.Access.IsWritten = result.Value is Committed;
        StoredVersion? version = result.Value is Committed { Versions: [{ } made] } ? made : await store.ReadAsync(request.Requester.Scope, key, cancellationToken);
        return version is { IsDeleted: false }
            ? FhirResponse.Of(version) with { Location = $"{request.BaseUrl}/{key}", Disclosed = content }
            : FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The document was deleted meanwhile; try again.");
    }

    private ReadOnlyMemory<byte> Write(FhirRequest request, List<StoredVersion> content, string? id)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType", "Bundle");
        if (id is not null)
        {
            json.WriteString("id", id);
        }

        json.WriteStartObject("identifier");
        json.WriteString("system", "urn:ietf:rfc:3986");
        json.WriteString("value", $"urn:uuid:{IdentityOf(content)}");
        json.WriteEndObject();
        json.WriteString("type", "document");
        json.WriteString("timestamp", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
        json.WriteStartArray("entry");
        foreach (StoredVersion version in content)
        {
            json.WriteStartObject();
            json.WriteString("fullUrl", $"{request.BaseUrl}/{version.Key}");
            json.WritePropertyName("resource");
            json.WriteRawValue(version.Json.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    /// <summary>A UUID of the kind whose bits are of one's own choice (RFC 9562, version 8), made from the versions.</summary>
    private static Guid IdentityOf(List<StoredVersion> content)
    {
        // Their bytes hold ids and versions, and differ for who does not see all of a resource: hers is another document.
        using var bytes = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (StoredVersion version in content)
        {
            bytes.AppendData(version.Json.Span);
        }

        byte[] hash = bytes.GetHashAndReset()[..16];
        BinaryPrimitives.WriteUInt16BigEndian(hash.AsSpan(6), (ushort)((BinaryPrimitives.ReadUInt16BigEndian(hash.AsSpan(6)) & 0x0FFF) | 0x8000));
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
