namespace HealthChain.FhirServer.Access;

/// <summary>Somebody said that a patient's safety needs what nobody permitted, and why. It counts for the bearer of one short-lived token.</summary>
/// <param name="Reason">As it was written; on record, and told to the patient.</param>
internal sealed record BreakGlassDeclaration(string Reason, DateTimeOffset Until);
