namespace HealthChain.Consent;

/// <summary>
/// Who asks, what for, and when: all that consents decide by but the resource itself. Immutable.
/// </summary>
public sealed record Question
{
    /// <summary>
    /// Whom rules about the requester may name: the person and the organisations that it acts for with all above them, groups that it is in; by
    /// reference such as <c>Practitioner/7</c>.
    /// </summary>
    public required IReadOnlySet<string> Actors { get; init; }

    /// <summary>The same people and organisations by their identifiers.</summary>
    public IReadOnlySet<ConsentCode> Identifiers { get; init; } = new HashSet<ConsentCode>();

    /// <summary>The requester herself; null for a system without a person. A patient always sees her own data.</summary>
    public string? Person { get; init; }

    /// <summary>What for. None at all is covered by no rule that states a purpose.</summary>
    public IReadOnlyList<ConsentCode> Purposes { get; init; } = [];

    /// <summary>A code of http://terminology.hl7.org/CodeSystem/consentaction.</summary>
    public string Action { get; init; } = "access";

    public required DateTimeOffset Time { get; init; }

    /// <summary>Who treats patients, to whom the implicit policy for treatment speaks.</summary>
    public bool IsClinician { get; init; }

    /// <summary>An administrator of the system sees no health data, whatever a consent says.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Whether the requester may override for the sake of the patient's safety.</summary>
    public bool MayBreakGlass { get; init; }

    /// <summary>Whether she has said that she does, and why.</summary>
    public bool DeclaresBreakGlass { get; init; }

    /// <summary>To what an instance refers, for rules about what is related to it; nothing when nobody knows the instance.</summary>
    public Func<string, IReadOnlyCollection<string>> ReferencesOf { get; init; } = _ => [];
}

/// <summary>What a consent or all of a patient's say of one resource. The higher one wins when there are several.</summary>
public enum Verdict : byte
{
    /// <summary>Nothing.</summary>
    Silent,

    /// <summary>It speaks of such requests and does not permit this one.</summary>
    Governs,
    Permit,
    Deny,
}
