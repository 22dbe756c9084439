using HealthChain.Fhir.Model;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Organisations;

/// <summary>What of an Organization decides whether one may act for it.</summary>
/// <param name="Version">The version that says so.</param>
/// <param name="Sequence">Place of the version in the order of all commits.</param>
/// <param name="PartOf">The organisation above it, such as <c>Organization/1</c>.</param>
internal sealed record Organisation(ResourceKey Key, long Version, long Sequence, bool IsActive, string? PartOf, bool IsInsurer)
{
    public const string Type = "Organization";

    /// <summary>Null for a deletion.</summary>
    public static Organisation? Read(StoredVersion version, string? serverBase)
    {
        if (version.IsDeleted)
        {
            return null;
        }

        Element resource = FhirJson.Read(version.Json).Root;
        bool isActive = !resource.Says("active", "false"u8);
        string? partOf = resource.Child("partOf") is { Exists: true } above ? above.LocalTarget(serverBase) ?? "elsewhere" : null;
        return new Organisation(version.Key, version.Version, version.Sequence, isActive, partOf, IsInsurance(resource));
    }

    /// <summary>https://hl7.org/fhir/R4/valueset-organization-type.html</summary>
    private static bool IsInsurance(Element resource)
    {
        foreach (Element type in resource.ChildrenOf("type"))
        {
            foreach (Element coding in type.ChildrenOf("coding"))
            {
                if (coding.Says("system", "http://terminology.hl7.org/CodeSystem/organization-type"u8)
                    && (coding.Says("code", "ins"u8) || coding.Says("code", "pay"u8)))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
