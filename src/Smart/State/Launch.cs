namespace HealthChain.Smart.State;

/// <summary>An app that a health record starts, by an id which tells nothing: the context waits here. Immutable.</summary>
/// <param name="Client">The only client that may use it, if it is known.</param>
/// <param name="Account">The only user that may, if it is known.</param>
public sealed record Launch(string? Client, string? Account, LaunchContext Context);
