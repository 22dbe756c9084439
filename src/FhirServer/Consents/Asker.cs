using HealthChain.FhirServer.Access;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Consents;

/// <summary>All of a requester that consents decide by; who are equal here share what was concluded for them.</summary>
/// <param name="Person">Such as <c>Practitioner/7</c>; null for a system.</param>
/// <param name="Organisation">On whose behalf it is asked.</param>
/// <param name="Client">What the system is called that asks, where neither a person nor an organisation does.</param>
/// <param name="Purpose">See <see cref="PurposesOfUse"/>; without one, no rule that states a purpose is about this asker.</param>
internal sealed record Asker(
    Role? Role, string? Person, string? Organisation, string? Client, string? Purpose, bool MayBreakGlass, BreakGlassDeclaration? BreakGlass)
{
    public static Asker Of(Requester requester) => new(
        requester.Role,
        requester.FhirUser,
        requester.Organisation,
        requester.FhirUser is null && requester.Organisation is null ? requester.Who : null,
        requester.Purpose,
        requester.MayBreakGlass,
        requester.BreakGlass);
}
