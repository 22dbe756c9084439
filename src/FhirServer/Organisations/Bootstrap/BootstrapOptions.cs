namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>Whom a server knows from the start.</summary>
internal sealed record BootstrapOptions
{
    /// <summary>A file with organisations, users and clients, see <see cref="PreRegistrationFile"/>.</summary>
    public string? PreRegistration { get; init; }

    /// <summary>Accounts with known passwords for trying things out, on loopback addresses only.</summary>
    public bool Demo { get; init; }
}
