using System.Numerics;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Registry;

/// <summary>
/// The contract <c>HealthRegistry</c> (contracts/HealthRegistry.sol) at one address: who is verified, who agreed to what, how far a claim
/// has come. It sees pseudonymous addresses and salted commitments only.
/// </summary>
/// <remarks>Safe to use from several threads. Methods that change something only make the call; a <see cref="TransactionSender"/> sends it.</remarks>
public sealed partial class HealthRegistryContract(EthereumClient client, EthereumAddress address, long chainId)
{
    private const string ConsentType = "Consent(address patient,bytes32 grantee,bytes32 commitment,bool granted,uint32 nonce,uint40 deadline)";

    private static readonly AbiFunction _identityOf =
        new("identityOf(address subject)", "(address custodian,uint8 role,uint8 status,uint40 validUntil,uint32 nonce)");

    private static readonly AbiFunction _isInGoodStanding = new("isInGoodStanding(address subject)", "(bool)");
    private static readonly AbiFunction _consentOf = new("consentOf(address patient,bytes32 grantee)", "(bytes32)");
    private static readonly AbiFunction _claimOf = new("claimOf(address provider,bytes32 claim)", "(address insurer,uint8 state)");
    private static readonly AbiFunction _domainSeparator = new("domainSeparator()", "(bytes32)");
    private static readonly AbiFunction _setIdentity = new("setIdentity(address subject,uint8 role,uint8 status,uint40 validUntil,bytes32 commitment)");
    private static readonly AbiFunction _setCustodian = new("setCustodian(address subject,address custodian)");
    private static readonly AbiFunction _setConsent = new("setConsent(address patient,bytes32 grantee,bytes32 commitment,bool granted)");
    private static readonly AbiFunction _submitClaims = new("submitClaims((bytes32 claim,address insurer,bytes32 commitment)[] submissions)");
    private static readonly AbiFunction _decideClaims = new("decideClaims((address provider,bytes32 claim,uint8 state,bytes32 commitment)[] decisions)");
    private static readonly AbiFunction _reportClaims = new("reportClaims(uint8 state,(bytes32 claim,bytes32 commitment)[] reports)");

    private static readonly AbiFunction _setConsentBySignature = new(
        "setConsentBySignature(address patient,bytes32 grantee,bytes32 commitment,bool granted,uint32 nonce,uint40 deadline,uint8 v,bytes32 r,bytes32 s)");

    private static readonly AbiError[] _errors =
    [
        new("NotOwner()"), new("NotPendingOwner()"), new("NoOwner()"), new("NotAllowed(address by,uint8 role)"), new("RoleIsFixed()"),
        new("NotInGoodStanding(address subject)"), new("WrongRole(address subject)"), new("Incomplete()"), new("DeadlinePassed()"),
        new("WrongNonce(uint32 expected)"), new("MalleableSignature()"), new("WrongSignature()"), new("WrongState(uint8 state)"),
    ];

    public EthereumAddress Address => address;

    /// <summary>What signatures for this contract are meant for, and for no other.</summary>
    public TypedDataDomain Domain => DomainOf(chainId, address);

    public static TypedDataDomain DomainOf(long chainId, EthereumAddress contract) =>
        new() { Name = "HealthRegistry", Version = "1", ChainId = chainId, VerifyingContract = contract };

    /// <summary>Makes a new registry. Its owner appoints the verifiers.</summary>
    public static EthereumCall Deployment(EthereumAddress owner) => ContractArtefact.HealthRegistry.Creation("(address)", owner);

    /// <summary>Why the contract refused a call.</summary>
    public static RevertReason ReasonOf(EthereumException refusal) => RevertReason.Read(refusal.RevertData.Span, _errors);

    /// <returns>With <see cref="RegistryRole.None"/> when there is no such entry.</returns>
    public async ValueTask<RegistryIdentity> IdentityAsync(EthereumAddress subject, CancellationToken cancellationToken) =>
        await ReadAsync(_identityOf, cancellationToken, subject) is [EthereumAddress custodian, BigInteger role, BigInteger status, BigInteger until, BigInteger nonce]
            ? new RegistryIdentity(custodian, (RegistryRole)(int)role, (RegistryStatus)(int)status, TimeOf(until), (long)nonce)
            : throw Unfit();

    /// <summary>Whether a subject is verified, neither suspended nor expired; a doctor's hospital must be so too.</summary>
    public async ValueTask<bool> IsInGoodStandingAsync(EthereumAddress subject, CancellationToken cancellationToken) =>
        await ReadAsync(_isInGoodStanding, cancellationToken, subject) is [bool stands] ? stands : throw Unfit();

    /// <summary>The commitment to the Consent in force; zero when there is none.</summary>
    public async ValueTask<Hash256> ConsentAsync(EthereumAddress patient, Hash256 grantee, CancellationToken cancellationToken) =>
        await ReadAsync(_consentOf, cancellationToken, patient, grantee) is [byte[] commitment] ? new Hash256(commitment) : throw Unfit();

    public async ValueTask<RegistryClaimState> ClaimStateAsync(EthereumAddress provider, Hash256 claim, CancellationToken cancellationToken) =>
        await ReadAsync(_claimOf, cancellationToken, provider, claim) is [EthereumAddress, BigInteger state] ? (RegistryClaimState)(int)state : throw Unfit();

    /// <summary>What the contract takes for its EIP-712 domain; it must be that of <see cref="Domain"/>.</summary>
    public async ValueTask<Hash256> DomainSeparatorAsync(CancellationToken cancellationToken) =>
        await ReadAsync(_domainSeparator, cancellationToken) is [byte[] hash] ? new Hash256(hash) : throw Unfit();

    /// <summary>Registers a subject, or changes status and expiry of one.</summary>
    /// <param name="commitment">To what was verified: the leaf's commitment in the log.</param>
    public EthereumCall SetIdentity(EthereumAddress subject, RegistryRole role, RegistryStatus status, DateTimeOffset validUntil, Hash256 commitment) =>
        Call(_setIdentity, subject, (int)role, (int)status, validUntil.ToUnixTimeSeconds(), commitment);

    public EthereumCall SetCustodian(EthereumAddress subject, EthereumAddress custodian) => Call(_setCustodian, subject, custodian);

    /// <summary>For the custodian, on behalf of a patient who holds no key; or for the patient's own account.</summary>
    public EthereumCall SetConsent(RegistryConsent consent) => Call(_setConsent, consent.Patient, consent.Grantee, consent.Commitment, consent.IsGranted);

    /// <summary>What a patient signs, with a wallet or otherwise.</summary>
    /// <param name="nonce">The patient's present one: each signature is good for once.</param>
    /// <param name="deadline">Later the contract does not take it any more.</param>
    public TypedData ConsentToSign(RegistryConsent consent, long nonce, DateTimeOffset deadline) => ConsentToSign(Domain, consent, nonce, deadline);

    /// <inheritdoc cref="ConsentToSign(RegistryConsent, long, DateTimeOffset)"/>
    public static TypedData ConsentToSign(TypedDataDomain domain, RegistryConsent consent, long nonce, DateTimeOffset deadline) => new(
        domain, ConsentType, consent.Patient, consent.Grantee, consent.Commitment, consent.IsGranted, nonce, deadline.ToUnixTimeSeconds());

    /// <summary>What somebody signs to show that a wallet is hers. The contract has no such type, so the signature is good for nothing there.</summary>
    public static TypedData WalletToProve(TypedDataDomain domain, EthereumAddress wallet, Hash256 challenge, DateTimeOffset deadline) => new(
        domain, "Wallet(address wallet,bytes32 challenge,uint40 deadline)", wallet, challenge, deadline.ToUnixTimeSeconds());

    /// <summary>Brings a patient's signature to the contract; anyone may.</summary>
    public EthereumCall SetConsent(RegistryConsent consent, long nonce, DateTimeOffset deadline, Secp256k1Signature signature) => Call(
        _setConsentBySignature,
        consent.Patient,
        consent.Grantee,
        consent.Commitment,
        consent.IsGranted,
        nonce,
        deadline.ToUnixTimeSeconds(),
        signature.IsOdd ? 28 : 27,
        signature.R,
        signature.S);

    public EthereumCall SubmitClaims(params IReadOnlyList<ClaimSubmission> submissions) =>
        Call(_submitClaims, Tuples(submissions, static one => [one.Claim, one.Insurer, one.Commitment]));

    public EthereumCall DecideClaims(params IReadOnlyList<ClaimDecision> decisions) =>
        Call(_decideClaims, Tuples(decisions, static one => [one.Provider, one.Claim, (int)one.State, one.Commitment]));

    /// <summary>One event about claims that came to the same state; stores nothing.</summary>
    public EthereumCall ReportClaims(RegistryClaimState state, params IReadOnlyList<ClaimReport> reports) =>
        Call(_reportClaims, (int)state, Tuples(reports, static one => [one.Claim, one.Commitment]));

    // As a list: an array would be taken for the list of arguments.
    private static List<object[]> Tuples<T>(IReadOnlyList<T> items, Func<T, object[]> tuple) => [.. items.Select(tuple)];

    private static EthereumException Unfit() => new(EthereumFault.BadAnswer, "The contract's answer is not that of a HealthRegistry.");

    // 40 bits of seconds reach further than the calendar.
    private static DateTimeOffset TimeOf(BigInteger seconds) =>
        DateTimeOffset.FromUnixTimeSeconds((long)BigInteger.Min(seconds, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));

    private EthereumCall Call(AbiFunction function, params object[] arguments) => new(address, function.Encode(arguments));

    private ValueTask<object[]> ReadAsync(AbiFunction function, CancellationToken cancellationToken, params object[] arguments) =>
        client.ReadAsync(address, function, arguments, BlockTag.Latest, cancellationToken);
}
