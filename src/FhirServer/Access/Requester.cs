using HealthChain.FhirServer.Access.Decision;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access;

/// <summary>On whose behalf a request runs. Immutable; one for all requests of a token.</summary>
/// <param name="Who">What metrics and access records call the requester; never a name or an identifier of a person.</param>
/// <param name="Scope">What exists for the requester; goes into every store call.</param>
internal sealed record Requester(string Who, AccessScope Scope)
{
    /// <summary>Null for somebody who has not logged in.</summary>
    public Role? Role { get; init; }

    /// <summary>The account of the person who asks; null for a system, and for a fixed token.</summary>
    public string? Account { get; init; }

    /// <summary>The person or organisation that asks, such as <c>Practitioner/7</c>; null for a system.</summary>
    public string? FhirUser { get; init; }

    public string? Organisation { get; init; }

    /// <summary>What the data is wanted for, a code of PurposeOfUse such as <c>TREAT</c>.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whether she may break the glass, for the sake of a patient's safety; whether she does is <see cref="BreakGlass"/>.</summary>
    public bool MayBreakGlass { get; init; }

    /// <summary>What was declared to get the token; null for tokens that were got otherwise.</summary>
    public BreakGlassDeclaration? BreakGlass { get; init; }

    /// <summary>What access records call the token: it cannot be made into the token again. Null for a fixed one, whose name is <see cref="Who"/>.</summary>
    public string? TokenName { get; init; }

    /// <summary>Thumbprint of the key to which the token is bound; null for none.</summary>
    public string? KeyThumbprint => Grant?.KeyThumbprint;

    /// <summary>SMART scopes of the token.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>What the authorisation server gave; null for the operator's own tokens, and in development mode.</summary>
    public AccessGrant? Grant { get; init; }

    /// <summary>What decides for each interaction what exists; null when <see cref="Scope"/> says it for all of them.</summary>
    public TokenRights? Rights { get; init; }

    /// <summary>Whether no resource of the type is withheld from the requester.</summary>
    public bool SeesAll(string type) => Scope.SeesAll(type);

    /// <summary>True when nobody logged in because development mode asks for no login.</summary>
    public bool IsDevelopment { get; init; }
}

/// <summary>Nothing is withheld: for the operator's own tokens without a role, and in development mode.</summary>
internal sealed class OpenScope(string requester) : AccessScope
{
    public override string Requester => requester;

    public override bool SeesEverything => true;

    public override bool Sees(in ResourceFacts facts) => true;
}

/// <summary>Nothing exists.</summary>
internal sealed class ClosedScope(string requester) : AccessScope
{
    public override string Requester => requester;

    public override bool MaySee(string type) => false;

    public override bool Sees(in ResourceFacts facts) => false;
}
