namespace HealthChain.Http.Tests.Access;

/// <summary>Somebody who asks, and what the test expects of it.</summary>
/// <param name="Sees">Whether an instance of a type exists, when it is of owner "a" or of owner "b".</param>
/// <param name="Writes">Whether what is seen may be changed.</param>
internal sealed record MatrixRequester(string Name, Func<string, string, bool> Sees, Func<string, bool> Writes)
{
    /// <summary>A type of which everybody sees their own: here the operator made them all.</summary>
    private const string Subscription = "Subscription";

    public static IReadOnlyList<MatrixRequester> All { get; } =
    [
        new("patient-a", OwnAndShared, type => IsRecord(type) || type == Subscription),
        new("relative-of-a", OwnAndShared, type => (IsRecord(type) && type != "RelatedPerson") || type == Subscription),
        new("app-of-a", (type, owner) => type == "Observation" && owner == "a", _ => false),
        new("laboratory-app-of-a", (_, _) => false, _ => false),
        new(MatrixServer.ChartApp, OwnAndShared, type => IsShared(type) ? type != "Organization" : IsRecord(type) || MatrixTypes.BesideRecord.ContainsKey(type) || type == Subscription),
        new("practitioner", (type, _) => type is not ("AuditEvent" or Subscription), IsCare),
        new("practitioner-suspended", (type, _) => IsShared(type), _ => false),
        new("backend", (type, _) => type is not ("AuditEvent" or Subscription), IsCare),
        new("reading-backend", (type, _) => type is not ("AuditEvent" or Subscription), _ => false),
        new("insurer-a", (type, owner) => IsShared(type) || (MatrixTypes.OfInsurers.ContainsKey(type) && owner == "a"), type => MatrixTypes.WrittenByInsurers.Contains(type) || type == Subscription),
        new("analyst", (type, _) => MatrixTypes.Definitions.Contains(type), _ => false),
        new("researcher", (type, _) => MatrixTypes.Definitions.Contains(type), _ => false),
        new("auditor", (type, _) => type == "AuditEvent", _ => false),
        new("administrator", (type, _) => IsAdministered(type), IsAdministered),
    ];

    /// <summary>Whether there is anything of the type that could exist for the requester; else the type is refused as such.</summary>
    public bool SeesAnyOf(string type) => Sees(type, "a") || Name switch
    {
        // Access records are AuditEvents, and a patient has some.
        "patient-a" => type is "AuditEvent" or Subscription,
        MatrixServer.ChartApp or "relative-of-a" or "practitioner" or "backend" or "reading-backend" or "insurer-a" => type == Subscription,

        // It sees laboratory results, of which there are none.
        "laboratory-app-of-a" => type == "Observation",
        _ => false,
    };

    public bool WritesAnyOf(string type) => Writes(type);

    public override string ToString() => Name;

    private static bool OwnAndShared(string type, string owner) => IsShared(type) || (owner == "a" && (IsRecord(type) || MatrixTypes.BesideRecord.ContainsKey(type)));

    private static bool IsRecord(string type) => MatrixTypes.Record.ContainsKey(type) && type != "AuditEvent";

    private static bool IsShared(string type) => MatrixTypes.Definitions.Contains(type) || MatrixTypes.Directory.Contains(type);

    private static bool IsCare(string type) => type is not ("AuditEvent" or "Organization" or "VerificationResult");

    private static bool IsAdministered(string type) => MatrixTypes.Definitions.Contains(type) || MatrixTypes.Administered.Contains(type);
}
