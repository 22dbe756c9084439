using System.Collections.Concurrent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>How resources of a type belong to a compartment.</summary>
/// <param name="IsSelf">The compartment's own type: a resource is in its own compartment by its id.</param>
/// <param name="Parameters">Reference parameters of which one must point at the compartment's resource.</param>
public sealed record CompartmentMembership(bool IsSelf, IReadOnlyList<IndexedParameter> Parameters);

/// <summary>
/// The search parameters of R4 and of packages laid over it, by resource type and name, those of Resource and DomainResource
/// included. Immutable and safe to share; the walk of a type is compiled when first asked for.
/// </summary>
/// <remarks>
/// Where two definitions have one name on one type, a package's wins over R4's; within R4 the one that is named after the type
/// (<c>Condition-subject</c>) wins over others (its examples); within packages the one whose canonical sorts first. Losers are reported in
/// <see cref="Issues"/>.
/// </remarks>
public sealed class SearchParameterSet
{
    private const int Ranks = 3;

    /// <summary>
    /// The types of a resource's contained resources: what <c>_contained</c> finds containers by. R4 defines no parameter for it, so this is not
    /// one that a client can name.
    /// </summary>
    private static readonly SearchParameter ContainedTypes = new()
    {
        Url = "urn:healthchain:search-parameter:contained-type",
        Name = "contained-type",
        Code = ":contained-type",
        Bases = ["DomainResource"],
        Type = SearchParameterType.Token,
        Expression = "DomainResource.contained",
    };

    private readonly DefinitionSet _definitions;
    private readonly IndexedParameter[] _parameters;
    private readonly Dictionary<string, IndexedParameter> _byUrl;
    private readonly Dictionary<ushort, Dictionary<string, IndexedParameter>> _byType;
    private readonly ConcurrentDictionary<ushort, TypeWalk> _walks = [];
    private readonly ushort _firstFact;
    private readonly List<Issue> _issues = [];

    /// <summary>Builds the set of all parameters in the definitions.</summary>
    public SearchParameterSet(DefinitionSet definitions)
    {
        _definitions = definitions;
        List<SearchParameter> accepted = Accepted(definitions.SearchParameters);
        _parameters = [.. accepted.Select((definition, index) => new IndexedParameter((ushort)index, definition))];
        _byUrl = _parameters.ToDictionary(parameter => parameter.Definition.Url);
        _firstFact = _byUrl[FactDefinitions.All[0].Url].Id;
        LinkComponents();
        _byType = ByType();
    }

    /// <summary>A token of all resources that can contain others: the types of those contained.</summary>
    public IndexedParameter ContainedType => _byUrl[ContainedTypes.Url];

    /// <summary>The id of the parameter that a fact of resources has; those of all facts follow each other in their order.</summary>
    public ushort IdOf(ResourceFact fact) => (ushort)(_firstFact + (int)fact);

    /// <summary>Whether resources of a type can have <see cref="ResourceFact.Patient"/>.</summary>
    public bool HasPatients(TypeSchema type) => WalkOf(type).Facts is { IsPatient: true } or { HasPatients: true };

    /// <summary>Whether references by a parameter make resources of a type those of the patients to whom they point.</summary>
    public bool TellsPatient(TypeSchema type, ushort parameter) => WalkOf(type).Facts.TellsPatient(parameter);

    /// <summary>All parameters, each at the position of its id.</summary>
    public IReadOnlyList<IndexedParameter> Parameters => _parameters;

    /// <summary>Definitions that were left out, and why. <see cref="Check"/> finds those whose expressions do not compile.</summary>
    public IReadOnlyList<Issue> Issues => _issues;

    /// <summary>The parameter of that name on a resource type, or null.</summary>
    public IndexedParameter? Find(TypeSchema type, string code) => _byType.GetValueOrDefault(type.Id)?.GetValueOrDefault(code);

    /// <summary>The parameter of that canonical, or null.</summary>
    public IndexedParameter? Find(string url) => _byUrl.GetValueOrDefault(WithoutVersion(url));

    /// <summary>All parameters of a resource type, in no particular order.</summary>
    public IEnumerable<IndexedParameter> Of(TypeSchema type) =>
        _byType.TryGetValue(type.Id, out Dictionary<string, IndexedParameter>? parameters) ? parameters.Values : [];

    /// <summary>How resources of a type belong to a compartment; null when they never do, or there is no such compartment.</summary>
    /// <param name="compartment">Code of the compartment: <c>Patient</c>.</param>
    public CompartmentMembership? Compartment(string compartment, TypeSchema type)
    {
        bool isSelf = type.Name == compartment;
        CompartmentResource? resource = _definitions.Compartment(compartment)?.Resources.FirstOrDefault(candidate => candidate.Type == type.Name);
        if (resource is null)
        {
            return null;
        }

        IndexedParameter[] parameters = [.. resource.Parameters.Select(code => Find(type, code)).OfType<IndexedParameter>()];
        return isSelf || parameters.Length > 0 ? new CompartmentMembership(isSelf, parameters) : null;
    }

    /// <summary>Compiles the walks of all types and returns every fault found, those of <see cref="Issues"/> too.</summary>
    public IReadOnlyList<Issue> Check() =>
        [.. _issues, .. FhirSchema.R4.Types.Where(IsConcrete).SelectMany(type => WalkOf(type).Issues)];

    /// <summary>The walk of a resource type; an empty one for anything else.</summary>
    internal TypeWalk WalkOf(TypeSchema type) =>
        _walks.TryGetValue(type.Id, out TypeWalk? walk) ? walk : _walks.GetOrAdd(type.Id, _ => new TypeWalk(type, this, _definitions));

    /// <summary>
    /// The definitions to work with in a fixed order: R4's by canonical, then our own, then those of packages by canonical, so that ids do
    /// not depend on packages.
    /// </summary>
    private List<SearchParameter> Accepted(IEnumerable<SearchParameter> definitions)
    {
        var byUrl = new Dictionary<string, SearchParameter>();
        foreach (SearchParameter definition in definitions)
        {
            // The version that wins comes first; a retired one is no parameter.
            if (byUrl.TryAdd(definition.Url, definition) && definition.Bases.Count == 0)
            {
                Leave(definition, IssueType.Required, "it names no resource type");
                byUrl[definition.Url] = definition with { Status = "retired" };
            }
        }

        SearchParameter[] active = [.. byUrl.Values.Where(definition => definition.Status != "retired").OrderBy(definition => definition.Url, StringComparer.Ordinal)];
        List<SearchParameter> accepted = [.. active.Where(IsOfR4), ContainedTypes, .. OwnParameters.All, .. FactDefinitions.All, .. active.Where(definition => !IsOfR4(definition))];
        if (accepted.Count > ushort.MaxValue)
        {
            throw new FhirException(FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"{accepted.Count} search parameters are more than {ushort.MaxValue}."));
        }

        return accepted;
    }

    private void LinkComponents()
    {
        foreach (IndexedParameter parameter in _parameters)
        {
            if (parameter.Type != SearchParameterType.Composite)
            {
                continue;
            }

            IndexedParameter[] components =
            [
                .. parameter.Definition.Components.Select(component => Find(component.Definition)).OfType<IndexedParameter>(),
            ];
            if (components.Length > 0
                && components.Length == parameter.Definition.Components.Count
                && components.All(component => component.Type != SearchParameterType.Composite))
            {
                parameter.Components = components;
            }
            else
            {
                Leave(parameter.Definition, IssueType.Invalid, "its components are missing, not known here, or composites themselves");
            }
        }
    }

    private Dictionary<ushort, Dictionary<string, IndexedParameter>> ByType()
    {
        // Plain loops: this runs at the start of every process, where each generic instantiation must first be compiled.
        var byBase = new Dictionary<string, List<IndexedParameter>>[Ranks];
        for (int rank = 0; rank < Ranks; rank++)
        {
            byBase[rank] = [];
        }

        foreach (IndexedParameter parameter in _parameters)
        {
            if (parameter.Type != SearchParameterType.Composite || parameter.Components.Count > 0)
            {
                Add(parameter, byBase[Rank(parameter)]);
            }
        }

        var byType = new Dictionary<ushort, Dictionary<string, IndexedParameter>>();
        var losers = new HashSet<IndexedParameter>();
        foreach (TypeSchema type in FhirSchema.R4.Types)
        {
            if (IsConcrete(type))
            {
                byType.Add(type.Id, ByCode(type, byBase, losers));
            }
        }

        return byType;
    }

    /// <summary>The parameters of a type by name; of one name the best, which comes first, is kept.</summary>
    private Dictionary<string, IndexedParameter> ByCode(
        TypeSchema type, Dictionary<string, List<IndexedParameter>>[] byBase, HashSet<IndexedParameter> losers)
    {
        var byCode = new Dictionary<string, IndexedParameter>();
        foreach (Dictionary<string, List<IndexedParameter>> ranked in byBase)
        {
            for (TypeSchema? ancestor = type; ancestor is not null; ancestor = ancestor.Base)
            {
                foreach (IndexedParameter parameter in ranked.GetValueOrDefault(ancestor.Name) ?? [])
                {
                    if (!byCode.TryAdd(parameter.Code, parameter) && byCode[parameter.Code] != parameter && losers.Add(parameter))
                    {
                        Leave(parameter.Definition, IssueType.Duplicate, $"'{parameter.Code}' on {type.Name} is {byCode[parameter.Code].Definition.Url}");
                    }
                }
            }
        }

        return byCode;
    }

    private static void Add(IndexedParameter parameter, Dictionary<string, List<IndexedParameter>> byBase)
    {
        foreach (string type in parameter.Definition.Bases)
        {
            if (!byBase.TryGetValue(type, out List<IndexedParameter>? parameters))
            {
                parameters = [];
                byBase.Add(type, parameters);
            }

            parameters.Add(parameter);
        }
    }

    /// <summary>0 for a package's, 1 for R4's own, 2 for what else came with R4.</summary>
    private static int Rank(IndexedParameter parameter)
    {
        SearchParameter definition = parameter.Definition;
        return !IsOfR4(definition) ? 0
            : definition.Bases.Count > 1 || definition.Url.EndsWith($"/{definition.Bases[0]}-{definition.Code.TrimStart('_')}", StringComparison.Ordinal) ? 1
            : 2;
    }

    private static bool IsOfR4(SearchParameter definition) =>
        ReferenceEquals(DefinitionSet.R4.SearchParameter(definition.Url), definition);

    private static bool IsConcrete(TypeSchema type) => type is { IsResource: true, IsAbstract: false };

    private static string WithoutVersion(string canonical) =>
        canonical.IndexOf('|', StringComparison.Ordinal) is var bar and >= 0 ? canonical[..bar] : canonical;

    private void Leave(SearchParameter definition, IssueType type, string reason) =>
        _issues.Add(Issue.Warning(type, $"The search parameter {definition.Url} ('{definition.Code}') is left out: {reason}.", definition.Code));
}
