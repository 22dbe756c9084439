using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Smart.State;

/// <summary>What the authorisation server kept cannot be read. Stops the start; the message says what to do.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Without a message it has no meaning.")]
public sealed class SmartStateException(string message) : Exception(message);
