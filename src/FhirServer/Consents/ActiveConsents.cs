using System.Text.RegularExpressions;
using HealthChain.Consent;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// Keeps consents out that would be in force and cannot be followed: they would close the record to all but the patient. Drafts and ended ones may say
/// what they like.
/// </summary>
internal sealed partial class ActiveConsents(Vocabulary vocabulary, ServerOptions options)
{
    /// <summary>Why a resource cannot be stored; null when it can.</summary>
    public FhirError? Refuse(Element resource)
    {
        // One with a status that nobody knows would be in force as well.
        if (resource.Type.Name != "Consent" || ConsentRules.Read(resource, vocabulary, options.BaseUrl) is not { Counts: true } rules)
        {
            return null;
        }

        string? fault = resource.Child("patient") is not { Exists: true } patient || patient.LocalTarget(options.BaseUrl)?.StartsWith("Patient/", StringComparison.Ordinal) != true
            ? "Consent.patient must refer to a Patient of this server."
            : rules.Fault;
        return fault is null ? null
            : FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, $"A consent that is active must be one that can be followed. {fault}", Element().Match(fault).Value);
    }

    [GeneratedRegex(@"Consent(\.[A-Za-z]+(\[[0-9]+\])?)*", RegexOptions.ExplicitCapture)]
    private static partial Regex Element();
}
