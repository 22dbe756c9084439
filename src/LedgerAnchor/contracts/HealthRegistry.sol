// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Owned} from "./Owned.sol";

/// Who is verified, who agreed to what, and how far a claim has come. Everything personal stays outside: subjects are pseudonymous
/// addresses, and what was verified, agreed or claimed appears only as a salted 32-byte commitment, the same one that the log holds.
contract HealthRegistry is Owned {
    enum Role { None, Verifier, Hospital, Doctor, Insurer, Patient }
    enum Status { None, Verified, Suspended }
    enum ClaimState { None, Submitted, Approved, Denied, Paid }

    /// One slot. The custodian registered the subject: it keeps the entry up to date and, for a patient, may record consent.
    struct Identity {
        address custodian;
        Role role;
        Status status;
        uint40 validUntil;
        uint32 nonce;
    }

    struct Claim {
        address insurer;
        ClaimState state;
    }

    struct Submission {
        bytes32 claim;
        address insurer;
        bytes32 commitment;
    }

    struct Decision {
        address provider;
        bytes32 claim;
        ClaimState state;
        bytes32 commitment;
    }

    struct Report {
        bytes32 claim;
        bytes32 commitment;
    }

    mapping(address subject => Identity) public identityOf;
    /// The commitment to the Consent in force between a patient and a grantee (itself a salted commitment); zero when there is none.
    mapping(address patient => mapping(bytes32 grantee => bytes32 commitment)) public consentOf;
    /// Claims stand under their provider, so nobody can occupy another's.
    mapping(address provider => mapping(bytes32 claim => Claim)) public claimOf;

    event IdentityChanged(
        address indexed subject, address indexed by, Role role, Status status, uint40 validUntil, bytes32 commitment);
    event CustodianChanged(address indexed subject, address indexed previous, address indexed custodian);
    event ConsentChanged(address indexed patient, bytes32 indexed grantee, bool granted, bytes32 commitment, address by);
    event ClaimChanged(address indexed provider, bytes32 indexed claim, ClaimState state, bytes32 commitment);
    event ClaimsReported(address indexed by, ClaimState state, Report[] reports);

    error NotAllowed(address by, Role role);
    error RoleIsFixed();
    error NotInGoodStanding(address subject);
    error WrongRole(address subject);
    error Incomplete();
    error DeadlinePassed();
    error WrongNonce(uint32 expected);
    error MalleableSignature();
    error WrongSignature();
    error WrongState(ClaimState state);

    bytes32 private constant CONSENT_TYPE = keccak256(
        "Consent(address patient,bytes32 grantee,bytes32 commitment,bool granted,uint32 nonce,uint40 deadline)");
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    /// Half of the order of secp256k1: of the two signatures (r, s) and (r, n - s) only the lower one counts (EIP-2).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    constructor(address firstOwner) Owned(firstOwner) {}

    // Identities

    /// Registers a subject, or changes the status and expiry of one. The owner appoints verifiers; verifiers verify everybody else;
    /// hospitals register doctors and patients, insurers patients. An entry is changed by its custodian or by a verifier.
    function setIdentity(address subject, Role role, Status status, uint40 validUntil, bytes32 commitment) external {
        if (subject == address(0) || role == Role.None || status == Status.None) revert Incomplete();
        Identity storage entry = identityOf[subject];
        if (!_mayVerify(msg.sender, role)) revert NotAllowed(msg.sender, role);
        if (entry.role == Role.None) {
            entry.custodian = msg.sender;
            entry.role = role;
        } else {
            if (entry.role != role) revert RoleIsFixed();
            if (entry.custodian != msg.sender && !_speaksForAll(msg.sender, role)) revert NotAllowed(msg.sender, role);
        }

        entry.status = status;
        entry.validUntil = validUntil;
        emit IdentityChanged(subject, msg.sender, role, status, validUntil, commitment);
    }

    /// Hands a subject over, for instance when a patient changes hospital or a hospital closes.
    function setCustodian(address subject, address custodian) external {
        Identity storage entry = identityOf[subject];
        if (entry.role == Role.None) revert Incomplete();
        if (entry.custodian != msg.sender && !_speaksForAll(msg.sender, entry.role)) revert NotAllowed(msg.sender, entry.role);
        if (!_mayVerify(msg.sender, entry.role)) revert NotAllowed(msg.sender, entry.role);
        if (!_mayVerify(custodian, entry.role)) revert NotAllowed(custodian, entry.role);
        emit CustodianChanged(subject, entry.custodian, custodian);
        entry.custodian = custodian;
    }

    /// Verified, neither suspended nor expired; for a doctor the hospital must be so too.
    function isInGoodStanding(address subject) public view returns (bool) {
        Identity memory entry = identityOf[subject];
        return _stands(entry) && (entry.role != Role.Doctor || _stands(identityOf[entry.custodian]));
    }

    function _stands(Identity memory entry) private view returns (bool) {
        return entry.status == Status.Verified && block.timestamp <= entry.validUntil;
    }

    function _mayVerify(address by, Role role) private view returns (bool) {
        if (role == Role.Verifier) return by == owner;
        Identity memory entry = identityOf[by];
        if (!_stands(entry)) return false;
        return entry.role == Role.Verifier
            || (entry.role == Role.Hospital && (role == Role.Doctor || role == Role.Patient))
            || (entry.role == Role.Insurer && role == Role.Patient);
    }

    function _speaksForAll(address by, Role role) private view returns (bool) {
        return role == Role.Verifier ? by == owner : identityOf[by].role == Role.Verifier;
    }

    function _require(address subject, Role role) private view {
        if (identityOf[subject].role != role) revert WrongRole(subject);
        if (!isInGoodStanding(subject)) revert NotInGoodStanding(subject);
    }

    // Consent

    /// What a patient signs is EIP-712 data, so a wallet can show it; anyone may bring the signature here and pay for it.
    function domainSeparator() public view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256("HealthRegistry"), keccak256("1"), block.chainid, address(this)));
    }

    /// Grants or revokes by the patient's own signature. The patient's nonce makes each signature good for once.
    function setConsentBySignature(
        address patient, bytes32 grantee, bytes32 commitment, bool granted,
        uint32 nonce, uint40 deadline, uint8 v, bytes32 r, bytes32 s
    ) external {
        if (block.timestamp > deadline) revert DeadlinePassed();
        Identity storage entry = identityOf[patient];
        if (entry.nonce != nonce) revert WrongNonce(entry.nonce);
        if (uint256(s) > HALF_ORDER) revert MalleableSignature();
        bytes32 content = keccak256(abi.encode(CONSENT_TYPE, patient, grantee, commitment, granted, nonce, deadline));
        address signer = ecrecover(keccak256(abi.encodePacked(hex"1901", domainSeparator(), content)), v, r, s);
        if (signer == address(0) || signer != patient) revert WrongSignature();
        if (entry.role != Role.Patient) revert WrongRole(patient);
        // A patient may take consent back whatever became of the entry.
        if (granted && !_stands(entry)) revert NotInGoodStanding(patient);
        entry.nonce = nonce + 1;
        _setConsent(patient, grantee, commitment, granted);
    }

    /// Grants or revokes on behalf of a patient who holds no key: the custodian, whose server keeps the signed Consent.
    function setConsent(address patient, bytes32 grantee, bytes32 commitment, bool granted) external {
        Identity memory entry = identityOf[patient];
        if (entry.role != Role.Patient) revert WrongRole(patient);
        if (msg.sender != entry.custodian && msg.sender != patient) revert NotAllowed(msg.sender, Role.Patient);
        if (msg.sender == entry.custodian && !isInGoodStanding(msg.sender)) revert NotInGoodStanding(msg.sender);
        if (granted && !_stands(entry)) revert NotInGoodStanding(patient);
        _setConsent(patient, grantee, commitment, granted);
    }

    function _setConsent(address patient, bytes32 grantee, bytes32 commitment, bool granted) private {
        if (commitment == 0) revert Incomplete();
        consentOf[patient][grantee] = granted ? commitment : bytes32(0);
        emit ConsentChanged(patient, grantee, granted, commitment, msg.sender);
    }

    // Claims

    /// Hospitals and doctors submit, and submit again what was denied.
    function submitClaims(Submission[] calldata submissions) external {
        Role role = identityOf[msg.sender].role;
        if (role != Role.Hospital && role != Role.Doctor) revert WrongRole(msg.sender);
        if (!isInGoodStanding(msg.sender)) revert NotInGoodStanding(msg.sender);
        address checkedInsurer;
        for (uint256 i = 0; i < submissions.length; i++) {
            Submission calldata submission = submissions[i];
            if (submission.insurer != checkedInsurer) {
                _require(submission.insurer, Role.Insurer);
                checkedInsurer = submission.insurer;
            }

            Claim storage entry = claimOf[msg.sender][submission.claim];
            Claim memory before = entry;
            if (before.state != ClaimState.None && before.state != ClaimState.Denied) revert WrongState(before.state);
            if (before.state == ClaimState.Denied && before.insurer != submission.insurer) revert NotAllowed(submission.insurer, Role.Insurer);
            claimOf[msg.sender][submission.claim] = Claim(submission.insurer, ClaimState.Submitted);
            emit ClaimChanged(msg.sender, submission.claim, ClaimState.Submitted, submission.commitment);
        }
    }

    /// The insurer that a claim was submitted to approves or denies it, and pays what was approved.
    function decideClaims(Decision[] calldata decisions) external {
        _require(msg.sender, Role.Insurer);
        for (uint256 i = 0; i < decisions.length; i++) {
            Decision calldata decision = decisions[i];
            Claim storage entry = claimOf[decision.provider][decision.claim];
            Claim memory before = entry;
            if (before.insurer != msg.sender) revert NotAllowed(msg.sender, Role.Insurer);
            ClaimState needed = decision.state == ClaimState.Paid ? ClaimState.Approved : ClaimState.Submitted;
            bool isDecision = decision.state == ClaimState.Approved || decision.state == ClaimState.Denied
                || decision.state == ClaimState.Paid;
            if (!isDecision || before.state != needed) revert WrongState(before.state);
            entry.state = decision.state;
            emit ClaimChanged(decision.provider, decision.claim, decision.state, decision.commitment);
        }
    }

    /// The cheap way: one event about many claims that reached the same state, nothing stored and no order enforced. The log is the
    /// authority then; the event says that the reporter stood by it at this time.
    function reportClaims(ClaimState state, Report[] calldata reports) external {
        Role role = identityOf[msg.sender].role;
        if (role != Role.Hospital && role != Role.Doctor && role != Role.Insurer) revert WrongRole(msg.sender);
        if (!isInGoodStanding(msg.sender)) revert NotInGoodStanding(msg.sender);
        if (state == ClaimState.None || reports.length == 0) revert Incomplete();
        if (state == ClaimState.Submitted ? role == Role.Insurer : role != Role.Insurer) revert WrongRole(msg.sender);
        emit ClaimsReported(msg.sender, state, reports);
    }
}
