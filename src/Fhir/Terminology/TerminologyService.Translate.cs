using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <content><c>$translate</c>: https://hl7.org/fhir/R4/conceptmap-operation-translate.html</content>
public sealed partial class TerminologyService
{
    /// <summary>Translates codings by one map or by every map that fits. Not having a map is an error, not having a match is an answer.</summary>
    public Result<Translation> Translate(TranslationRequest request)
    {
        if (request.Codings.Count == 0 || request.Codings.Any(coding => coding.Code is null))
        {
            return FhirError.Invalid("A translation needs a code.");
        }

        ConceptMap[] maps = [.. MapsFor(request)];
        return maps.Length > 0 ? Translate(request, maps) : FhirError.NotFound(request.ConceptMap is { } canonical
            ? $"Concept map {canonical} is not loaded."
            : $"No concept map that is loaded goes {Describe("from", request.Source, request.Codings[0].System)} {Describe("to", request.Target, request.TargetSystem)}.");
    }

    /// <summary>Translates codings by a map that is given and not loaded, such as one that was posted.</summary>
    public Translation Translate(TranslationRequest request, params IReadOnlyList<ConceptMap> maps)
    {
        var translator = new Translator(request, _definitions.ConceptMap, Complete);
        foreach (Coding coding in request.Codings)
        {
            foreach (ConceptMap map in maps)
            {
                translator.Translate(map, coding);
            }
        }

        List<string> reasons = [.. translator.Obstacles.Distinct()];
        bool isTranslated = translator.Matches.Any(match => match.IsMatch);
        if (!isTranslated)
        {
            string codes = string.Join(", ", request.Codings.Select(coding => $"'{coding.Code}' of {coding.System ?? "an unnamed system"}"));
            reasons.Insert(0, $"no mapping was found for {codes}");
        }

        return new Translation(isTranslated, reasons.Count == 0 ? null : string.Join("; ", reasons), translator.Matches);
    }

    private IEnumerable<ConceptMap> MapsFor(TranslationRequest request)
    {
        if (request.ConceptMap is { } canonical)
        {
            return _definitions.ConceptMap(canonical) is { } map ? [map] : [];
        }

        // R4: reverse exchanges the meaning of source and target.
        (string? from, string? to) = request.Reverse ? (request.Target, request.Source) : (request.Source, request.Target);
        return _definitions.ConceptMaps.Where(map =>
            (from is null || SameCanonical(from, map.Source))
            && (to is null || SameCanonical(to, map.Target))
            && map.Groups.Any(group => Connects(group, request)));
    }

    private static bool Connects(ConceptMapGroup group, TranslationRequest request)
    {
        (string? from, string? to) = request.Reverse ? (group.Target, group.Source) : (group.Source, group.Target);
        return (request.TargetSystem is null || request.TargetSystem == to)
            && request.Codings.Any(coding => coding.System is null || from is null || coding.System == from);
    }

    private static bool SameCanonical(string asked, string? of) =>
        of is not null && (asked == of || (!asked.Contains('|') && of.StartsWith(asked + "|", StringComparison.Ordinal)));

    private Coding Complete(Coding coding) =>
        coding is { Display: null, System: { } system, Code: { } code } && _systems.Find(system) is { } index && index.Codes.Find(code) is >= 0 and var concept
            ? coding with { Display = index[concept].Display }
            : coding;

    private static string Describe(string direction, string? valueSet, string? system) => $"{direction} {valueSet ?? system ?? "anywhere"}";
}
