using HealthChain.Consent;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Consents;

/// <summary>What holds where no consent of a patient speaks; the operator chooses it.</summary>
internal sealed class ConsentPolicy
{
    /// <summary>
    /// Whoever acts for the organisation that holds the record may. Insurers may as well: their role reaches but what names them. Others may only by
    /// breaking the glass.
    /// </summary>
    public const string HoldingOrganisation = "urn:healthchain:policy:holding-organisation";

    private readonly ImplicitPolicy _inside;
    private readonly ImplicitPolicy _outside;

    private ConsentPolicy(ImplicitPolicy inside, ImplicitPolicy outside)
    {
        _inside = inside;
        _outside = outside;
    }

    public static IEnumerable<string> Uris { get; } = [HoldingOrganisation, .. ImplicitPolicy.All.Select(policy => policy.Uri)];

    /// <summary>The policy of that uri; null for one that is not known.</summary>
    public static ConsentPolicy? Find(string uri) =>
        uri == HoldingOrganisation ? new ConsentPolicy(ImplicitPolicy.AllNormal, ImplicitPolicy.BreakGlassOnly)
        : ImplicitPolicy.Find(uri) is { } everywhere ? new ConsentPolicy(everywhere, everywhere)
        : null;

    /// <param name="isHolder">Whether it is asked on behalf of the organisation that holds the record.</param>
    public ImplicitPolicy For(Asker asker, bool isHolder) => isHolder || asker.Role == Role.Insurer ? _inside : _outside;
}
