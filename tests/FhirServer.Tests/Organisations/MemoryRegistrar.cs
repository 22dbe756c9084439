using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>A registry in memory that can end the caller's process at a call.</summary>
internal sealed class MemoryRegistrar : IIdentityRegistrar
{
    private readonly TaskCompletionSource _firstSaid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;
    private int _failAt;
    private bool _isDone;

    public string Name => "test:1:0x";

    public List<RegistryStatement> All { get; } = [];

    public List<IdentityStatement> Said => [.. All.OfType<IdentityStatement>()];

    public bool IsAway { get; set; }

    /// <summary>Statements that the contract does not take.</summary>
    public Predicate<RegistryStatement> Refuses { get; set; } = static _ => false;

    /// <summary>Addresses that other accounts registered.</summary>
    public HashSet<EthereumAddress> Others { get; } = [];

    public TypedDataDomain Domain => HealthRegistryContract.DomainOf(1, new EthereumAddress(new byte[EthereumAddress.Bytes]));

    public Task FirstSaid => _firstSaid.Task;

    public void FailAt(int call, bool isDone) => (_calls, _failAt, _isDone) = (0, call, isDone);

    public void Forget() => All.Clear();

    public ValueTask<RegistrationProgress> AdvanceAsync(RegistryStatement statement, RegistrationProgress progress, long least, CancellationToken cancellationToken)
    {
        bool isEnd = ++_calls == _failAt;
        if (IsAway || (isEnd && !_isDone))
        {
            throw new AnchorUnavailableException("away");
        }

        RegistrationProgress next = Advance(statement, progress, least);
        return isEnd ? throw new AnchorUnavailableException("away") : ValueTask.FromResult(next);
    }

    public ValueTask<bool> SaysAsync(RegistryStatement statement, CancellationToken cancellationToken) =>
        ValueTask.FromResult(statement switch
        {
            IdentityStatement identity => Said.FindLast(said => said.Subject == identity.Subject) is { } said && said with { Commitment = identity.Commitment } == identity,
            _ => All.Contains(statement),
        });

    public ValueTask<PatientAccount> PatientAsync(EthereumAddress patient, CancellationToken cancellationToken) => IsAway
        ? throw new AnchorUnavailableException("away")
        : ValueTask.FromResult(new PatientAccount(
            All.OfType<SignedConsentStatement>().Count(said => said.Consent.Patient == patient),
            Others.Contains(patient) || Said.Exists(said => said.Subject == patient),
            !Others.Contains(patient)));

    private RegistrationProgress Advance(RegistryStatement statement, RegistrationProgress progress, long least)
    {
        if (progress.Nonce is not { } nonce)
        {
            return new RegistrationProgress(Math.Max(All.Count, least), false, false);
        }

        if (nonce > All.Count)
        {
            return default;
        }

        if (nonce == All.Count)
        {
            if (Refuses(statement))
            {
                throw new AnchorUnavailableException("refused", new EthereumException(EthereumFault.Reverted, "refused"));
            }

            All.Add(statement);
            _firstSaid.TrySetResult();
            return progress;
        }

        return progress.IsMined ? progress with { IsFinal = true } : progress with { IsMined = true };
    }
}
