using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>What each operation costs in gas; the table of docs/ledger.md. Commitments have no zeros here, as hashes hardly have.</summary>
public sealed class GasTests
{
    private readonly List<string> _over = [];

    [Fact]
    public async Task An_anchor_costs_no_more_than_documented()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        TransactionReceipt deployment = await chain.SendAsync(owner, CheckpointAnchorContract.Deployment(TestChain.Origin, owner.Address, owner.Address, TreeHead.Empty));
        var contract = new CheckpointAnchorContract(chain.Client, deployment.Contract!.Value);

        Check("deploy CheckpointAnchor", deployment.GasUsed, 512_000);
        Check("anchor, first", (await chain.SendAsync(owner, contract.Anchor(TreeHead.Empty, Heads.At(1_000_000)))).GasUsed, 54_500);
        Check("anchor, later", (await chain.SendAsync(owner, contract.Anchor(Heads.At(1_000_000), Heads.At(1_010_000)))).GasUsed, 54_500);
        Assert.Empty(_over);
    }

    [Fact]
    public async Task The_registry_costs_no_more_than_documented()
    {
        await using RegistryTestChain one = await RegistryTestChain.StartAsync();
        var grants = new RegistryConsent[] { Consent(one, "first"), Consent(one, "second") };

        Check("identity, new", (await one.VerifyAsync(one.Hospital, one.Stranger, RegistryRole.Patient)).GasUsed, 51_800);
        Check("identity, changed", (await one.SuspendAsync(one.Hospital, one.Stranger, RegistryRole.Patient)).GasUsed, 34_300);
        Check("consent by signature, first", await SignedAsync(one, grants[0], 0), 59_600);
        Check("consent by signature, further grantee", await SignedAsync(one, grants[1], 1), 59_600);
        Check("consent by signature, revoked", await SignedAsync(one, grants[0] with { IsGranted = false }, 2), 37_100);
        Check("consent on behalf, first", (await one.SendAsync(one.Hospital, one.Registry.SetConsent(Consent(one, "third")))).GasUsed, 53_400);
        Check("consent on behalf, revoked", (await one.SendAsync(one.Hospital, one.Registry.SetConsent(Consent(one, "third") with { IsGranted = false }))).GasUsed, 31_300);
        foreach (int count in (int[])[1, 10, 100])
        {
            Hash256[] claims = [.. Enumerable.Range(0, count).Select(n => RegistryTestChain.Some($"claim {count} {n}"))];
            TransactionReceipt submitted = await one.SendAsync(one.Hospital, one.Registry.SubmitClaims([.. claims.Select(claim => new ClaimSubmission(claim, one.Insurer.Address, claim))]));
            Check($"claim submitted, {count} at once, each", submitted.GasUsed / count, count == 1 ? 55_200 : count == 10 ? 30_000 : 27_500);
            foreach (RegistryClaimState state in (RegistryClaimState[])[RegistryClaimState.Approved, RegistryClaimState.Paid])
            {
                TransactionReceipt decided = await one.SendAsync(one.Insurer, one.Registry.DecideClaims([.. claims.Select(claim => new ClaimDecision(one.Hospital.Address, claim, state, claim))]));
                Check($"claim {state}, {count} at once, each".ToLowerInvariant(), decided.GasUsed / count, count == 1 ? 34_700 : count == 10 ? 12_400 : 10_200);
            }

            TransactionReceipt reported = await one.SendAsync(one.Insurer, one.Registry.ReportClaims(RegistryClaimState.Paid, [.. claims.Select(static claim => new ClaimReport(claim, claim))]));
            Check($"claim reported, {count} at once, each", reported.GasUsed / count, count == 1 ? 29_300 : count == 10 ? 4_850 : 2_800);
        }

        Assert.Empty(_over);
    }

    private static RegistryConsent Consent(RegistryTestChain one, string grantee) =>
        new(one.Patient.Address, RegistryTestChain.Some(grantee), RegistryTestChain.Some("consent to " + grantee), true);

    private static async Task<long> SignedAsync(RegistryTestChain one, RegistryConsent consent, long nonce)
    {
        DateTimeOffset deadline = RegistryTestChain.Now.AddHours(1);
        Secp256k1Signature signature = await one.Patient.SignAsync(one.Registry.ConsentToSign(consent, nonce, deadline), TestContext.Current.CancellationToken);
        return (await one.SendAsync(one.Stranger, one.Registry.SetConsent(consent, nonce, deadline, signature))).GasUsed;
    }

    private void Check(string operation, long gas, long most)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{operation}: {gas:N0}");
        if (gas > most)
        {
            _over.Add($"{operation}: {gas} > {most}");
        }
    }
}
