using HealthChain.Fhir;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Access;

/// <summary>What only administrators may do. They see no health data, so their work runs in a scope of the server's own.</summary>
internal static class Administrators
{
    /// <summary>Why the requester may not; null for an administrator, and in development mode without a login.</summary>
    public static FhirError? Refuse(Requester requester) => requester.Role == Role.Administrator || requester.IsDevelopment
        ? null
        : FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "This is for administrators.");
}
