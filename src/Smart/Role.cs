namespace HealthChain.Smart;

/// <summary>In which capacity somebody asks.</summary>
public enum Role : byte
{
    Patient,
    RelatedPerson,
    Practitioner,
    Insurer,
    Analyst,
    Researcher,
    Auditor,
    Administrator,

    /// <summary>A system that acts for an organisation, without a person at it.</summary>
    Backend,
}
