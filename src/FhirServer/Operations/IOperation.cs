using HealthChain.FhirServer.Interactions;

namespace HealthChain.FhirServer.Operations;

/// <summary>Where an operation can be called.</summary>
[Flags]
internal enum OperationLevels
{
    System = 1,
    Type = 2,
    Instance = 4,
    Version = 8,
}

/// <summary>An operation: https://hl7.org/fhir/R4/operations.html. The capability statement is made from what it says of itself.</summary>
internal interface IOperation : IInteraction
{
    /// <summary>Without the dollar sign.</summary>
    string Name { get; }

    /// <summary>Canonical of its OperationDefinition.</summary>
    string Definition { get; }

    OperationLevels Levels { get; }

    /// <summary>Resource types it can be called on; empty for all.</summary>
    IReadOnlyList<string> Types { get; }

    /// <summary>Whether it may change something, and so cannot be called by GET.</summary>
    bool AffectsState { get; }
}
