using System.Buffers;
using System.Globalization;
using System.Text;
using HealthChain.Fhir.Model;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// The JSON of a resource with places for version and instant, so that the writer only copies. It begins with type, id and the meta that the
/// commit assigns, in that order: whoever opens a version reads its id from there.
/// </summary>
internal readonly struct BodyTemplate
{
    private const string InstantFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int InstantLength = 24;

    private readonly byte[] _json;
    private readonly int _versionAt;

    private BodyTemplate(byte[] json, int versionAt)
    {
        _json = json;
        _versionAt = versionAt;
    }

    private static ReadOnlySpan<byte> BetweenVersionAndInstant => "\",\"lastUpdated\":\""u8;

    public static BodyTemplate Of(Element resource, ReadOnlySpan<byte> type, ReadOnlySpan<byte> id, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        WriteKey(type, id, buffer);
        buffer.Write(",\"meta\":{\"versionId\":\""u8);
        int versionAt = buffer.WrittenCount;
        buffer.Write(BetweenVersionAndInstant);
        buffer.GetSpan(InstantLength)[..InstantLength].Fill((byte)'0');
        buffer.Advance(InstantLength);
        buffer.Write("\""u8);
        if (resource.Child("meta") is { Exists: true } meta)
        {
            FhirJson.WriteMembers(meta, buffer, "versionId", "lastUpdated");
        }

        buffer.Write("}"u8);
        FhirJson.WriteMembers(resource, buffer, "id", "meta");
        buffer.Write("}"u8);
        return new BodyTemplate(buffer.WrittenSpan.ToArray(), versionAt);
    }

    /// <summary>What a deletion seals, so that it can be told whose it is.</summary>
    public static byte[] OfDeletion(ResourceKey key)
    {
        var buffer = new ArrayBufferWriter<byte>(64 + key.Type.Length + key.Id.Length);
        WriteKey(Encoding.UTF8.GetBytes(key.Type), Encoding.UTF8.GetBytes(key.Id), buffer);
        buffer.Write("}"u8);
        return buffer.WrittenSpan.ToArray();
    }

    public byte[] Fill(long version, DateTimeOffset instant)
    {
        Span<byte> digits = stackalloc byte[20];
        version.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        byte[] json = new byte[_json.Length + length];
        _json.AsSpan(0, _versionAt).CopyTo(json);
        digits[..length].CopyTo(json.AsSpan(_versionAt));
        _json.AsSpan(_versionAt).CopyTo(json.AsSpan(_versionAt + length));
        instant.UtcDateTime.TryFormat(
            json.AsSpan(_versionAt + length + BetweenVersionAndInstant.Length, InstantLength), out _, InstantFormat, CultureInfo.InvariantCulture);
        return json;
    }

    private static void WriteKey(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id, ArrayBufferWriter<byte> buffer)
    {
        buffer.Write("{\"resourceType\":\""u8);
        buffer.Write(type);
        buffer.Write("\",\"id\":\""u8);
        buffer.Write(id);
        buffer.Write("\""u8);
    }
}
