using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Search;

/// <summary>
/// Search parameters beside R4's, for questions that access decisions ask of the index and R4 has no parameter for: which insurer a resource names, and
/// whose a Binary is (https://hl7.org/fhir/R4/binary.html#security). Clients may search by them too.
/// </summary>
internal static class OwnParameters
{
    private const string Canonical = "https://healthchain.example/fhir/SearchParameter/";

    public static IReadOnlyList<SearchParameter> All { get; } =
    [
        Reference("ExplanationOfBenefit", "insurer", "ExplanationOfBenefit.insurer", "Organization", "The insurer that issued it."),
        Reference("CoverageEligibilityRequest", "insurer", "CoverageEligibilityRequest.insurer", "Organization", "The insurer that is asked."),
        Reference("PaymentNotice", "recipient", "PaymentNotice.recipient", "Organization", "The party that is notified."),
        Reference("Binary", "patient", "Binary.securityContext.where(resolve() is Patient)", "Patient", "The patient who stands for it in access control."),
    ];

    private static SearchParameter Reference(string type, string code, string expression, string target, string description) => new()
    {
        Url = $"{Canonical}{type}-{code}",
        Name = code,
        Status = "active",
        Description = description,
        Code = code,
        Bases = [type],
        Type = SearchParameterType.Reference,
        Expression = expression,
        Targets = [target],
    };
}
