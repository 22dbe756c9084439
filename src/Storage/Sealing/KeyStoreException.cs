using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Storage.Sealing;

/// <summary>The keys cannot be used as they lie there: open to others, damaged, or not belonging together. Stops the start; the message says what to do.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Without a message it has no meaning.")]
public sealed class KeyStoreException(string message) : Exception(message);
