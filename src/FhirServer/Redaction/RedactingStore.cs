using System.Runtime.CompilerServices;
using HealthChain.Fhir;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Redaction;

/// <summary>
/// The engine with everything redacted that leaves it: below all interfaces, so that none can forget it. Parts that a scope does not see are taken out, and displays of
/// references at what does not exist for it. Who sees everything gets the bytes as they are.
/// </summary>
/// <remarks>docs/labels.md</remarks>
internal sealed class RedactingStore(IResourceStore engine, Redactor redactor, ServerOptions options) : StoreAround(engine)
{
    public override ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        scope.SeesEverything ? Inner.ReadAsync(scope, key, cancellationToken) : RedactedAsync(scope, key, cancellationToken);

    public override async ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken)
    {
        StoredVersion? found = await Inner.ReadVersionAsync(scope, key, version, cancellationToken);
        return found is null || scope.SeesEverything ? found : await ShownAsync(scope, found, cancellationToken);
    }

    public override ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken) =>
        scope.SeesEverything ? Inner.SearchAsync(scope, request, cancellationToken) : RedactedAsync(scope, request, cancellationToken);

    public override async ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        HistoryPage page = await Inner.HistoryAsync(scope, request, cancellationToken);
        if (scope.SeesEverything)
        {
            return page;
        }

        ReferenceDisplays displays = Displays(scope);
        var now = new Dictionary<ResourceKey, Present>();
        var versions = new List<StoredVersion>(page.Versions.Count);
        foreach (StoredVersion version in page.Versions)
        {
            if (!now.TryGetValue(version.Key, out Present present))
            {
                now.Add(version.Key, present = await PresentAsync(scope, version.Key, cancellationToken));
            }

            versions.Add(await displays.ApplyAsync(redactor.Redact(scope, version, present.WithheldIn(version)), cancellationToken));
        }

        return page with { Versions = versions };
    }

    public override async ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken)
    {
        if (!scope.SeesEverything)
        {
            foreach (Write write in transaction.Writes)
            {
                if (write is not Put { IsPosted: true } && await IsRedactedAsync(scope, write.Key, cancellationToken))
                {
                    return FhirError.Of(
                        ErrorKind.Forbidden,
                        IssueType.Suppressed,
                        $"Parts of this {write.Key.Type} are withheld, so it can be neither changed nor deleted: what is not seen would be lost.",
                        write.Key.Type);
                }
            }
        }

        return await Inner.CommitAsync(scope, transaction, cancellationToken);
    }

    public override async IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (StoredVersion version in Inner.ChangesAsync(scope, after, cancellationToken))
        {
            yield return scope.SeesEverything ? version : await ShownAsync(scope, version, cancellationToken);
        }
    }

    /// <summary>What opens a leaf speaks of all bytes of a version: by trying, what is withheld of it could be guessed.</summary>
    public override async ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        !scope.SeesEverything
        && await Inner.ReadVersionAsync(scope, key, version, cancellationToken) is { } found
        && !ReferenceEquals(await ShownAsync(scope, found, cancellationToken), found)
            ? null
            : await Inner.OpenLeafAsync(scope, key, version, cancellationToken);

    private async ValueTask<StoredVersion?> RedactedAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        await Inner.ReadAsync(scope, key, cancellationToken) is { } version
            ? await Displays(scope).ApplyAsync(redactor.Redact(scope, version), cancellationToken)
            : null;

    private async ValueTask<Result<SearchPage>> RedactedAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        Result<SearchPage> page = await Inner.SearchAsync(scope, request, cancellationToken);
        if (!page.IsOk)
        {
            return page;
        }

        ReferenceDisplays displays = Displays(scope);
        displays.Know(page.Value.Matches);
        displays.Know(page.Value.Included);
        IReadOnlyList<StoredVersion> matches = await RedactAsync(scope, page.Value.Matches, displays, cancellationToken);
        IReadOnlyList<StoredVersion> included = await RedactAsync(scope, page.Value.Included, displays, cancellationToken);
        return ReferenceEquals(matches, page.Value.Matches) && ReferenceEquals(included, page.Value.Included) ? page : page.Value with { Matches = matches, Included = included };
    }

    private ReferenceDisplays Displays(AccessScope scope) => new(Inner, scope, options.BaseUrl);

    private async ValueTask<IReadOnlyList<StoredVersion>> RedactAsync(
        AccessScope scope, IReadOnlyList<StoredVersion> versions, ReferenceDisplays displays, CancellationToken cancellationToken)
    {
        StoredVersion[]? changed = null;
        for (int i = 0; i < versions.Count; i++)
        {
            StoredVersion shown = await displays.ApplyAsync(redactor.Redact(scope, versions[i]), cancellationToken);
            if (!ReferenceEquals(shown, versions[i]))
            {
                (changed ??= [.. versions])[i] = shown;
            }
        }

        return changed ?? versions;
    }

    private async ValueTask<bool> IsRedactedAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        await Inner.ReadAsync(scope, key, cancellationToken) is { } current && !ReferenceEquals(redactor.Redact(scope, current), current);

    /// <summary>Any version as it is for the scope: where parts are withheld now they are withheld in the history too, labelled then or not.</summary>
    private async ValueTask<StoredVersion> ShownAsync(AccessScope scope, StoredVersion version, CancellationToken cancellationToken)
    {
        Present present = await PresentAsync(scope, version.Key, cancellationToken);
        return await Displays(scope).ApplyAsync(redactor.Redact(scope, version, present.WithheldIn(version)), cancellationToken);
    }

    private async ValueTask<Present> PresentAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken)
    {
        StoredVersion? newest = await Inner.ReadAsync(scope, key, cancellationToken);
        newest = newest is { IsDeleted: true } ? await Inner.ReadVersionAsync(scope, key, newest.Version - 1, cancellationToken) : newest;
        return newest is null ? default : new Present(newest.Sequence, redactor.WithheldPaths(scope, newest));
    }

    /// <summary>The newest content of a resource: which version, and where parts of it are withheld.</summary>
    private readonly record struct Present(long Sequence, IReadOnlySet<string>? Withheld)
    {
        public IReadOnlySet<string>? WithheldIn(StoredVersion version) => version.Sequence == Sequence ? null : Withheld;
    }
}
