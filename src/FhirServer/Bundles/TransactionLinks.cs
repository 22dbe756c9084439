using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Bundles;

/// <summary>
/// Resolves the links between the resources of one transaction, and its conditional references. Serves one attempt: what is found on
/// the present state goes into <see cref="Guards"/>.
/// </summary>
internal sealed class TransactionLinks(FhirRequest outer, TransactionPlan plan, ConditionalSearch search, IResourceStore store, LocalMatch local)
{
    private readonly List<Link>?[] _links = new List<Link>?[plan.Entries.Count];
    private readonly Dictionary<string, Result<ResourceKey>> _conditional = [];
    private readonly Dictionary<ResourceKey, long> _versions = [];
    private readonly Dictionary<int, IndexValues> _values = [];

    public List<Guard> Guards { get; } = [];

    /// <summary>Finds all links and asks the store what must be asked.</summary>
    public async ValueTask<FhirError?> ResolveAsync(CancellationToken cancellationToken)
    {
        var faults = new Faults();
        for (int i = 0; i < _links.Length; i++)
        {
            if (plan.ByEntry[i] is not PutPlan put)
            {
                continue;
            }

            var links = new List<Link>();
            string? root = Identities.RootOf(plan.Entries[i].FullUrl);
            Links.Find(put.Resource, plan.Identities, root, links);
            _links[i] = links;
            foreach (Link link in links)
            {
                if (await ResolveAsync(link, root, cancellationToken) is { } error)
                {
                    faults.Add(plan.Entries[i], error);
                }
            }
        }

        return faults.Error;
    }

    /// <summary>The changes that the links of an entry's resource ask for.</summary>
    public ResourceEdit EditOf(int entry)
    {
        var put = (PutPlan)plan.ByEntry[entry]!;
        var edit = new ResourceEdit(put.Resource);
        string? root = Identities.RootOf(plan.Entries[entry].FullUrl);
        foreach (Link link in _links[entry]!)
        {
            string text = link.Kind switch
            {
                LinkKind.Conditional => _conditional[link.Text].Value.ToString(),
                LinkKind.Entry => Text(link.Target),
                _ => Links.Resolve(link.Text, url => plan.Identities.Resolve(url, root) is { } target ? Text(target) : null),
            };
            if (text != link.Text)
            {
                edit.SetText(link.Element, text);
            }
        }

        return edit;
    }

    private string Text(Identities.Target target) => target.ToReference(target.IsVersioned ? _versions[target.Key] : 0);

    private async ValueTask<FhirError?> ResolveAsync(Link link, string? root, CancellationToken cancellationToken)
    {
        switch (link.Kind)
        {
            case LinkKind.Conditional:
                if (!_conditional.TryGetValue(link.Text, out Result<ResourceKey> key))
                {
                    key = await FindAsync(link.Text, cancellationToken);
                    _conditional.Add(link.Text, key);
                }

                return key.Error is { } error ? error with { Issues = [.. error.Issues.Select(issue => issue with { Expression = link.Element.Expression })] } : null;
            case LinkKind.Entry:
                await FindVersionAsync(link.Target, cancellationToken);
                return null;
            default:
                var targets = new List<Identities.Target>();
                Links.Resolve(link.Text, url =>
                {
                    targets.AddRange(plan.Identities.Resolve(url, root) is { } target ? [target] : []);
                    return null;
                });
                foreach (Identities.Target target in targets)
                {
                    await FindVersionAsync(target, cancellationToken);
                }

                return null;
        }
    }

    /// <summary>The version that the transaction makes of a resource, where a link names one.</summary>
    private async ValueTask FindVersionAsync(Identities.Target target, CancellationToken cancellationToken)
    {
        if (!target.IsVersioned || _versions.ContainsKey(target.Key))
        {
            return;
        }

        StoredVersion? current = await store.ReadAsync(outer.Requester.Scope, target.Key, cancellationToken);
        Guards.Add(Preconditioned.At(target.Key, current));
        _versions.Add(target.Key, (current?.Version ?? 0) + (plan.Written.ContainsKey(target.Key) ? 1 : 0));
    }

    /// <summary>"if there are no matches, or multiple matches, the transaction fails": https://hl7.org/fhir/R4/http.html#trules</summary>
    private async ValueTask<Result<ResourceKey>> FindAsync(string reference, CancellationToken cancellationToken)
    {
        int question = reference.IndexOf('?', StringComparison.Ordinal);
        TypeSchema type = ResourceTypes.Find(reference.AsSpan(0, question))!;
        ResourceKey[] written = [.. plan.Written.Keys.Where(key => key.Type == type.Name)];
        FhirRequest searching = outer with { Requester = await Admission.ForSearchAsync(outer.Requester, cancellationToken) };
        Result<Match> match = await search.FindAsync(searching, type, QueryText.Read(reference.AsSpan(question)), 1 + written.Length, cancellationToken);
        if (!match.IsOk)
        {
            return match.Error;
        }

        // What the transaction writes counts as it will be; where that cannot be told beforehand, as it is.
        Guards.Add(match.Value.Guard);
        HashSet<ResourceKey> found = [.. match.Value.Found.Select(version => version.Key)];
        foreach (ResourceKey key in written)
        {
            bool? meets = plan.ByEntry[plan.Written[key]] is PutPlan put ? LocalMatch.Meets(ValuesOf(plan.Written[key], put), match.Value.Guard.Criterion) : false;
            if (meets == true)
            {
                found.Add(key);
            }
            else if (meets == false)
            {
                found.Remove(key);
            }
        }

        return found.Count switch
        {
            1 => found.Single(),
            0 => FhirError.Of(ErrorKind.PreconditionFailed, IssueType.NotFound, $"The conditional reference matches no {type.Name}."),
            _ => FhirError.Of(ErrorKind.PreconditionFailed, IssueType.MultipleMatches, $"The conditional reference matches several resources of type {type.Name}."),
        };
    }

    private IndexValues ValuesOf(int entry, PutPlan put)
    {
        if (!_values.TryGetValue(entry, out IndexValues? values))
        {
            _values.Add(entry, values = local.ValuesOf(put.Resource));
        }

        return values;
    }
}
