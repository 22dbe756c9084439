namespace HealthChain.FhirServer.Access.Log;

/// <summary>How an interaction ended.</summary>
/// <param name="Status">Of the answer; 0 when there is none, or none yet.</param>
/// <param name="Reason">Why it was refused; null when it was not.</param>
internal readonly record struct Ending(AccessOutcome Outcome, int Status, string? Reason)
{
    public static Ending Of(int status, string? reason) => new(
        status >= StatusCodes.Status500InternalServerError ? AccessOutcome.SeriousFailure
            : status >= StatusCodes.Status400BadRequest ? AccessOutcome.MinorFailure
            : AccessOutcome.Success,
        status,
        reason);
}
