namespace HealthChain.FhirServer.Access;

/// <summary>Which organisations may act at this moment.</summary>
internal interface IOrganisationStatus
{
    /// <summary>
    /// Whether the organisation is verified, neither suspended nor expired. Asked for each interaction: a look-up without locks, whose answer
    /// changes the moment that a change of the verification is committed.
    /// </summary>
    /// <param name="reference">Such as <c>Organization/1</c>.</param>
    bool IsCurrent(string reference);
}
