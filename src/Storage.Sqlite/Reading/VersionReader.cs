using HealthChain.Fhir.Model;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Versions as one scope sees them: those that it sees itself, of resources whose newest version it sees too.</summary>
internal sealed class VersionReader(Snapshot snapshot, EngineParts parts, PreparerPool preparers, AccessScope scope)
{
    private readonly Head _head = new();

    public AccessScope Scope => scope;

    /// <summary>The current version, a deletion included.</summary>
    public static StoredVersion? Newest(Snapshot snapshot, EngineParts parts, AccessScope scope, ResourceKey key)
    {
        long rid = snapshot.FindIdentity(parts.Hasher.Reference(key));
        return rid != 0 && NewestOf(snapshot, scope, rid) is var newest and not 0 && snapshot.Open(newest) is { } version && version.Key == key
            ? version
            : null;
    }

    /// <summary>The keys beside a resource are read only for a scope that decides by them: they are most of the pages that a read would touch.</summary>
    private static long NewestOf(Snapshot snapshot, AccessScope scope, long rid)
    {
        if (scope.SeesEverything)
        {
            return snapshot.NewestOf(rid);
        }

        var head = new Head();
        return snapshot.TryGetHead(rid, head) && head.IsSeenBy(scope) ? head.Newest : 0;
    }

    public StoredVersion? Version(ResourceKey key, long number) =>
        Find(key, number) is { } row && snapshot.Open(row.Sequence) is { } version && version.Key == key ? version : null;

    public VersionRow? Find(ResourceKey key, long number)
    {
        long rid = snapshot.FindIdentity(parts.Hasher.Reference(key));
        return rid != 0 && snapshot.FindVersion(rid, number) is { } row && Sees(row) ? row : null;
    }

    public StoredVersion? At(long sequence) =>
        snapshot.FindVersion(sequence) is { } row && Sees(row) ? snapshot.Open(sequence) : null;

    /// <summary>Whether the version exists for the scope.</summary>
    public bool Sees(in VersionRow row)
    {
        if (scope.SeesEverything)
        {
            return true;
        }

        if (!scope.MaySee(row.Type.Name) || !snapshot.TryGetHead(row.Rid, _head) || !_head.IsSeenBy(scope))
        {
            return false;
        }

        if (row.Sequence == _head.Newest)
        {
            return true;
        }

        // Only the newest version's keys are kept. A deletion has the facts of the version that it ended.
        long content = row.IsDeletion ? snapshot.FindVersion(row.Rid, row.Version - 1)?.Sequence ?? 0 : row.Sequence;
        return snapshot.Open(content) is { } version && SeesContent(version);
    }

    private bool SeesContent(StoredVersion version)
    {
        Element resource = FhirJson.Read(version.Json).Root;
        long identity = parts.Hasher.Reference(version.Key);
        return preparers.Use(preparer => scope.Sees(new ResourceFacts(version.Key.Type, identity, preparer.KeysOf(resource))));
    }
}
