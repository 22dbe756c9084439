using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Redaction;

/// <summary>
/// A reference may say in words what it points at (<c>Reference.display</c>). Where that does not exist for a scope, the words do not either; whether it is withheld, was
/// deleted or never was there is the same. For one answer: what was looked up once is known.
/// </summary>
/// <param name="serverBase">The FHIR base of this server, without the last slash; null when references to it are stored as relative ones.</param>
internal sealed class ReferenceDisplays(IResourceStore engine, AccessScope scope, string? serverBase)
{
    private readonly Dictionary<ResourceKey, bool> _exists = [];
    private readonly byte[]? _base = serverBase is null ? null : Encoding.UTF8.GetBytes(serverBase + "/");

    private static ReadOnlySpan<byte> Member => "\"reference\":\""u8;

    /// <summary>Says that a resource is there, so that nobody needs to look.</summary>
    public void Know(IReadOnlyList<StoredVersion> versions)
    {
        foreach (StoredVersion version in versions)
        {
            _exists[version.Key] = !version.IsDeleted;
        }
    }

    /// <summary>The version without the displays of what does not exist.</summary>
    public async ValueTask<StoredVersion> ApplyAsync(StoredVersion version, CancellationToken cancellationToken)
    {
        if (!MayConcern(version.Json.Span))
        {
            return version;
        }

        Element resource = FhirJson.Read(version.Json).Root;
        var idle = new HashSet<int>();
        for (int i = 1; i < resource.Tree.Count; i++)
        {
            Element reference = resource.Tree.ElementAt(i);
            if (reference.Type.Name == "Reference"
                && reference.Child("display") is { Exists: true } display
                && reference.Child("reference") is { Exists: true, HasValue: true } text
                && TargetOf(text.Value) is { } target
                && !await ExistsAsync(target, cancellationToken))
            {
                idle.Add(display.Index);
            }
        }

        return idle.Count == 0 ? version : version with { Json = PartialResource.Without(resource, element => idle.Contains(element.Index)).Tree.Json };
    }

    /// <summary>
    /// Whether a reference in the text may have a display that says too much. A reference that is alone in its object, as most to patients are, has none, and one at
    /// what nobody withholds needs no look.
    /// </summary>
    public bool MayConcern(ReadOnlySpan<byte> json)
    {
        for (int at = json.IndexOf(Member); at >= 0;)
        {
            int start = at + Member.Length;
            int end = start + Math.Max(json[start..].IndexOf((byte)'"'), 0);
            bool isAlone = at > 0 && json[at - 1] == (byte)'{' && end + 1 < json.Length && json[end + 1] == (byte)'}';

            // Some writers escape slashes: what such a reference points at is seen when it is read.
            if (!isAlone && (json[start..end].Contains((byte)'\\') || TargetOf(json[start..end]) is not null))
            {
                return true;
            }

            int next = json[end..].IndexOf(Member);
            at = next < 0 ? -1 : end + next;
        }

        return false;
    }

    /// <summary>What a literal reference points at on this server, when such things can be withheld; else null.</summary>
    private ResourceKey? TargetOf(ReadOnlySpan<byte> reference)
    {
        ReadOnlySpan<byte> local = _base is { } root && reference.StartsWith(root) ? reference[root.Length..] : reference;
        LiteralReference literal = LiteralReference.Parse(local);
        return literal.Type is { } type && local[literal.Server].IsEmpty && !scope.SeesAll(type.Name)
            ? new ResourceKey(type.Name, Encoding.UTF8.GetString(local[literal.Id]))
            : null;
    }

    private async ValueTask<bool> ExistsAsync(ResourceKey target, CancellationToken cancellationToken)
    {
        if (!_exists.TryGetValue(target, out bool exists))
        {
            exists = scope.MaySee(target.Type) && await engine.ReadAsync(scope, target, cancellationToken) is { IsDeleted: false };
            _exists.Add(target, exists);
        }

        return exists;
    }
}
