using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>Who may be verified by whom, and what becomes of it.</summary>
public sealed class RegistryIdentityTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_verified_identity_is_read_back()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();

        RegistryIdentity patient = await one.Registry.IdentityAsync(one.Patient.Address, Cancellation);

        Assert.Equal((one.Hospital.Address, RegistryRole.Patient, RegistryStatus.Verified, 0L), (patient.Custodian, patient.Role, patient.Status, patient.Nonce));
        Assert.InRange(patient.ValidUntil, RegistryTestChain.InAYear.AddMinutes(-5), RegistryTestChain.InAYear);
        Assert.True(await one.Registry.IsInGoodStandingAsync(one.Patient.Address, Cancellation));
        Assert.False(await one.Registry.IsInGoodStandingAsync(one.Stranger.Address, Cancellation));
        Assert.Equal(RegistryRole.None, (await one.Registry.IdentityAsync(one.Stranger.Address, Cancellation)).Role);
        var events = (await one.EventsAsync()).Cast<IdentityChanged>().ToList();
        Assert.Equal([RegistryRole.Verifier, RegistryRole.Hospital, RegistryRole.Insurer, RegistryRole.Doctor, RegistryRole.Patient], events.Select(static change => change.Role));
        Assert.Equal((one.Patient.Address, one.Hospital.Address, RegistryTestChain.Some("verified")), (events[^1].Subject, events[^1].By, events[^1].Commitment));
    }

    [Fact]
    public async Task Each_role_verifies_only_what_it_may()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        var mayVerify = new Dictionary<LocalSigner, RegistryRole[]>
        {
            [one.Owner] = [RegistryRole.Verifier],
            [one.Verifier] = [RegistryRole.Hospital, RegistryRole.Doctor, RegistryRole.Insurer, RegistryRole.Patient],
            [one.Hospital] = [RegistryRole.Doctor, RegistryRole.Patient],
            [one.Insurer] = [RegistryRole.Patient],
            [one.Doctor] = [],
            [one.Patient] = [],
            [one.Stranger] = [],
        };

        foreach ((LocalSigner by, RegistryRole[] roles) in mayVerify)
        {
            foreach (RegistryRole role in Enum.GetValues<RegistryRole>().Except([RegistryRole.None]))
            {
                using LocalSigner subject = LocalSigner.Create();
                if (roles.Contains(role))
                {
                    await one.VerifyAsync(by, subject, role);
                }
                else
                {
                    Assert.Equal("NotAllowed", await one.RefusalAsync(by, one.Identity(subject, role)));
                }
            }
        }
    }

    [Fact]
    public async Task An_entry_is_changed_by_its_custodian_or_a_verifier_and_keeps_its_role()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        LocalSigner other = await one.Chain.AccountAsync();
        await one.VerifyAsync(one.Verifier, other, RegistryRole.Hospital);

        Assert.Equal("NotAllowed", await one.RefusalAsync(other, one.Identity(one.Patient, RegistryRole.Patient)));
        Assert.Equal("NotAllowed", await one.RefusalAsync(one.Insurer, one.Identity(one.Patient, RegistryRole.Patient)));
        Assert.Equal("RoleIsFixed", await one.RefusalAsync(one.Hospital, one.Identity(one.Patient, RegistryRole.Doctor)));
        Assert.Equal("RoleIsFixed", await one.RefusalAsync(one.Verifier, one.Identity(one.Patient, RegistryRole.Insurer)));
        Assert.Equal("Incomplete", await one.RefusalAsync(one.Verifier, one.Identity(one.Patient, RegistryRole.None)));
        Assert.Equal(
            "Incomplete",
            await one.RefusalAsync(one.Verifier, one.Registry.SetIdentity(one.Stranger.Address, RegistryRole.Patient, RegistryStatus.None, RegistryTestChain.InAYear, default)));
        await one.SuspendAsync(one.Verifier, one.Patient, RegistryRole.Patient);
        Assert.False(await one.Registry.IsInGoodStandingAsync(one.Patient.Address, Cancellation));
        await one.VerifyAsync(one.Hospital, one.Patient, RegistryRole.Patient);
        Assert.True(await one.Registry.IsInGoodStandingAsync(one.Patient.Address, Cancellation));
    }

    [Fact]
    public async Task Suspended_or_expired_means_not_in_good_standing_and_the_doctors_of_a_hospital_share_its_lot()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        await one.SuspendAsync(one.Verifier, one.Hospital, RegistryRole.Hospital);

        Assert.False(await one.Registry.IsInGoodStandingAsync(one.Hospital.Address, Cancellation));
        Assert.False(await one.Registry.IsInGoodStandingAsync(one.Doctor.Address, Cancellation));
        Assert.True(await one.Registry.IsInGoodStandingAsync(one.Patient.Address, Cancellation));
        Assert.Equal("NotAllowed", await one.RefusalAsync(one.Hospital, one.Identity(one.Stranger, RegistryRole.Patient)));

        await one.VerifyAsync(one.Verifier, one.Hospital, RegistryRole.Hospital);
        Assert.True(await one.Registry.IsInGoodStandingAsync(one.Doctor.Address, Cancellation));

        DateTimeOffset soon = RegistryTestChain.Now.AddHours(1);
        await one.SendAsync(one.Verifier, one.Registry.SetIdentity(one.Insurer.Address, RegistryRole.Insurer, RegistryStatus.Verified, soon, default));
        Assert.True(await one.Registry.IsInGoodStandingAsync(one.Insurer.Address, Cancellation));
        await one.Chain.AskAsync("evm_increaseTime", 3_700);
        await one.Chain.MineAsync();
        Assert.False(await one.Registry.IsInGoodStandingAsync(one.Insurer.Address, Cancellation));
    }

    [Fact]
    public async Task A_patient_goes_to_another_hospital()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        LocalSigner other = await one.Chain.AccountAsync();
        await one.VerifyAsync(one.Verifier, other, RegistryRole.Hospital);

        Assert.Equal("NotAllowed", await one.RefusalAsync(other, one.Registry.SetCustodian(one.Patient.Address, other.Address)));
        Assert.Equal("NotAllowed", await one.RefusalAsync(one.Hospital, one.Registry.SetCustodian(one.Patient.Address, one.Stranger.Address)));
        Assert.Equal("Incomplete", await one.RefusalAsync(one.Hospital, one.Registry.SetCustodian(one.Stranger.Address, other.Address)));
        await one.SendAsync(one.Hospital, one.Registry.SetCustodian(one.Patient.Address, other.Address));

        Assert.Equal(other.Address, (await one.Registry.IdentityAsync(one.Patient.Address, Cancellation)).Custodian);
        Assert.Equal("NotAllowed", await one.RefusalAsync(one.Hospital, one.Identity(one.Patient, RegistryRole.Patient)));
        CustodianChanged change = Assert.IsType<CustodianChanged>((await one.EventsAsync())[^1]);
        Assert.Equal((one.Patient.Address, one.Hospital.Address, other.Address), (change.Subject, change.Previous, change.Custodian));
        await one.SendAsync(one.Verifier, one.Registry.SetCustodian(one.Patient.Address, one.Insurer.Address));
    }
}
