namespace HealthChain.Smart.Scopes;

/// <summary>A scope that an app asks for, as the user decides on it.</summary>
/// <param name="Scope">As it was asked for.</param>
/// <param name="Sentence">What it gives, for people.</param>
/// <param name="Parts">What the user can give instead of the whole; empty when it is one thing.</param>
/// <remarks>What is given is <see cref="ScopeSet.Within"/> of what was asked for and what was ticked, so a form cannot give more.</remarks>
public sealed record ScopeChoice(string Scope, string Sentence, IReadOnlyList<ScopeChoice> Parts)
{
    private const string ObservationCategories = "http://terminology.hl7.org/CodeSystem/observation-category|";
    private const string ConditionCategories = "http://terminology.hl7.org/CodeSystem/condition-category|";

    /// <summary>Categories by which people tell the resources of a type apart; those that US Core has apps ask for.</summary>
    private static readonly Dictionary<string, string[]> Categories = new(StringComparer.Ordinal)
    {
        ["Condition"] =
        [
            ConditionCategories + "problem-list-item",
            ConditionCategories + "encounter-diagnosis",
            "http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern",
        ],
        ["Observation"] =
        [
            ObservationCategories + "laboratory",
            ObservationCategories + "vital-signs",
            ObservationCategories + "social-history",
            ObservationCategories + "survey",
            ObservationCategories + "imaging",
            ObservationCategories + "procedure",
            ObservationCategories + "exam",
            ObservationCategories + "therapy",
            ObservationCategories + "activity",
        ],
    };

    /// <summary>The types among which a user chooses who does not give the whole record.</summary>
    private static readonly string[] Types =
    [
        "Patient", "AllergyIntolerance", "CarePlan", "CareTeam", "Condition", "Coverage", "Device", "DiagnosticReport", "DocumentReference", "Encounter",
        "ExplanationOfBenefit", "Goal", "Immunization", "MedicationDispense", "MedicationRequest", "MedicationStatement", "Observation", "Procedure", "Provenance",
        "QuestionnaireResponse", "RelatedPerson", "ServiceRequest", "Specimen", "Organization", "Practitioner", "PractitionerRole", "Location",
    ];

    /// <summary>A choice for each scope that the server knows.</summary>
    /// <param name="isOwn">The patient in context is the user.</param>
    public static IReadOnlyList<ScopeChoice> Of(ScopeSet asked, bool isOwn) =>
    [
        .. asked.Others.Where(other => ScopeWords.OfOther(other) is not null).Select(other => new ScopeChoice(other, ScopeWords.OfOther(other)!, [])),
        .. asked.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => (Word: word, Scope: ResourceScope.TryParse(word)))
            .Where(asked => asked.Scope is not null).Select(asked => Of(asked.Word, asked.Scope!, isOwn)),
    ];

    private static ScopeChoice Of(string word, ResourceScope scope, bool isOwn)
    {
        IEnumerable<ResourceScope> parts = scope.Type == ResourceScope.AllTypes ? Types.Select(type => scope with { Type = type })
            : scope.Query.IsEmpty && Categories.TryGetValue(scope.Type, out string[]? categories) ? categories.Select(category => scope with { Query = ScopeQuery.Parse($"category={category}") })
            : [];
        return new ScopeChoice(word, ScopeWords.Of(scope, isOwn), [.. parts.Select(part => Of(part.ToString(), part, isOwn))]);
    }
}
