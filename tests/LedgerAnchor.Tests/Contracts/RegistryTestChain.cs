using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>A chain with a registry in which one of each role is verified.</summary>
internal sealed class RegistryTestChain : IAsyncDisposable
{
    private RegistryTestChain(TestChain chain, HealthRegistryContract registry, LocalSigner owner) => (Chain, Registry, Owner) = (chain, registry, owner);

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static DateTimeOffset InAYear => Now.AddYears(1);

    public TestChain Chain { get; }

    public HealthRegistryContract Registry { get; }

    public LocalSigner Owner { get; }

    public LocalSigner Verifier { get; private set; } = null!;

    public LocalSigner Hospital { get; private set; } = null!;

    public LocalSigner Doctor { get; private set; } = null!;

    public LocalSigner Insurer { get; private set; } = null!;

    /// <summary>Registered by the hospital.</summary>
    public LocalSigner Patient { get; private set; } = null!;

    /// <summary>Has money and no role.</summary>
    public LocalSigner Stranger { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A commitment, which for the contract is any 32 bytes.</summary>
    public static Hash256 Some(string name) => Hash256.Of(System.Text.Encoding.UTF8.GetBytes(name));

    public static async Task<RegistryTestChain> StartAsync()
    {
        TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        EthereumAddress address = (await chain.SendAsync(owner, HealthRegistryContract.Deployment(owner.Address))).Contract!.Value;
        var one = new RegistryTestChain(chain, new HealthRegistryContract(chain.Client, address, TestChain.ChainId), owner)
        {
            Verifier = await chain.AccountAsync(),
            Hospital = await chain.AccountAsync(),
            Doctor = await chain.AccountAsync(),
            Insurer = await chain.AccountAsync(),
            Patient = await chain.AccountAsync(),
            Stranger = await chain.AccountAsync(),
        };
        await one.VerifyAsync(owner, one.Verifier, RegistryRole.Verifier);
        await one.VerifyAsync(one.Verifier, one.Hospital, RegistryRole.Hospital);
        await one.VerifyAsync(one.Verifier, one.Insurer, RegistryRole.Insurer);
        await one.VerifyAsync(one.Hospital, one.Doctor, RegistryRole.Doctor);
        await one.VerifyAsync(one.Hospital, one.Patient, RegistryRole.Patient);
        return one;
    }

    public Task<TransactionReceipt> VerifyAsync(LocalSigner by, LocalSigner subject, RegistryRole role) =>
        SendAsync(by, Identity(subject, role));

    public Task<TransactionReceipt> SuspendAsync(LocalSigner by, LocalSigner subject, RegistryRole role) =>
        SendAsync(by, Registry.SetIdentity(subject.Address, role, RegistryStatus.Suspended, InAYear, Some("suspended")));

    public EthereumCall Identity(LocalSigner subject, RegistryRole role) =>
        Registry.SetIdentity(subject.Address, role, RegistryStatus.Verified, InAYear, Some("verified"));

    public Task<TransactionReceipt> SendAsync(LocalSigner by, EthereumCall call) => Chain.SendAsync(by, call);

    /// <summary>Name of the error with which the contract refuses.</summary>
    public async Task<string> RefusalAsync(LocalSigner by, EthereumCall call) =>
        (await Chain.RefusalOfAsync(by, call, HealthRegistryContract.ReasonOf)).Error;

    public async Task<List<RegistryEvent>> EventsAsync()
    {
        var events = new List<RegistryEvent>();
        await foreach (RegistryEvent one in Registry.EventsAsync(0, await Chain.Client.BlockNumberAsync(Cancellation), Cancellation))
        {
            events.Add(one);
        }

        return events;
    }

    public ValueTask DisposeAsync() => Chain.DisposeAsync();
}
