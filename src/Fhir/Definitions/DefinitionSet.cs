namespace HealthChain.Fhir.Definitions;

/// <summary>
/// Definitions by canonical: those of R4 and its terminology that are compiled into this assembly, and those of packages laid over
/// them. Immutable and safe to share; definitions are decoded when first asked for.
/// </summary>
/// <remarks>
/// A canonical may carry <c>|version</c> and then means that version only. Without one, the layer laid last wins, and within a layer
/// the newest version. HL7 terminology lies over R4: where both define <c>http://terminology.hl7.org/...</c>, THO's definition is
/// the maintained one (R4's is its state of 2019); version numbers cannot be compared, since THO restarted them at 1.0.0. Codes that
/// THO has lost since are kept in it as inactive ones.
/// </remarks>
public sealed class DefinitionSet
{
    private const string SpecificationVersion = "4.0.1";

    private static readonly Lazy<DefinitionSet> Embedded = new(() =>
        new DefinitionSet([DefinitionBinary.OpenEmbedded("definitions.terminology.bin"), DefinitionBinary.OpenEmbedded("definitions.r4.bin")]));

    /// <summary>The layers, the one that wins first.</summary>
    private readonly IDefinitionSource[] _layers;

    private readonly SnapshotCache _snapshots = new();

    private DefinitionSet(IDefinitionSource[] layers) => _layers = layers;

    /// <summary>The definitions of R4 (4.0.1) and HL7 terminology, without any package.</summary>
    public static DefinitionSet R4 => Embedded.Value;

    /// <summary>Every definition of one sort (decodes them all; for building indexes at start). Those of upper layers come first.</summary>
    public IEnumerable<StructureDefinition> Structures =>
        All<StructureDefinition>(DefinitionKind.StructureDefinition).Select(structure => Complete(structure, null));

    public IEnumerable<ValueSet> ValueSets => All<ValueSet>(DefinitionKind.ValueSet);

    public IEnumerable<CodeSystem> CodeSystems => All<CodeSystem>(DefinitionKind.CodeSystem);

    public IEnumerable<ConceptMap> ConceptMaps => All<ConceptMap>(DefinitionKind.ConceptMap);

    public IEnumerable<SearchParameter> SearchParameters => All<SearchParameter>(DefinitionKind.SearchParameter);

    public IEnumerable<OperationDefinition> Operations => All<OperationDefinition>(DefinitionKind.OperationDefinition);

    public IEnumerable<CompartmentDefinition> Compartments => All<CompartmentDefinition>(DefinitionKind.CompartmentDefinition);

    public IEnumerable<NamingSystem> NamingSystems => All<NamingSystem>(DefinitionKind.NamingSystem);

    /// <summary>A set with further definitions over this one; of the sources given, the last wins.</summary>
    public DefinitionSet With(IReadOnlyList<IDefinitionSource> sources) => new([.. sources.Reverse(), .. _layers]);

    /// <summary>
    /// A set with the packages of a folder over this one: its <c>.tgz</c> archives and <c>.json</c> and <c>.xml</c> resources,
    /// subfolders included. A single archive or resource may be named as well. What cannot be read is told as issues and left out.
    /// </summary>
    public LoadedDefinitions Load(string path, PackageLimits? limits = null)
    {
        FhirPackage[] packages = [.. FhirPackage.OpenAll(path, limits)];
        return new LoadedDefinitions(With(packages), packages);
    }

    /// <summary>The structure of that canonical, or null. Where it came without a snapshot, one is generated; see <see cref="Issues"/>.</summary>
    public StructureDefinition? Structure(string canonical) => Structure(canonical, null);

    /// <summary>The definition of a type of the specification by its name: <c>Patient</c>, <c>HumanName</c>, <c>string</c>.</summary>
    public StructureDefinition? Type(string name) =>
        Structure("http://hl7.org/fhir/StructureDefinition/" + name) is { IsConstraint: false } structure ? structure : null;

    /// <summary>The value set of that canonical or <c>urn:oid:</c> identifier, or null.</summary>
    public ValueSet? ValueSet(string canonical) =>
        Find<ValueSet>(DefinitionKind.ValueSet, canonical) ?? FindByAlias<ValueSet>(DefinitionKind.ValueSet, canonical);

    /// <summary>
    /// The code system of that canonical, of another name that a NamingSystem lists for it, or of that <c>urn:oid:</c> identifier; or null.
    /// </summary>
    public CodeSystem? CodeSystem(string canonical)
    {
        if (Find<CodeSystem>(DefinitionKind.CodeSystem, canonical) is { } found)
        {
            return found;
        }

        // Naming systems are the authority: code systems may bear the OID of another one that they took their codes from, as table
        // v2-0005 does with the few of CDC's codes for race that it has.
        (string name, string? version) = Canonical.Split(canonical);
        return SystemUri(name) is { } uri
            ? Find<CodeSystem>(DefinitionKind.CodeSystem, version is null ? uri : $"{uri}|{version}")
            : FindByAlias<CodeSystem>(DefinitionKind.CodeSystem, canonical);
    }

    public ConceptMap? ConceptMap(string canonical) => Find<ConceptMap>(DefinitionKind.ConceptMap, canonical);

    public SearchParameter? SearchParameter(string canonical) => Find<SearchParameter>(DefinitionKind.SearchParameter, canonical);

    public OperationDefinition? Operation(string canonical) => Find<OperationDefinition>(DefinitionKind.OperationDefinition, canonical);

    /// <summary>The compartment of that code (<c>Patient</c>) or canonical, or null.</summary>
    public CompartmentDefinition? Compartment(string code) => FindByAlias<CompartmentDefinition>(DefinitionKind.CompartmentDefinition, code) ?? Find<CompartmentDefinition>(DefinitionKind.CompartmentDefinition, code);

    /// <summary>The uri that FHIR prefers for a system known under another name, such as <c>http://loinc.org</c> for
    /// <c>urn:oid:2.16.840.1.113883.6.1</c>; null when it is unknown or given to several systems.</summary>
    public string? SystemUri(string name)
    {
        foreach (IDefinitionSource layer in _layers)
        {
            string[] uris = [.. layer.Find(DefinitionKind.NamingSystem, name).Select(found => ((NamingSystem)found).PreferredUri).OfType<string>().Distinct()];
            if (uris.Length > 0)
            {
                return uris.Length == 1 ? uris[0] : null;
            }
        }

        return null;
    }

    /// <summary>What was wrong with the differentials of the snapshots generated so far.</summary>
    public IEnumerable<Issue> Issues => _snapshots.Issues;

    /// <param name="canonical">See <see cref="Structure(string)"/>.</param>
    /// <param name="generator">The generator at work that asks, so that it notices going in circles.</param>
    internal StructureDefinition? Structure(string canonical, SnapshotGenerator? generator) =>
        Find<StructureDefinition>(DefinitionKind.StructureDefinition, canonical) is { } structure ? Complete(structure, generator) : null;

    private StructureDefinition Complete(StructureDefinition structure, SnapshotGenerator? generator) =>
        structure.Snapshot.Count > 0 || structure.Differential.Count == 0
            ? structure
            : _snapshots.Complete(structure, generator ?? new SnapshotGenerator(this));

    private IEnumerable<T> All<T>(DefinitionKind kind)
        where T : IDefinition
    {
        var seen = new HashSet<(string?, string?)>();
        foreach (IDefinitionSource layer in _layers)
        {
            foreach (IDefinition definition in layer.All(kind))
            {
                // The same version in two layers is one definition: the upper layer's. Naming systems have no canonical to compare.
                if (definition.Url is null || seen.Add((definition.Url, definition.Version)))
                {
                    yield return (T)definition;
                }
            }
        }
    }

    private T? Find<T>(DefinitionKind kind, string canonical)
        where T : class, IDefinition
    {
        (string url, string? version) = Canonical.Split(canonical);
        foreach (IDefinitionSource layer in _layers)
        {
            if (Newest<T>(layer.Find(kind, url).Where(candidate => candidate.Url == url), version) is { } found)
            {
                return found;
            }
        }

        // The specification binds a few of its value sets by its own version (v3-NullFlavor|4.0.1) although they carry another one.
        return version == SpecificationVersion
            ? Newest<T>(_layers[^1].Find(kind, url).Where(candidate => candidate.Url == url), null)
            : null;
    }

    /// <summary>Finds by a name that is no canonical; what several definitions of a layer claim belongs to none of them.</summary>
    private T? FindByAlias<T>(DefinitionKind kind, string name)
        where T : class, IDefinition
    {
        (string alias, string? version) = Canonical.Split(name);
        T? best = null;
        foreach (IDefinitionSource layer in _layers)
        {
            IDefinition[] candidates = [.. layer.Find(kind, alias)];
            if (candidates.Any(candidate => candidate.Url != candidates[0].Url))
            {
                return null;
            }

            best ??= Newest<T>(candidates, version);
        }

        return best;
    }

    private static T? Newest<T>(IEnumerable<IDefinition> candidates, string? version)
        where T : class, IDefinition
    {
        IDefinition? best = null;
        foreach (IDefinition candidate in candidates)
        {
            if (version is null ? best is null || VersionOrder.Compare(candidate.Version, best.Version) > 0 : candidate.Version == version)
            {
                best = candidate;
            }
        }

        return (T?)best;
    }
}
