using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>The way of a claim: submitted, approved or denied, paid; what was denied may be submitted again.</summary>
public sealed class RegistryClaimTests
{
    private static readonly Hash256 _claim = RegistryTestChain.Some("claim");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_goes_its_way()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();

        await one.SendAsync(one.Doctor, Submission(one));
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Denied));
        await one.SendAsync(one.Doctor, Submission(one));
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Approved));
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Paid));

        Assert.Equal(RegistryClaimState.Paid, await one.Registry.ClaimStateAsync(one.Doctor.Address, _claim, Cancellation));
        Assert.Equal(
            [RegistryClaimState.Submitted, RegistryClaimState.Denied, RegistryClaimState.Submitted, RegistryClaimState.Approved, RegistryClaimState.Paid],
            (await one.EventsAsync()).OfType<ClaimChanged>().Select(static change => change.State));
    }

    [Fact]
    public async Task Every_other_order_is_refused()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        RegistryClaimState[] decisions = [RegistryClaimState.None, RegistryClaimState.Submitted, RegistryClaimState.Approved, RegistryClaimState.Denied, RegistryClaimState.Paid];

        // Nobody was named as the insurer of a claim that was never submitted.
        await RefusedAsync("NotAllowed", decisions);
        await one.SendAsync(one.Doctor, Submission(one));
        Assert.Equal("WrongState", await one.RefusalAsync(one.Doctor, Submission(one)));
        await RefusedAsync("WrongState", RegistryClaimState.None, RegistryClaimState.Submitted, RegistryClaimState.Paid);
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Denied));
        await RefusedAsync("WrongState", decisions);
        await one.SendAsync(one.Doctor, Submission(one));
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Approved));
        Assert.Equal("WrongState", await one.RefusalAsync(one.Doctor, Submission(one)));
        await RefusedAsync("WrongState", decisions.Except([RegistryClaimState.Paid]).ToArray());
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Paid));
        Assert.Equal("WrongState", await one.RefusalAsync(one.Doctor, Submission(one)));
        await RefusedAsync("WrongState", decisions);

        async Task RefusedAsync(string error, params RegistryClaimState[] states)
        {
            foreach (RegistryClaimState state in states)
            {
                Assert.Equal(error, await one.RefusalAsync(one.Insurer, Decision(one, state)));
            }
        }
    }

    [Fact]
    public async Task Providers_submit_to_insurers_and_only_the_named_insurer_decides()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        LocalSigner other = await one.Chain.AccountAsync();
        await one.VerifyAsync(one.Verifier, other, RegistryRole.Insurer);

        foreach (LocalSigner by in (LocalSigner[])[one.Patient, one.Insurer, one.Verifier, one.Stranger])
        {
            Assert.Equal("WrongRole", await one.RefusalAsync(by, Submission(one)));
        }

        Assert.Equal("WrongRole", await one.RefusalAsync(one.Doctor, one.Registry.SubmitClaims(new ClaimSubmission(_claim, one.Hospital.Address, default))));
        await one.SendAsync(one.Doctor, Submission(one));
        Assert.Equal("NotAllowed", await one.RefusalAsync(other, Decision(one, RegistryClaimState.Approved)));
        Assert.Equal("WrongRole", await one.RefusalAsync(one.Doctor, Decision(one, RegistryClaimState.Approved)));
        await one.SendAsync(one.Insurer, Decision(one, RegistryClaimState.Denied));
        Assert.Equal("NotAllowed", await one.RefusalAsync(one.Doctor, one.Registry.SubmitClaims(new ClaimSubmission(_claim, other.Address, default))));

        // The hospital's claim of the same name is another claim.
        await one.SendAsync(one.Hospital, one.Registry.SubmitClaims(new ClaimSubmission(_claim, other.Address, default)));
        Assert.Equal(RegistryClaimState.Submitted, await one.Registry.ClaimStateAsync(one.Hospital.Address, _claim, Cancellation));
        Assert.Equal(RegistryClaimState.Denied, await one.Registry.ClaimStateAsync(one.Doctor.Address, _claim, Cancellation));
    }

    [Fact]
    public async Task Who_is_suspended_takes_no_part()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        await one.SendAsync(one.Doctor, Submission(one));
        await one.SuspendAsync(one.Verifier, one.Insurer, RegistryRole.Insurer);

        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Insurer, Decision(one, RegistryClaimState.Approved)));
        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Insurer, one.Registry.ReportClaims(RegistryClaimState.Paid, new ClaimReport(_claim, default))));
        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Hospital, Submission(one)));
        await one.SuspendAsync(one.Verifier, one.Hospital, RegistryRole.Hospital);
        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Doctor, Submission(one)));
        Assert.Equal("NotInGoodStanding", await one.RefusalAsync(one.Doctor, one.Registry.ReportClaims(RegistryClaimState.Submitted, new ClaimReport(_claim, default))));
    }

    [Fact]
    public async Task Many_claims_go_in_one_transaction_or_not_at_all()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        Hash256[] claims = [.. Enumerable.Range(0, 20).Select(static n => RegistryTestChain.Some($"claim {n}"))];
        await one.SendAsync(one.Hospital, one.Registry.SubmitClaims([.. claims.Select(claim => new ClaimSubmission(claim, one.Insurer.Address, claim))]));
        ClaimDecision[] decisions =
            [.. claims.Select((claim, n) => new ClaimDecision(one.Hospital.Address, claim, n % 2 == 0 ? RegistryClaimState.Approved : RegistryClaimState.Denied, claim))];

        Assert.Equal("WrongState", await one.RefusalAsync(one.Insurer, one.Registry.DecideClaims([.. decisions, decisions[0] with { State = RegistryClaimState.Submitted }])));
        Assert.Equal(RegistryClaimState.Submitted, await one.Registry.ClaimStateAsync(one.Hospital.Address, claims[0], Cancellation));
        await one.SendAsync(one.Insurer, one.Registry.DecideClaims(decisions));

        Assert.Equal(RegistryClaimState.Approved, await one.Registry.ClaimStateAsync(one.Hospital.Address, claims[0], Cancellation));
        Assert.Equal(RegistryClaimState.Denied, await one.Registry.ClaimStateAsync(one.Hospital.Address, claims[1], Cancellation));
        Assert.Equal(40, (await one.EventsAsync()).OfType<ClaimChanged>().Count());
    }

    [Fact]
    public async Task A_report_is_one_event_and_stores_nothing()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        ClaimReport[] reports = [.. Enumerable.Range(0, 50).Select(static n => new ClaimReport(RegistryTestChain.Some($"claim {n}"), RegistryTestChain.Some($"payment {n}")))];

        TransactionReceipt receipt = await one.SendAsync(one.Insurer, one.Registry.ReportClaims(RegistryClaimState.Paid, reports));
        await one.SendAsync(one.Hospital, one.Registry.ReportClaims(RegistryClaimState.Submitted, reports[0]));

        Assert.Single(receipt.Logs);
        ClaimsReported report = (await one.EventsAsync()).OfType<ClaimsReported>().First();
        Assert.Equal((one.Insurer.Address, RegistryClaimState.Paid), (report.By, report.State));
        Assert.Equal(reports, report.Reports);
        Assert.Equal(RegistryClaimState.None, await one.Registry.ClaimStateAsync(one.Insurer.Address, reports[0].Claim, Cancellation));
        Assert.Equal("WrongRole", await one.RefusalAsync(one.Hospital, one.Registry.ReportClaims(RegistryClaimState.Paid, reports[0])));
        Assert.Equal("WrongRole", await one.RefusalAsync(one.Insurer, one.Registry.ReportClaims(RegistryClaimState.Submitted, reports[0])));
        Assert.Equal("WrongRole", await one.RefusalAsync(one.Patient, one.Registry.ReportClaims(RegistryClaimState.Submitted, reports[0])));
        Assert.Equal("Incomplete", await one.RefusalAsync(one.Insurer, one.Registry.ReportClaims(RegistryClaimState.Paid)));
        Assert.Equal("Incomplete", await one.RefusalAsync(one.Insurer, one.Registry.ReportClaims(RegistryClaimState.None, reports[0])));
    }

    private static EthereumCall Submission(RegistryTestChain one) => one.Registry.SubmitClaims(new ClaimSubmission(_claim, one.Insurer.Address, RegistryTestChain.Some("version")));

    private static EthereumCall Decision(RegistryTestChain one, RegistryClaimState state) =>
        one.Registry.DecideClaims(new ClaimDecision(one.Doctor.Address, _claim, state, RegistryTestChain.Some("response")));
}
