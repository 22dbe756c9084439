using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// What is to be checked by <c>$validate-code</c>: codings against a value set, or (without one) against their code systems.
/// </summary>
public sealed record CodeValidationRequest
{
    /// <summary>Canonical of the value set; null to check against the code systems alone.</summary>
    public string? ValueSet { get; init; }

    /// <summary>One for a code or a Coding, all of them for a CodeableConcept: it is valid if one of them is.</summary>
    public required IReadOnlyList<Coding> Codings { get; init; }

    /// <summary>For a bare code, whose system follows from the value set.</summary>
    public bool InferSystem { get; init; }

    /// <summary>Language in which displays are expected; null accepts those of any language.</summary>
    public string? DisplayLanguage { get; init; }

    /// <summary>Whether codes that only group others are acceptable where this code stands.</summary>
    public bool AllowAbstract { get; init; }

    public static CodeValidationRequest Of(string? valueSet, string? system, string code, string? display = null, string? version = null) => new()
    {
        ValueSet = valueSet,
        Codings = [new Coding(system, code, display, version)],
        InferSystem = system is null,
    };

    public static CodeValidationRequest Of(string? valueSet, params IReadOnlyList<Coding> codings) => new() { ValueSet = valueSet, Codings = codings };
}

/// <summary>What came of checking a code.</summary>
/// <param name="Answer">Member: valid. NotMember: not valid. CannotSay: the definitions at hand do not suffice; the issues name what is missing.</param>
/// <param name="Coding">The valid coding, or the first one, completed with system, version and preferred display where known.</param>
/// <param name="IsInactive">The code is retired or inactive: valid, but no longer to be used.</param>
/// <param name="Issues">What is wrong and what would be right; warnings for what is merely remarkable.</param>
public sealed record CodeValidation(Membership Answer, Coding? Coding, bool IsInactive, IReadOnlyList<Issue> Issues)
{
    public bool IsValid => Answer == Membership.Member;

    /// <summary>All issues as one text, or null when there is nothing to say.</summary>
    public string? Message => Issues.Count == 0 ? null : string.Join(" ", Issues.Select(issue => issue.Message));
}
