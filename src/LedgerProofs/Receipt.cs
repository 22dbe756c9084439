using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace HealthChain.LedgerProofs;

/// <summary>
/// What the server hands out for a version or an access: a <see cref="TlogProof"/> whose extra line opens the entry, and says where the log
/// was anchored.
/// </summary>
/// <remarks>
/// The extra line is base64 of <c>{"statement": base64, "salt": base64, "anchors": [{"chain", "contract", "transaction", "blockNumber",
/// "blockHash", "size", "root": base64, "consistency": [base64]}]}</c>. Properties that a reader does not know it passes over.
/// </remarks>
/// <param name="Statement">The bytes of a <see cref="LedgerProofs.Statement"/>.</param>
/// <param name="Salt">With it the statement gives the entry: <see cref="Commitment"/>.</param>
public sealed record Receipt(
    long Index,
    IReadOnlyList<Hash256> Proof,
    SignedNote Note,
    ReadOnlyMemory<byte> Statement,
    ReadOnlyMemory<byte> Salt,
    IReadOnlyList<ReceiptAnchor> Anchors)
{
    public const int MaxBytes = TlogProof.MaxBytes;

    /// <summary>What it is served as, and how its file ends: tlog-proof, "Proofs SHOULD be stored with file extension".</summary>
    public const string FileExtension = ".tlog-proof";

    public const int MaxAnchors = 64;

    // It stands in no page, so the pluses of base64 need no escape.
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions JsonLimits = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    public static bool TryRead(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out Receipt? receipt, [NotNullWhen(false)] out string? problem)
    {
        receipt = null;
        if (!TlogProof.TryRead(utf8, out var proof, out problem))
        {
            return false;
        }

        if (proof.Extra.IsEmpty)
        {
            problem = "the receipt does not open its entry: it has no extra line";
            return false;
        }

        if (!Utf8.IsValid(proof.Extra.Span))
        {
            problem = "the extra line is not base64 of JSON";
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(proof.Extra, JsonLimits);
            return TryReadExtra(proof, document.RootElement, out receipt, out problem);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The latter comes of half a surrogate, which shows only when the text is taken out.
            problem = "the extra line is not base64 of JSON";
            return false;
        }
    }

    public byte[] ToBytes() => new TlogProof(Index, Proof, Note, WriteExtra()).ToBytes();

    public override string ToString() => new TlogProof(Index, Proof, Note, WriteExtra()).ToString();

    private byte[] WriteExtra()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteBase64String("statement", Statement.Span);
            json.WriteBase64String("salt", Salt.Span);
            json.WriteStartArray("anchors");
            foreach (var anchor in Anchors)
            {
                anchor.Write(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static bool TryReadExtra(
        TlogProof proof, JsonElement extra, [NotNullWhen(true)] out Receipt? receipt, [NotNullWhen(false)] out string? problem)
    {
        receipt = null;
        if (!ReceiptJson.TryGetBytes(extra, "statement", out var statement) || !ReceiptJson.TryGetBytes(extra, "salt", out var salt))
        {
            problem = "the extra line has no statement and salt in base64";
            return false;
        }

        if (salt.Length != Commitment.SaltBytes)
        {
            problem = $"the salt has {salt.Length} bytes, not {Commitment.SaltBytes}";
            return false;
        }

        var anchors = new List<ReceiptAnchor>();
        if (!ReceiptJson.TryGetItems(extra, "anchors", out var elements))
        {
            problem = "the anchors are no array";
            return false;
        }

        foreach (var element in elements)
        {
            if (anchors.Count == MaxAnchors || ReceiptAnchor.Read(element) is not { } anchor)
            {
                problem = anchors.Count == MaxAnchors ? $"there are more than {MaxAnchors} anchors" : $"anchor {anchors.Count + 1} is none";
                return false;
            }

            anchors.Add(anchor);
        }

        receipt = new Receipt(proof.Index, proof.Hashes, proof.Note, statement, salt, anchors);
        problem = null;
        return true;
    }
}

/// <summary>
/// Where a head of the log stands outside of it. It covers the receipt's entry if the head does and one of the two heads, this and the
/// checkpoint's, begins with the other. That it stands there indeed, only a look at the chain can show.
/// </summary>
/// <param name="Chain">By CAIP-2: <c>eip155:31337</c>.</param>
/// <param name="Contract">Its address on that chain.</param>
/// <param name="Head">The head that was anchored.</param>
/// <param name="Consistency">From the smaller of the two heads to the larger; empty when they are one.</param>
public sealed record ReceiptAnchor(
    string Chain,
    string Contract,
    string Transaction,
    long BlockNumber,
    string BlockHash,
    TreeHead Head,
    IReadOnlyList<Hash256> Consistency)
{
    private const int MostCharacters = 128;

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("chain", Chain);
        json.WriteString("contract", Contract);
        json.WriteString("transaction", Transaction);
        json.WriteNumber("blockNumber", BlockNumber);
        json.WriteString("blockHash", BlockHash);
        json.WriteNumber("size", Head.Size);
        json.WriteString("root", StrictText.Write(Head.Root));
        if (Consistency.Count > 0)
        {
            json.WriteStartArray("consistency");
            foreach (var hash in Consistency)
            {
                json.WriteStringValue(StrictText.Write(hash));
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    internal static ReceiptAnchor? Read(JsonElement element)
    {
        if (!ReceiptJson.TryGetText(element, "chain", MostCharacters, out var chain)
            || !ReceiptJson.TryGetText(element, "contract", MostCharacters, out var contract)
            || !ReceiptJson.TryGetText(element, "transaction", MostCharacters, out var transaction)
            || !ReceiptJson.TryGetNumber(element, "blockNumber", out var blockNumber)
            || !ReceiptJson.TryGetText(element, "blockHash", MostCharacters, out var blockHash)
            || !ReceiptJson.TryGetNumber(element, "size", out var size)
            || !ReceiptJson.TryGetText(element, "root", MostCharacters, out var rootText)
            || !StrictText.TryReadHash(rootText, out var root)
            || !ReceiptJson.TryGetItems(element, "consistency", out var items))
        {
            return null;
        }

        var consistency = new List<Hash256>();
        foreach (var item in items)
        {
            if (consistency.Count == MerkleProof.MaxHashes
                || item.ValueKind != JsonValueKind.String
                || !StrictText.TryReadHash(item.GetString(), out var hash))
            {
                return null;
            }

            consistency.Add(hash);
        }

        return new ReceiptAnchor(chain, contract, transaction, blockNumber, blockHash, new TreeHead(size, root), consistency);
    }
}

/// <summary>Values of the extra line, without exceptions and only in their one form.</summary>
internal static class ReceiptJson
{
    public static bool TryGetBytes(JsonElement element, string name, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return TryGet(element, name, JsonValueKind.String, out var value) && StrictText.TryReadBase64(value.GetString(), out bytes);
    }

    /// <summary>Printable ASCII only: it will stand on somebody's screen.</summary>
    public static bool TryGetText(JsonElement element, string name, int most, [NotNullWhen(true)] out string? text)
    {
        text = TryGet(element, name, JsonValueKind.String, out var value) ? value.GetString() : null;
        return StatementText.IsValid(text, most);
    }

    public static bool TryGetNumber(JsonElement element, string name, out long number)
    {
        number = 0;
        return TryGet(element, name, JsonValueKind.Number, out var value) && value.TryGetInt64(out number) && number >= 0;
    }

    /// <summary>Of an array that may be missing.</summary>
    public static bool TryGetItems(JsonElement element, string name, out JsonElement.ArrayEnumerator items)
    {
        var isThere = element.TryGetProperty(name, out var array);
        items = isThere && array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : default;
        return !isThere || array.ValueKind == JsonValueKind.Array;
    }

    private static bool TryGet(JsonElement element, string name, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == kind;
    }
}
