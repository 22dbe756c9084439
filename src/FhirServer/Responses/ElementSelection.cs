using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Responses;

/// <summary>
/// Which elements of a resource are shown: <c>_summary</c> and <c>_elements</c>, https://hl7.org/fhir/R4/search.html#summary and #elements.
/// Immutable.
/// </summary>
internal sealed class ElementSelection
{
    private readonly SummaryMode _summary;
    private readonly IReadOnlyList<string> _elements;

    private ElementSelection(SummaryMode summary, IReadOnlyList<string> elements) => (_summary, _elements) = (summary, elements);

    public static ElementSelection All { get; } = new(SummaryMode.False, []);

    /// <summary>True when resources go out as they are.</summary>
    public bool IsAll => _summary == SummaryMode.False && _elements.Count == 0;

    /// <summary>True when elements within the ones kept at the root are looked at too.</summary>
    public bool IsDeep => _summary == SummaryMode.True;

    public static ElementSelection Of(SearchPlan plan) => Of(plan.Summary, plan.Elements);

    /// <summary>For resources that are included: <c>_elements</c> names elements of those searched for.</summary>
    public ElementSelection ForIncluded => _elements.Count == 0 ? this : Of(_summary, []);

    /// <summary>What a request other than a search asks for.</summary>
    public static Result<ElementSelection> Of(FhirRequest request)
    {
        SummaryMode? summary = null;
        List<string> elements = [];
        foreach (QueryParameter parameter in request.Query)
        {
            if (parameter.Name == "_summary")
            {
                // A count is a property of a set; https://hl7.org/fhir/R4/http.html#parameters
                if (ModeOf(parameter.Value) is not { } mode)
                {
                    return FhirError.Invalid($"'{SearchPath.Shown(parameter.Value)}' is no value for '_summary': expected one of false, true, text, data.");
                }

                if (summary is { } before && before != mode)
                {
                    return FhirError.Invalid("'_summary' stands twice, with different values.");
                }

                summary = mode;
            }
            else if (parameter.Name == "_elements")
            {
                elements.AddRange(parameter.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            }
        }

        if (request.Target.Type is { } type && elements.Find(name => type.Element(name) is null) is { } unknown)
        {
            return FhirError.Invalid($"'{SearchPath.Shown(unknown)}' in '_elements' is no element of {type.Name}.");
        }

        return Of(summary ?? SummaryMode.False, elements);
    }

    /// <summary>Whether an element of the resource itself is shown.</summary>
    public bool Keeps(ElementSchema element)
    {
        // Without these a client can neither tell what it has nor that it has a part only.
        if (element.Name is "id" or "meta" || element.Min > 0)
        {
            return true;
        }

        bool isKept = _summary switch
        {
            SummaryMode.True => element.IsSummary || element.IsModifier,
            SummaryMode.Text => element.Name == "text",
            SummaryMode.Data => element.Name != "text",
            _ => true,
        };

        // What changes the meaning of the rest in ways that no client expects goes with the rest.
        return isKept && (_elements.Count == 0 || element.Name is "implicitRules" or "modifierExtension" || _elements.Contains(element.Name));
    }

    /// <summary>Whether an element within one that is shown is shown too.</summary>
    public static bool KeepsWithin(ElementSchema element) => element.IsSummary || element.IsModifier || element.Min > 0;

    /// <summary>
    /// Whether a type has summary elements at all. R4 marks none in Narrative, Meta, Extension and the like, which are
    /// shown whole where they are shown.
    /// </summary>
    public static bool IsSplit(TypeSchema type) =>
        type is { IsPrimitive: false, IsResource: false, Name: not "Extension" } && type.Elements.Any(element => element.IsSummary && element.Name != "modifierExtension");

    private static SummaryMode? ModeOf(string word) => word switch
    {
        "false" => SummaryMode.False,
        "true" => SummaryMode.True,
        "text" => SummaryMode.Text,
        "data" => SummaryMode.Data,
        _ => null,
    };

    private static ElementSelection Of(SummaryMode summary, IReadOnlyList<string> elements) =>
        (summary is SummaryMode.False or SummaryMode.Count) && elements.Count == 0 ? All : new ElementSelection(summary, elements);
}
