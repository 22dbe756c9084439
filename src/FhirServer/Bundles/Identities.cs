using System.Globalization;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Bundles;

/// <summary>
/// What the entries of a transaction are called in it, and what they become in the store: https://hl7.org/fhir/R4/bundle.html#references
/// </summary>
internal sealed class Identities
{
    private readonly Dictionary<string, ResourceKey>.AlternateLookup<ReadOnlySpan<char>> _byUrl =
        new Dictionary<string, ResourceKey>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Where a reference leads.</summary>
    /// <param name="Rest">What stands behind the reference to the resource: a version or a fragment.</param>
    public readonly record struct Target(ResourceKey Key, string Rest)
    {
        /// <summary>"Version-specific references should remain as version-specific references".</summary>
        public bool IsVersioned => Rest.StartsWith(History, StringComparison.Ordinal);

        public string ToReference(long version) => IsVersioned
            ? string.Create(CultureInfo.InvariantCulture, $"{Key}{History}{version}")
            : $"{Key}{Rest}";
    }

    private const string History = "/_history/";

    public bool IsEmpty => _byUrl.Dictionary.Count == 0;

    /// <summary>Makes a full url known; false when it is already.</summary>
    public bool Add(string fullUrl, ResourceKey key) => _byUrl.Dictionary.TryAdd(fullUrl, key);

    /// <summary>The resource of the bundle that a reference means; null when it is none.</summary>
    /// <param name="root">Base url of the entry in which the reference stands; null when its full url is no url of a REST server.</param>
    public Target? Resolve(ReadOnlySpan<char> reference, string? root)
    {
        if (_byUrl.TryGetValue(reference, out ResourceKey key))
        {
            return new Target(key, "");
        }

        int end = reference.IndexOf(History, StringComparison.Ordinal);
        end = end < 0 ? reference.IndexOf('#') : end;
        if (end > 0 && _byUrl.TryGetValue(reference[..end], out key))
        {
            return new Target(key, reference[end..].ToString());
        }

        return root is not null && end != 0 && !reference.Contains(':') && !reference.StartsWith('/')
            ? Resolve($"{root}/{reference}", root: null)
            : null;
    }

    /// <summary>The part before <c>Type/id</c> of a RESTful url; null for any other.</summary>
    public static string? RootOf(string? fullUrl) => Parse(fullUrl)?.Root;

    /// <summary>The id of a RESTful url; null for any other.</summary>
    public static string? IdOf(string? fullUrl) => Parse(fullUrl)?.Id;

    private static (string Root, string Id)? Parse(string? fullUrl)
    {
        if (fullUrl is null || !fullUrl.StartsWith("http", StringComparison.Ordinal))
        {
            return null;
        }

        int id = fullUrl.LastIndexOf('/');
        int type = id > 0 ? fullUrl.LastIndexOf('/', id - 1) : -1;
        return type > 0 && ResourceTypes.Find(fullUrl.AsSpan(type + 1, id - type - 1)) is not null && RequestTarget.IsId(fullUrl.AsSpan(id + 1))
            ? (fullUrl[..type], fullUrl[(id + 1)..])
            : null;
    }
}
