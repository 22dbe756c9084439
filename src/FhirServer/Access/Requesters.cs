using HealthChain.Fhir;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access;

/// <summary>Finds out on whose behalf a request runs. The one place: nothing below asks for credentials.</summary>
internal sealed class Requesters
{
    private readonly Requester _developer = new(new OpenScope());

    /// <summary>The requester, or why there is none.</summary>
    public Result<Requester> Identify(HttpContext context) => _developer;

    /// <summary>Development on this machine: nothing is withheld.</summary>
    private sealed class OpenScope : AccessScope
    {
        public override string Requester => "development";

        public override bool SeesEverything => true;

        public override bool Sees(in ResourceFacts facts) => true;
    }
}
