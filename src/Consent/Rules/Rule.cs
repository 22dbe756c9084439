using HealthChain.Fhir.Search;

namespace HealthChain.Consent.Rules;

/// <summary>A rule of a consent, with what it inherits: an exception to the one that it stands in.</summary>
/// <param name="Type"><see cref="Verdict.Permit"/> or <see cref="Verdict.Deny"/>; <see cref="Verdict.Silent"/> for a root that only holds others.</param>
internal sealed record Rule(Verdict Type, Criteria Criteria, IReadOnlyList<Rule> Exceptions);

/// <summary>
/// What must hold for a rule to apply. What is not stated (null) holds always; of what is stated, one value is enough.
/// </summary>
internal sealed record Criteria
{
    public static Criteria None { get; } = new();

    public DateRange? Period { get; init; }

    public IReadOnlyList<ActorTerm>? Actors { get; init; }

    public IReadOnlyList<string>? Actions { get; init; }

    public IReadOnlyList<ConsentCode>? Labels { get; init; }

    public IReadOnlyList<ConsentCode>? Purposes { get; init; }

    public IReadOnlyList<ConsentCode>? Classes { get; init; }

    public IReadOnlyList<ConsentCode>? Codes { get; init; }

    public DateRange? DataPeriod { get; init; }

    public IReadOnlyList<DataTerm>? Data { get; init; }

    public bool IsNone => this == None;

    /// <summary>What an exception inherits: all that it does not state itself.</summary>
    public Criteria Over(Criteria parent) => new()
    {
        Period = Period ?? parent.Period,
        Actors = Actors ?? parent.Actors,
        Actions = Actions ?? parent.Actions,
        Labels = Labels ?? parent.Labels,
        Purposes = Purposes ?? parent.Purposes,
        Classes = Classes ?? parent.Classes,
        Codes = Codes ?? parent.Codes,
        DataPeriod = DataPeriod ?? parent.DataPeriod,
        Data = Data ?? parent.Data,
    };
}

/// <summary>What an actor of a rule has to do with the resource.</summary>
internal enum ActorRole : byte
{
    /// <summary>The requester.</summary>
    Recipient,
    Custodian,
    Author,
}

/// <param name="Reference">Such as <c>Organization/2</c>; null when the actor is named by an identifier.</param>
internal readonly record struct ActorTerm(ActorRole Role, string? Reference, ConsentCode? Identifier);

/// <summary>How a resource stands to one that a rule names: https://hl7.org/fhir/R4/valueset-consent-data-meaning.html</summary>
internal enum DataMeaning : byte
{
    Instance,

    /// <summary>The instance, what refers to it, and what it refers to.</summary>
    Related,

    /// <summary>The instance and what refers to it.</summary>
    Dependents,
    AuthoredBy,
}

internal readonly record struct DataTerm(DataMeaning Meaning, string Reference);
