using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>Anybody tries anything, in any order: the contract allows what the model allows, and ends in the same state.</summary>
public sealed class RegistryModelTests
{
    private const int Operations = 2_000;

    private static readonly Hash256[] _grantees = [RegistryTestChain.Some("grantee 1"), RegistryTestChain.Some("grantee 2")];
    private static readonly Hash256[] _claims = [RegistryTestChain.Some("claim 1"), RegistryTestChain.Some("claim 2")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_contract_does_what_the_model_does(int seed)
    {
        await using TestChain chain = await TestChain.StartAsync("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee");
        var actors = new List<LocalSigner>();
        for (int i = 0; i < 9; i++)
        {
            actors.Add(await chain.AccountAsync());
        }

        EthereumAddress contract = (await chain.SendAsync(actors[0], HealthRegistryContract.Deployment(actors[0].Address))).Contract!.Value;
        var registry = new HealthRegistryContract(chain.Client, contract, TestChain.ChainId);
        var model = new RegistryModel(actors[0].Address);
        await FurnishAsync(chain, registry, model, actors);
        var random = new Random(seed);
        int allowed = 0;
        for (int i = 0; i < Operations; i++)
        {
            LocalSigner by = actors[random.Next(actors.Count)];
            (EthereumCall call, Func<bool> expected, string what) = Any(random, registry, model, by.Address, [.. actors.Select(static actor => actor.Address)]);
            bool isAllowed = expected();
            Assert.True(isAllowed == await IsAllowedAsync(chain, by, call), $"seed {seed}, operation {i}: {what} is {(isAllowed ? "allowed" : "refused")} by the model only");
            if (isAllowed)
            {
                await chain.SendAsync(by, call);
                allowed++;
            }
        }

        Assert.InRange(allowed, Operations / 20, Operations);
        await CompareAsync(registry, model, [.. actors.Select(static actor => actor.Address)]);
    }

    // So that there is somebody who may do something.
    private static async Task FurnishAsync(TestChain chain, HealthRegistryContract registry, RegistryModel model, List<LocalSigner> actors)
    {
        (int By, RegistryRole Role)[] entries =
        [
            (0, RegistryRole.Verifier), (1, RegistryRole.Hospital), (1, RegistryRole.Hospital), (2, RegistryRole.Doctor), (1, RegistryRole.Insurer),
            (1, RegistryRole.Insurer), (2, RegistryRole.Patient),
        ];
        for (int i = 0; i < entries.Length; i++)
        {
            (LocalSigner by, EthereumAddress subject, RegistryRole role) = (actors[entries[i].By], actors[i + 1].Address, entries[i].Role);
            await chain.SendAsync(by, registry.SetIdentity(subject, role, RegistryStatus.Verified, RegistryTestChain.InAYear, default));
            Assert.True(model.SetIdentity(by.Address, subject, role, RegistryStatus.Verified, isPast: false));
        }
    }

    private static (EthereumCall Call, Func<bool> Expected, string What) Any(
        Random random, HealthRegistryContract registry, RegistryModel model, EthereumAddress by, EthereumAddress[] actors)
    {
        EthereumAddress subject = Pick(actors);
        EthereumAddress other = Pick(actors);
        Hash256 claim = Pick(_claims);
        switch (random.Next(10))
        {
            case < 4:
                RegistryRole role = random.Next(4) > 0 && model.Identities.TryGetValue(subject, out RegistryModel.Entry? entry) ? entry.Role : (RegistryRole)random.Next(1, 6);
                RegistryStatus status = random.Next(6) == 0 ? RegistryStatus.Suspended : RegistryStatus.Verified;
                bool isPast = random.Next(10) == 0;
                DateTimeOffset until = isPast ? DateTimeOffset.UnixEpoch.AddYears(1) : RegistryTestChain.InAYear;
                return (registry.SetIdentity(subject, role, status, until, claim), () => model.SetIdentity(by, subject, role, status, isPast), $"{by} makes {subject} a {status} {role}");
            case 4:
                return (registry.SetCustodian(subject, other), () => model.SetCustodian(by, subject, other), $"{by} hands {subject} to {other}");
            case 5 or 6:
                var consent = new RegistryConsent(subject, Pick(_grantees), claim, random.Next(3) > 0);
                return (registry.SetConsent(consent), () => model.SetConsent(by, consent), $"{by} sets {consent}");
            case 7:
                return (registry.SubmitClaims(new ClaimSubmission(claim, other, claim)), () => model.Submit(by, claim, other), $"{by} submits to {other}");
            default:
                var state = (RegistryClaimState)random.Next(5);
                return (registry.DecideClaims(new ClaimDecision(subject, claim, state, claim)), () => model.Decide(by, subject, claim, state), $"{by} says {state} to {subject}");
        }

        T Pick<T>(T[] from) => from[random.Next(from.Length)];
    }

    private static async Task<bool> IsAllowedAsync(TestChain chain, LocalSigner by, EthereumCall call)
    {
        try
        {
            await chain.Client.CallAsync(call with { From = by.Address }, BlockTag.Latest, Cancellation);
            return true;
        }
        catch (EthereumException e) when (e.Fault == EthereumFault.Reverted)
        {
            Assert.NotEqual("", HealthRegistryContract.ReasonOf(e).Error);
            return false;
        }
    }

    private static async Task CompareAsync(HealthRegistryContract registry, RegistryModel model, EthereumAddress[] actors)
    {
        foreach (EthereumAddress actor in actors)
        {
            RegistryIdentity identity = await registry.IdentityAsync(actor, Cancellation);
            RegistryModel.Entry? entry = model.Identities.GetValueOrDefault(actor);
            Assert.Equal((entry?.Custodian ?? default, entry?.Role ?? default, entry?.Status ?? default), (identity.Custodian, identity.Role, identity.Status));
            Assert.Equal(model.Stands(actor), await registry.IsInGoodStandingAsync(actor, Cancellation));
            foreach (Hash256 grantee in _grantees)
            {
                Assert.Equal(model.Consents.GetValueOrDefault((actor, grantee)), await registry.ConsentAsync(actor, grantee, Cancellation));
            }

            foreach (Hash256 claim in _claims)
            {
                Assert.Equal(model.Claims.GetValueOrDefault((actor, claim)).State, await registry.ClaimStateAsync(actor, claim, Cancellation));
            }
        }
    }
}
