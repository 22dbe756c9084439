using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Labelling;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// Profiles, security labels and tags as the sets that they are: a label is its system and code, version and display do not count
/// (https://hl7.org/fhir/R4/resource-operation-meta-add.html).
/// </summary>
internal sealed class MetaLabels
{
    private readonly OrderedDictionary<string, byte[]> _profiles = [];
    private readonly OrderedDictionary<(string?, string?), byte[]> _security = [];
    private readonly OrderedDictionary<(string?, string?), byte[]> _tags = [];

    public static MetaLabels Of(Element meta)
    {
        var labels = new MetaLabels();
        labels.Add(meta);
        return labels;
    }

    public int Count => _profiles.Count + _security.Count + _tags.Count;

    /// <summary>Adds those of a Meta that are not there yet; a security label that only the server's own judgement gave becomes the giver's too.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Add(Element meta)
    {
        bool isChanged = false;
        ForEach(
            meta,
            profile => isChanged |= _profiles.TryAdd(profile.Text!, FhirJson.ToBytes(profile)),
            (coding, isTag) =>
            {
                OrderedDictionary<(string?, string?), byte[]> labels = isTag ? _tags : _security;
                byte[] json = FhirJson.ToBytes(coding);
                if (!labels.TryAdd(IdentityOf(coding), json))
                {
                    if (!SecurityLabel.IsDerivedIn(labels[IdentityOf(coding)]) || SecurityLabel.IsDerivedIn(json))
                    {
                        return;
                    }

                    labels[IdentityOf(coding)] = json;
                }

                isChanged = true;
            });
        return isChanged;
    }

    /// <summary>Takes out those of a Meta, but not what the server would give again.</summary>
    /// <returns>Whether any were there.</returns>
    public bool Remove(Element meta)
    {
        int before = Count;
        ForEach(meta, profile => _profiles.Remove(profile.Text!), (coding, isTag) =>
        {
            OrderedDictionary<(string?, string?), byte[]> labels = isTag ? _tags : _security;
            if (labels.TryGetValue(IdentityOf(coding), out byte[]? json) && !SecurityLabel.IsDerivedIn(json))
            {
                labels.Remove(IdentityOf(coding));
            }
        });
        return Count < before;
    }

    /// <summary>A Meta with these labels, and the other members of the given one.</summary>
    public ReadOnlyMemory<byte> ToMeta(Element others = default)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        if (others.Exists)
        {
            using JsonDocument document = JsonDocument.Parse(FhirJson.ToBytes(others));
            foreach (JsonProperty member in document.RootElement.EnumerateObject().Where(member => member.Name is not ("profile" or "_profile" or "security" or "tag")))
            {
                member.WriteTo(json);
            }
        }

        Write(json, "profile", _profiles.Values);
        Write(json, "security", _security.Values);
        Write(json, "tag", _tags.Values);
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void ForEach(Element meta, Action<Element> profile, Action<Element, bool> coding)
    {
        foreach (Element child in meta.Children)
        {
            if (child is { Name: "profile", HasValue: true })
            {
                profile(child);
            }
            else if (child.Name is "security" or "tag")
            {
                coding(child, child.Name == "tag");
            }
        }
    }

    private static (string? System, string? Code) IdentityOf(Element coding) => (TextOf(coding, "system"), TextOf(coding, "code"));

    private static string? TextOf(Element element, string name) => element.Child(name) is { Exists: true } child ? child.Text : null;

    private static void Write(Utf8JsonWriter json, string name, ICollection<byte[]> values)
    {
        if (values.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (byte[] value in values)
            {
                json.WriteRawValue(value, skipInputValidation: true);
            }

            json.WriteEndArray();
        }
    }
}
