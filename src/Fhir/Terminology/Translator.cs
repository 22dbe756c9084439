using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>Applies concept maps to one coding (R4, ConceptMap; <c>$translate</c>).</summary>
internal sealed class Translator(TranslationRequest request, Func<string, ConceptMap?> findMap, Func<Coding, Coding> complete)
{
    private readonly List<TranslationMatch> _matches = [];
    private readonly List<string> _obstacles = [];

    // Maps refer to each other for what they do not map; each is asked once.
    private readonly HashSet<(string Map, Coding Coding)> _asked = [];

    public IReadOnlyList<TranslationMatch> Matches => _matches;

    public IReadOnlyList<string> Obstacles => _obstacles;

    public void Translate(ConceptMap map, Coding coding)
    {
        if (!_asked.Add((map.Url, coding)))
        {
            return;
        }

        foreach (ConceptMapGroup group in map.Groups)
        {
            if (request.Reverse)
            {
                TranslateBack(map, group, coding);
            }
            else
            {
                TranslateForward(map, group, coding);
            }
        }
    }

    private void TranslateForward(ConceptMap map, ConceptMapGroup group, Coding coding)
    {
        if (!Fits(group.Source, group.SourceVersion, coding) || !IsWantedSystem(group.Target))
        {
            return;
        }

        bool isMapped = false;
        foreach (ConceptMapElement element in group.Elements.Where(element => element.Code == coding.Code))
        {
            isMapped = true;
            foreach (ConceptMapTarget target in element.Targets.Where(target => AreMet(target.DependsOn, coding)))
            {
                Coding? concept = target.Code is null ? null : new Coding(group.Target, target.Code, target.Display, group.TargetVersion);
                Add(map, target, target.Equivalence, concept);
            }
        }

        // R4: unmapped is for codes the group does not mention; one it calls unmatched stays so.
        if (!isMapped && group.Unmapped is { } unmapped)
        {
            ApplyUnmapped(map, group, unmapped, coding);
        }
    }

    private void ApplyUnmapped(ConceptMap map, ConceptMapGroup group, ConceptMapUnmapped unmapped, Coding coding)
    {
        switch (unmapped.Mode)
        {
            case "provided":
                _matches.Add(new TranslationMatch("equal", complete(new Coding(group.Target, coding.Code, coding.Display, group.TargetVersion)), map.Url));
                break;
            case "fixed":
                // The map does not say how the fixed code relates to what was asked.
                _matches.Add(new TranslationMatch("relatedto", complete(new Coding(group.Target, unmapped.Code, unmapped.Display, group.TargetVersion)), map.Url));
                break;
            case "other-map" when unmapped.Url is { } url && findMap(url) is { } other:
                Translate(other, coding);
                break;
            default:
                _obstacles.Add($"concept map {map.Url} refers to {unmapped.Url ?? "another map"} for codes it does not map, and that is not loaded");
                break;
        }
    }

    private void TranslateBack(ConceptMap map, ConceptMapGroup group, Coding coding)
    {
        if (!Fits(group.Target, group.TargetVersion, coding) || !IsWantedSystem(group.Source))
        {
            return;
        }

        foreach (ConceptMapElement element in group.Elements)
        {
            foreach (ConceptMapTarget target in element.Targets.Where(target => target.Code == coding.Code && AreMet(target.DependsOn, coding)))
            {
                Add(map, target, Inverse(target.Equivalence), new Coding(group.Source, element.Code, element.Display, group.SourceVersion));
            }
        }
    }

    private void Add(ConceptMap map, ConceptMapTarget target, string equivalence, Coding? concept) => _matches.Add(
        new TranslationMatch(equivalence, concept is null ? null : complete(concept), map.Url) { Comment = target.Comment, Products = target.Products });

    private static bool Fits(string? system, string? version, Coding coding) =>
        (system is null || coding.System is null || system == coding.System)
        && (version is null || coding.Version is null || version == coding.Version);

    private bool IsWantedSystem(string? system) => request.TargetSystem is null || request.TargetSystem == system;

    private bool AreMet(IReadOnlyList<ConceptMapDependency> dependencies, Coding coding)
    {
        foreach (ConceptMapDependency wanted in dependencies)
        {
            bool isMet = request.Dependencies.Any(given => given.Property == wanted.Property
                && given.Value == wanted.Value
                && (given.System is null || wanted.System is null || given.System == wanted.System));
            if (!isMet)
            {
                _obstacles.Add($"a mapping of '{coding.Code}' depends on {wanted.Property} being '{wanted.Value}'");
                return false;
            }
        }

        return true;
    }

    // The equivalence tells how the target relates to the source; seen from the other side, wider is narrower.
    private static string Inverse(string equivalence) => equivalence switch
    {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        _ => equivalence,
    };
}
