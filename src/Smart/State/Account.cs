namespace HealthChain.Smart.State;

/// <summary>Somebody who can log in. Immutable; what is secret in it is sealed or hashed by whoever fills it in.</summary>
public sealed record Account
{
    /// <summary>Never given again; the subject of identity tokens.</summary>
    public required string Id { get; init; }

    /// <summary>What the user types to log in; two accounts cannot have the same, whatever the case of its letters.</summary>
    public required string Name { get; init; }

    public required Role Role { get; init; }

    /// <summary>What others see, such as "Dr. A. Meyer".</summary>
    public string? DisplayName { get; init; }

    /// <summary>Who it is in the record, such as <c>Patient/12</c>.</summary>
    public string? FhirUser { get; init; }

    /// <summary>For whom the person works, such as <c>Organization/1</c>.</summary>
    public string? Organisation { get; init; }

    /// <summary>Whether the person may see, for a patient's safety, what nobody permitted: breaking the glass. Only practitioners do.</summary>
    public bool MayBreakGlass { get; init; }

    public Registration Registration { get; init; }

    public DateTimeOffset Created { get; init; }

    /// <summary>The hash of the password with all that is needed to check one; null for who logs in elsewhere.</summary>
    public byte[]? Password { get; init; }

    /// <summary>The password was made by this server: the next login must set another.</summary>
    public bool MustChangePassword { get; init; }

    /// <summary>Secret of the second factor; null for none.</summary>
    public byte[]? SecondFactor { get; init; }

    /// <summary>The last time step of the second factor that was used: a code counts once (RFC 6238, section 5.2).</summary>
    public long LastSecondFactorStep { get; init; }

    /// <summary>Hashes of the codes that stand in, each once, for the second factor.</summary>
    public IReadOnlyList<byte[]> RecoveryCodes { get; init; } = [];

    /// <summary>Who vouches for a user that logs in elsewhere, and what the user is called there.</summary>
    public string? ExternalIssuer { get; init; }

    public string? ExternalSubject { get; init; }

    /// <summary>An account that is disabled cannot log in, and all that was given in its name is revoked.</summary>
    public bool IsDisabled { get; init; }

    public Person Person => new(Id, Role, FhirUser, Organisation);
}
