namespace HealthChain.FhirServer.Organisations;

/// <summary>How an organisation stands at this moment.</summary>
internal enum OrganisationStanding : byte
{
    /// <summary>Nobody said anything of it, or of one above it.</summary>
    Unverified,
    Current,

    /// <summary>Its verification failed, was taken back or is under way; or it is inactive, deleted or part of one that is.</summary>
    Suspended,

    /// <summary>Its verification was good for a time that is over.</summary>
    Expired,
}

/// <summary>Whether organisations are verified at this moment, and so whether people and systems may act for them.</summary>
internal interface IOrganisationStatus
{
    /// <summary>How the organisation stands. Fast, without I/O: asked for each request.</summary>
    /// <param name="reference">Such as <c>Organization/1</c>.</param>
    OrganisationStanding StandingOf(string reference);

    /// <summary>Whether it is verified, so that people and systems may act for it.</summary>
    bool IsCurrent(string reference);
}
