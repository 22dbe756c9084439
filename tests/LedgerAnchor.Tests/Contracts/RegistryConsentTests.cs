using System.Numerics;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>Consent, by the patient's signature or on the patient's behalf.</summary>
public sealed class RegistryConsentTests
{
    private static readonly BigInteger _order = BigInteger.Parse("0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", System.Globalization.NumberStyles.HexNumber);
    private static readonly Hash256 _grantee = RegistryTestChain.Some("grantee");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static DateTimeOffset Deadline => RegistryTestChain.Now.AddHours(1);

    [Fact]
    public async Task A_signed_grant_counts_and_a_signed_revocation_ends_it()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        RegistryConsent granted = Consent(one);
        RegistryConsent revoked = granted with { IsGranted = false, Commitment = RegistryTestChain.Some("revocation") };

        // Anyone may bring a signature.
        await one.SendAsync(one.Stranger, Signed(one, granted, 0));
        Assert.Equal(granted.Commitment, await one.Registry.ConsentAsync(one.Patient.Address, _grantee, Cancellation));
        await one.SendAsync(one.Stranger, Signed(one, revoked, 1));
        Assert.True((await one.Registry.ConsentAsync(one.Patient.Address, _grantee, Cancellation)).IsZero);

        Assert.Equal(2, (await one.Registry.IdentityAsync(one.Patient.Address, Cancellation)).Nonce);
        Assert.Equal([granted, revoked], (await one.EventsAsync()).OfType<ConsentChanged>().Select(static change => change.Consent));
    }

    [Fact]
    public async Task The_contract_and_the_client_mean_the_same_domain()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();

        Assert.Equal(one.Registry.ConsentToSign(Consent(one), 0, Deadline).DomainSeparator, await one.Registry.DomainSeparatorAsync(Cancellation));
    }

    [Fact]
    public async Task A_signature_counts_once_in_its_time_in_one_form_and_for_what_it_says()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        RegistryConsent consent = Consent(one);
        DateTimeOffset deadline = Deadline;
        Secp256k1Signature signature = Sign(one.Registry, one.Patient, consent, 0, deadline);
        var twin = new Secp256k1Signature(signature.R, NegativeOf(signature.S), !signature.IsOdd);
        var otherChain = new HealthRegistryContract(one.Chain.Client, one.Registry.Address, 1);
        var otherContract = new HealthRegistryContract(one.Chain.Client, one.Stranger.Address, TestChain.ChainId);
        DateTimeOffset past = RegistryTestChain.Now.AddHours(-1);

        Assert.Equal("DeadlinePassed", await RefusalAsync(consent, 0, past, Sign(one.Registry, one.Patient, consent, 0, past)));
        Assert.Equal("MalleableSignature", await RefusalAsync(consent, 0, deadline, twin));
        Assert.Equal("WrongSignature", await RefusalAsync(consent, 0, deadline, Sign(otherChain, one.Patient, consent, 0, deadline)));
        Assert.Equal("WrongSignature", await RefusalAsync(consent, 0, deadline, Sign(otherContract, one.Patient, consent, 0, deadline)));
        Assert.Equal("WrongSignature", await RefusalAsync(consent, 0, deadline, Sign(one.Registry, one.Stranger, consent, 0, deadline)));
        Assert.Equal("WrongSignature", await RefusalAsync(consent, 0, deadline, signature with { IsOdd = !signature.IsOdd }));
        Assert.Equal("WrongSignature", await RefusalAsync(consent, 0, deadline, new Secp256k1Signature(default, default, false)));
        Assert.Equal("WrongSignature", await RefusalAsync(consent with { Grantee = RegistryTestChain.Some("another") }, 0, deadline, signature));
        Assert.Equal("WrongSignature", await RefusalAsync(consent with { Commitment = RegistryTestChain.Some("another") }, 0, deadline, signature));
        Assert.Equal("WrongSignature", await RefusalAsync(consent with { IsGranted = false }, 0, deadline, signature));
        Assert.Equal("WrongSignature", await RefusalAsync(consent, 0, deadline.AddHours(1), signature));
        Assert.Equal("WrongNonce", await RefusalAsync(consent, 1, deadline, Sign(one.Registry, one.Patient, consent, 1, deadline)));

        EthereumCall call = one.Registry.SetConsent(consent, 0, deadline, signature);
        await one.SendAsync(one.Stranger, call);
        Assert.Equal("WrongNonce", await one.RefusalAsync(one.Stranger, call));
        Assert.Equal("WrongNonce", await one.RefusalAsync(one.Patient, call));

        Task<string> RefusalAsync(RegistryConsent stated, long nonce, DateTimeOffset until, Secp256k1Signature by) =>
            one.RefusalAsync(one.Stranger, one.Registry.SetConsent(stated, nonce, until, by));
    }

    [Fact]
    public async Task On_a_patients_behalf_only_the_custodian_speaks()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        RegistryConsent consent = Consent(one);

        foreach (LocalSigner by in (LocalSigner[])[one.Stranger, one.Doctor, one.Insurer, one.Verifier, one.Owner])
        {
            Assert.Equal("NotAllowed", await one.RefusalAsync(by, one.Registry.SetConsent(consent)));
        }

        await one.SendAsync(one.Hospital, one.Registry.SetConsent(consent));
        Assert.Equal(consent.Commitment, await one.Registry.ConsentAsync(one.Patient.Address, _grantee, Cancellation));
        await one.SendAsync(one.Patient, one.Registry.SetConsent(consent with { IsGranted = false }));
        Assert.True((await one.Registry.ConsentAsync(one.Patient.Address, _grantee, Cancellation)).IsZero);
        Assert.Equal("WrongRole", await one.RefusalAsync(one.Hospital, one.Registry.SetConsent(consent with { Patient = one.Doctor.Address })));
        Assert.Equal("Incomplete", await one.RefusalAsync(one.Hospital, one.Registry.SetConsent(consent with { Commitment = default })));
        ConsentChanged last = Assert.IsType<ConsentChanged>((await one.EventsAsync())[^1]);
        Assert.Equal(one.Patient.Address, last.By);
    }

    [Fact]
    public async Task A_suspended_custodian_cannot_speak_and_a_suspended_patient_can_only_revoke()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        RegistryConsent consent = Consent(one);
        await one.SendAsync(one.Hospital, one.Registry.SetConsent(consent));
        await one.SuspendAsync(one.Verifier, one.Patient, RegistryRole.Patient);
        await one.SuspendAsync(one.Verifier, one.Hospital, RegistryRole.Hospital);

        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Hospital, one.Registry.SetConsent(consent)));
        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Hospital, one.Registry.SetConsent(consent with { IsGranted = false })));
        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Stranger, Signed(one, consent, 0)));
        await one.SendAsync(one.Stranger, Signed(one, consent with { IsGranted = false }, 0));

        Assert.True((await one.Registry.ConsentAsync(one.Patient.Address, _grantee, Cancellation)).IsZero);
    }

    [Fact]
    public async Task Who_is_no_patient_of_the_registry_cannot_consent_there()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        var consent = new RegistryConsent(one.Stranger.Address, _grantee, RegistryTestChain.Some("consent"), true);
        DateTimeOffset deadline = Deadline;

        Assert.Equal("WrongRole", await one.RefusalAsync(one.Hospital, one.Registry.SetConsent(consent, 0, deadline, Sign(one.Registry, one.Stranger, consent, 0, deadline))));
    }

    private static RegistryConsent Consent(RegistryTestChain one) => new(one.Patient.Address, _grantee, RegistryTestChain.Some("consent"), true);

    private static EthereumCall Signed(RegistryTestChain one, RegistryConsent consent, long nonce)
    {
        DateTimeOffset deadline = Deadline;
        return one.Registry.SetConsent(consent, nonce, deadline, Sign(one.Registry, one.Patient, consent, nonce, deadline));
    }

    private static Secp256k1Signature Sign(HealthRegistryContract registry, LocalSigner signer, RegistryConsent consent, long nonce, DateTimeOffset deadline) =>
        signer.SignAsync(registry.ConsentToSign(consent, nonce, deadline), Cancellation).AsTask().GetAwaiter().GetResult();

    private static Hash256 NegativeOf(Hash256 s) => new(Abi.Encode("(uint256)", _order - new BigInteger(s.ToArray(), isUnsigned: true, isBigEndian: true)));
}
