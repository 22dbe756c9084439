using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.Smart;

/// <summary>What an access token gives its bearer. One object for all requests of a token; immutable but for <see cref="Attachment"/>.</summary>
public sealed class AccessGrant
{
    /// <summary>What access records call the token: it cannot be made into the token again.</summary>
    public required string TokenName { get; init; }

    public required string Client { get; init; }

    public required Role Role { get; init; }

    public required ScopeSet Scopes { get; init; }

    public required DateTimeOffset Expires { get; init; }

    /// <summary>The account whose owner gave it; null for a system that asks for itself.</summary>
    public string? Account { get; init; }

    /// <summary>The person that asks, such as <c>Practitioner/7</c>; null for a system.</summary>
    public string? FhirUser { get; init; }

    /// <summary>On whose behalf, such as <c>Organization/1</c>.</summary>
    public string? Organisation { get; init; }

    /// <summary>What for, a code of PurposeOfUse such as <c>TREAT</c>.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whether the person may break the glass.</summary>
    public bool MayBreakGlass { get; init; }

    public LaunchContext Launch { get; init; } = LaunchContext.None;

    /// <summary>Thumbprint of the key whose possession the bearer must prove (RFC 9449); null for a token that whoever has it may use.</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary>What the guarded server made of the grant and keeps with it, so that it need not do so for each request.</summary>
    public object? Attachment { get; set; }

    /// <summary>Names what the token came of, for <see cref="SmartState.FindStanding"/>: a user's decision, or a system's request.</summary>
    public string? Decision => Family?.Family.Key.ToString();

    /// <summary>What the token came of, which may be ended with all that came of it.</summary>
    internal FamilyNode? Family { get; init; }
}

/// <summary>What is open before the user when an app starts; it goes out beside the access token.</summary>
public sealed record LaunchContext
{
    public static LaunchContext None { get; } = new();

    /// <summary>Id of the patient in context.</summary>
    public string? Patient { get; init; }

    /// <summary>Id of the encounter in context.</summary>
    public string? Encounter { get; init; }

    /// <summary>What else is open: references such as <c>ImagingStudy/3</c>, and objects in JSON that say more.</summary>
    public IReadOnlyList<string> FhirContext { get; init; } = [];

    public bool? NeedPatientBanner { get; init; }

    public string? Intent { get; init; }

    public string? StyleUrl { get; init; }
}
