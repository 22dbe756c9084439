using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Patch;

/// <summary>Bounds on a patch and on what it may make of a resource; beyond them it is refused as too costly.</summary>
public sealed record PatchLimits
{
    public static PatchLimits Default { get; } = new();

    public int MaxOperations { get; init; } = 1_000;

    /// <summary>JSON values that all copy operations together may make: copying a document into itself doubles it each time.</summary>
    public int MaxCopiedValues { get; init; } = 100_000;

    /// <summary>Bytes that may be read again in one patch: a FHIRPath is evaluated on the outcome of the operation before.</summary>
    public long MaxWorkBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>Bounds on the patch and on the resource that comes out.</summary>
    public ReadLimits Read { get; init; } = ReadLimits.Default;

    /// <summary>How deep JSON may nest; a level of FHIR is an object in an array, so twice its depth is enough.</summary>
    internal int MaxJsonDepth => 2 * Read.MaxDepth + 2;

    internal FhirError? CheckCount(int operations) => operations <= MaxOperations
        ? null
        : FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The patch has {operations} operations; at most {MaxOperations} are accepted.");
}
