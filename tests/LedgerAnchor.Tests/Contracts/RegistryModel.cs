using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>What the registry shall do, in plain C#: an operation returns whether it is allowed, and changes nothing when it is not.</summary>
internal sealed class RegistryModel(EthereumAddress owner)
{
    public Dictionary<EthereumAddress, Entry> Identities { get; } = [];

    public Dictionary<(EthereumAddress Patient, Hash256 Grantee), Hash256> Consents { get; } = [];

    public Dictionary<(EthereumAddress Provider, Hash256 Claim), (EthereumAddress Insurer, RegistryClaimState State)> Claims { get; } = [];

    public bool Stands(EthereumAddress subject) =>
        Identities.TryGetValue(subject, out Entry? entry) && entry.IsValid
        && (entry.Role != RegistryRole.Doctor || (Identities.TryGetValue(entry.Custodian, out Entry? hospital) && hospital.IsValid));

    public bool SetIdentity(EthereumAddress by, EthereumAddress subject, RegistryRole role, RegistryStatus status, bool isPast)
    {
        bool isNew = !Identities.TryGetValue(subject, out Entry? entry);
        if (!MayVerify(by, role) || (!isNew && (entry!.Role != role || (entry.Custodian != by && !SpeaksForAll(by, role)))))
        {
            return false;
        }

        Identities[subject] = new Entry(isNew ? by : entry!.Custodian, role, status, isPast);
        return true;
    }

    public bool SetCustodian(EthereumAddress by, EthereumAddress subject, EthereumAddress custodian)
    {
        if (!Identities.TryGetValue(subject, out Entry? entry)
            || (entry.Custodian != by && !SpeaksForAll(by, entry.Role)) || !MayVerify(by, entry.Role) || !MayVerify(custodian, entry.Role))
        {
            return false;
        }

        Identities[subject] = entry with { Custodian = custodian };
        return true;
    }

    public bool SetConsent(EthereumAddress by, RegistryConsent consent)
    {
        if (RoleOf(consent.Patient) != RegistryRole.Patient)
        {
            return false;
        }

        Entry patient = Identities[consent.Patient];
        bool maySpeak = by == consent.Patient || (by == patient.Custodian && Stands(by));
        if (!maySpeak || (consent.IsGranted && !patient.IsValid))
        {
            return false;
        }

        Consents[(consent.Patient, consent.Grantee)] = consent.IsGranted ? consent.Commitment : default;
        return true;
    }

    public bool Submit(EthereumAddress by, Hash256 claim, EthereumAddress insurer)
    {
        (EthereumAddress Insurer, RegistryClaimState State) before = Claims.GetValueOrDefault((by, claim));
        bool isOpen = before.State == RegistryClaimState.None || (before.State == RegistryClaimState.Denied && before.Insurer == insurer);
        if (RoleOf(by) is not (RegistryRole.Hospital or RegistryRole.Doctor) || !Stands(by) || RoleOf(insurer) != RegistryRole.Insurer || !Stands(insurer) || !isOpen)
        {
            return false;
        }

        Claims[(by, claim)] = (insurer, RegistryClaimState.Submitted);
        return true;
    }

    public bool Decide(EthereumAddress by, EthereumAddress provider, Hash256 claim, RegistryClaimState state)
    {
        (EthereumAddress Insurer, RegistryClaimState State) before = Claims.GetValueOrDefault((provider, claim));
        bool follows = (before.State, state) is (RegistryClaimState.Submitted, RegistryClaimState.Approved or RegistryClaimState.Denied)
            or (RegistryClaimState.Approved, RegistryClaimState.Paid);
        if (RoleOf(by) != RegistryRole.Insurer || !Stands(by) || before.Insurer != by || !follows)
        {
            return false;
        }

        Claims[(provider, claim)] = (by, state);
        return true;
    }

    private RegistryRole RoleOf(EthereumAddress subject) => Identities.TryGetValue(subject, out Entry? entry) ? entry.Role : RegistryRole.None;

    private bool MayVerify(EthereumAddress by, RegistryRole role) => role == RegistryRole.Verifier
        ? by == owner
        : Identities.TryGetValue(by, out Entry? entry) && entry.IsValid && (entry.Role, role) switch
        {
            (RegistryRole.Verifier, _) => true,
            (RegistryRole.Hospital, RegistryRole.Doctor or RegistryRole.Patient) => true,
            (RegistryRole.Insurer, RegistryRole.Patient) => true,
            _ => false,
        };

    private bool SpeaksForAll(EthereumAddress by, RegistryRole role) => role == RegistryRole.Verifier ? by == owner : RoleOf(by) == RegistryRole.Verifier;

    public sealed record Entry(EthereumAddress Custodian, RegistryRole Role, RegistryStatus Status, bool IsPast)
    {
        public bool IsValid => Status == RegistryStatus.Verified && !IsPast;
    }
}
