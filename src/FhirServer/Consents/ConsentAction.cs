namespace HealthChain.FhirServer.Consents;

/// <summary>What is done with data, as http://terminology.hl7.org/CodeSystem/consentaction has it.</summary>
internal enum ConsentAction : byte
{
    /// <summary>Reads, searches and histories.</summary>
    Access,

    /// <summary>Creates.</summary>
    Collect,

    /// <summary>Updates, patches and deletes.</summary>
    Correct,

    /// <summary>Bulk exports, and whatever goes to third parties.</summary>
    Disclose,

    /// <summary>Analytics.</summary>
    Use,
}
