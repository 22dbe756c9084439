using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>Conditions on the version that a write finds: https://hl7.org/fhir/R4/http.html#concurrency, RFC 9110 §13.</summary>
internal static class Preconditioned
{
    /// <summary>Null when the conditions hold for what is there.</summary>
    /// <param name="current">The current version; null or a deletion when there is none.</param>
    public static FhirError? Check(Preconditions conditions, StoredVersion? current)
    {
        bool exists = current is { IsDeleted: false };
        if (conditions.IfMatch is { } wanted && !(exists && EntityTags.Includes(wanted, current!.Version)))
        {
            return Failed(exists
                ? $"The resource is at version {current!.Version}, not at the one that If-Match names: read it, and decide again."
                : "If-Match names a version, but there is no such resource.");
        }

        return conditions.IfNoneMatch is { } unwanted && exists && EntityTags.Includes(unwanted, current!.Version)
            ? Failed($"If-None-Match rules out what is there: the resource is at version {current.Version}.")
            : null;
    }

    /// <summary>The guard that a resource stays as it was found.</summary>
    public static AtVersion At(ResourceKey key, StoredVersion? current) => new(key, current is { IsDeleted: false } ? current.Version : 0);

    private static FhirError Failed(string message) => FhirError.Of(ErrorKind.PreconditionFailed, IssueType.Conflict, message);
}
