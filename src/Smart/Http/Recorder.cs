namespace HealthChain.Smart.Http;

/// <summary>Puts on record what happens, before anybody is told of it.</summary>
internal sealed class Recorder(ISmartHost host)
{
    /// <summary>False when nothing can be written; then what it tells of must not happen.</summary>
    public ValueTask<bool> WriteAsync(Visit visit, SmartEvent happened) =>
        host.RecordAsync(happened with { Address = visit.Address?.ToString() }, visit.Aborted);

    /// <summary>What is answered then.</summary>
    public static OAuthError Unwritten { get; } = OAuthError.TemporarilyUnavailable("The access log cannot be written.");
}
