using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

/// <summary>What a user gave to a client, once for each pair of them. Immutable.</summary>
/// <param name="Scopes">What was given the last time.</param>
/// <param name="Patient">Id of the patient in context the last time.</param>
/// <param name="LastUsed">When the client last got a token by it.</param>
public sealed record Authorisation(
    string Id, string Account, string Client, ScopeSet Scopes, string? Patient, DateTimeOffset Given, DateTimeOffset LastUsed);
