using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Registry;

/// <summary>Something that is to stand in the registry.</summary>
public abstract record RegistryStatement;

/// <summary>What is to stand in the registry of a subject.</summary>
/// <param name="Commitment">To what was verified: the leaf's commitment in the log.</param>
public sealed record IdentityStatement(EthereumAddress Subject, RegistryRole Role, RegistryStatus Status, DateTimeOffset ValidUntil, Hash256 Commitment) : RegistryStatement;

/// <summary>A consent that is to stand in the registry, or not any more, for a patient whom the registrar registered.</summary>
public sealed record ConsentStatement(RegistryConsent Consent) : RegistryStatement;

/// <summary>A consent that is to stand in the registry, or not any more, by the patient's own signature.</summary>
/// <param name="Nonce">What the signature says; it counts while that is the patient's number there.</param>
public sealed record SignedConsentStatement(RegistryConsent Consent, long Nonce, DateTimeOffset Deadline, Secp256k1Signature Signature) : RegistryStatement;

/// <summary>What the registry has of a patient's address.</summary>
/// <param name="Nonce">What the patient's next signature must say.</param>
/// <param name="IsKnown">Whether there is an entry of it, in whatever role.</param>
/// <param name="IsOurs">Whether it is a patient whom the registrar's account registered, and so may speak for.</param>
public readonly record struct PatientAccount(long Nonce, bool IsKnown, bool IsOurs);

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

    /// <summary>What patients' signatures must be meant for.</summary>
    TypedDataDomain Domain { get; }

    /// <summary>
    /// Takes the next step: numbers the transaction, then sends it, then looks whether it is mined and final. Each call takes at most one; a
    /// statement is sent in one transaction however often that is tried.
    /// </summary>
    /// <param name="least">The number that it gets is at least this: one more than that of the statement before.</param>
    /// <exception cref="AnchorUnavailableException">The chain does not answer, or the contract refuses.</exception>
    ValueTask<RegistrationProgress> AdvanceAsync(RegistryStatement statement, RegistrationProgress progress, long least, CancellationToken cancellationToken);

    /// <summary>Whether the registry says so now; of an identity it does not keep the commitment.</summary>
    /// <exception cref="AnchorUnavailableException">The chain does not answer.</exception>
    ValueTask<bool> SaysAsync(RegistryStatement statement, CancellationToken cancellationToken);

    /// <summary>What the registry has of a patient's address now.</summary>
    /// <exception cref="AnchorUnavailableException">The chain does not answer.</exception>
    ValueTask<PatientAccount> PatientAsync(EthereumAddress patient, CancellationToken cancellationToken);
}
