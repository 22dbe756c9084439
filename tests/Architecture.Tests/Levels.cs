namespace HealthChain.Architecture.Tests;

/// <summary>
/// The picture of docs/architecture.md as a table: who may reference whom. A project that is missing here does not pass:
/// adding one is a decision that needs a record in docs/adr.
/// </summary>
internal static class Levels
{
    private static readonly string[] Features = ["Consent", "Smart", "Claims", "Deidentification", "Analytics"];

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        // level 0
        ["Files"] = [],
        ["Fhir"] = [],
        ["LedgerProofs"] = [],
        ["LedgerAnchor"] = ["LedgerProofs", "Files"],
        // The verifier that strangers run: it shares nothing but the code of the proofs.
        ["LedgerVerifier"] = ["LedgerProofs"],
        // level 1
        ["Storage"] = ["Fhir", "LedgerProofs", "Files"],
        // level 2: drivers and features see the store contract and the core, never each other
        ["Storage.Sqlite"] = ["Fhir", "LedgerProofs", "Storage", "Files"],
        ["Storage.Cosmos"] = ["Fhir", "LedgerProofs", "Storage"],
        // level 3
        ["FhirServer"] = ["Fhir", "Files", "LedgerProofs", "LedgerAnchor", "Storage", "Storage.Sqlite", "Storage.Cosmos", .. Features],
        // The build step that compiles the definitions; Fhir runs it but does not link it.
        ["Fhir.Compiler"] = [],
    };

    static Levels()
    {
        foreach (var feature in Features)
        {
            Allowed[feature] = ["Fhir", "Files", "LedgerProofs", "LedgerAnchor", "Storage"];
        }
    }

    public static bool Knows(string project) => Allowed.ContainsKey(project);

    public static bool Permits(string from, string to) => Allowed.TryGetValue(from, out var allowed) && allowed.Contains(to);
}
