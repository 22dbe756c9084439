using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Registry;

/// <summary>What a subject is verified as. The numbers are the contract's.</summary>
public enum RegistryRole
{
    None = 0,

    /// <summary>Verifies the others; appointed by the contract's owner.</summary>
    Verifier = 1,
    Hospital = 2,
    Doctor = 3,
    Insurer = 4,
    Patient = 5,
}

public enum RegistryStatus
{
    None = 0,
    Verified = 1,
    Suspended = 2,
}

public enum RegistryClaimState
{
    None = 0,
    Submitted = 1,
    Approved = 2,
    Denied = 3,
    Paid = 4,
}

/// <summary>An entry of the registry.</summary>
/// <param name="Custodian">Registered the subject, and keeps the entry; may record a patient's consent.</param>
/// <param name="Nonce">What the subject's next signature must carry.</param>
public sealed record RegistryIdentity(EthereumAddress Custodian, RegistryRole Role, RegistryStatus Status, DateTimeOffset ValidUntil, long Nonce);

/// <summary>A consent that a patient grants or takes back.</summary>
/// <param name="Grantee">Salted commitment to who is meant; never a name, nor an address that is known.</param>
/// <param name="Commitment">To the version of the Consent: the leaf's commitment in the log.</param>
public sealed record RegistryConsent(EthereumAddress Patient, Hash256 Grantee, Hash256 Commitment, bool IsGranted);

/// <param name="Claim">Salted commitment to the claim's identifier.</param>
/// <param name="Commitment">To the version of the Claim that is submitted.</param>
public sealed record ClaimSubmission(Hash256 Claim, EthereumAddress Insurer, Hash256 Commitment);

/// <param name="Commitment">To the version of the ClaimResponse or the payment.</param>
public sealed record ClaimDecision(EthereumAddress Provider, Hash256 Claim, RegistryClaimState State, Hash256 Commitment);

/// <summary>A claim in a report that stores nothing.</summary>
public sealed record ClaimReport(Hash256 Claim, Hash256 Commitment);

/// <summary>What the registry wrote into a block.</summary>
/// <param name="Block">Number of the block.</param>
/// <param name="Transaction">The transaction that did it.</param>
public abstract record RegistryEvent(long Block, Hash256 Transaction);

public sealed record IdentityChanged(
    long Block, Hash256 Transaction, EthereumAddress Subject, EthereumAddress By, RegistryRole Role, RegistryStatus Status, DateTimeOffset ValidUntil, Hash256 Commitment)
    : RegistryEvent(Block, Transaction);

public sealed record CustodianChanged(long Block, Hash256 Transaction, EthereumAddress Subject, EthereumAddress Previous, EthereumAddress Custodian)
    : RegistryEvent(Block, Transaction);

/// <param name="By">Who sent it: whoever brought the patient's signature, or the custodian.</param>
public sealed record ConsentChanged(long Block, Hash256 Transaction, RegistryConsent Consent, EthereumAddress By)
    : RegistryEvent(Block, Transaction);

public sealed record ClaimChanged(long Block, Hash256 Transaction, EthereumAddress Provider, Hash256 Claim, RegistryClaimState State, Hash256 Commitment)
    : RegistryEvent(Block, Transaction);

public sealed record ClaimsReported(long Block, Hash256 Transaction, EthereumAddress By, RegistryClaimState State, IReadOnlyList<ClaimReport> Reports)
    : RegistryEvent(Block, Transaction);
