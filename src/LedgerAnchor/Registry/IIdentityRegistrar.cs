using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Registry;

/// <summary>What is to stand in the registry of a subject.</summary>
/// <param name="Commitment">To what was verified: the leaf's commitment in the log.</param>
public sealed record IdentityStatement(EthereumAddress Subject, RegistryRole Role, RegistryStatus Status, DateTimeOffset ValidUntil, Hash256 Commitment);

/// <summary>How far a statement has come. Whoever takes the next step keeps this first: then a crash loses and doubles nothing.</summary>
/// <param name="Nonce">Number of the transaction that makes it; null before it has one.</param>
/// <param name="IsMined">It stands in a block.</param>
/// <param name="IsFinal">It stands there for good.</param>
public readonly record struct RegistrationProgress(long? Nonce, bool IsMined, bool IsFinal);

/// <summary>Writes into a HealthRegistry as its verifier.</summary>
public interface IIdentityRegistrar
{
    /// <summary>Chain and contract, as CAIP-10 writes an account of a chain.</summary>
    string Name { get; }

    /// <summary>
    /// Takes the next step: numbers the transaction, then sends it, then looks whether it is mined and final. Each call takes at most one; a
    /// statement is sent in one transaction however often that is tried.
    /// </summary>
    /// <param name="least">The number that it gets is at least this: one more than that of the statement before.</param>
    /// <exception cref="AnchorUnavailableException">The chain does not answer, or the contract refuses.</exception>
    ValueTask<RegistrationProgress> AdvanceAsync(IdentityStatement statement, RegistrationProgress progress, long least, CancellationToken cancellationToken);

    /// <summary>Whether the registry says that of the subject now, apart from the commitment, which it does not keep.</summary>
    /// <exception cref="AnchorUnavailableException">The chain does not answer.</exception>
    ValueTask<bool> SaysAsync(IdentityStatement statement, CancellationToken cancellationToken);
}
