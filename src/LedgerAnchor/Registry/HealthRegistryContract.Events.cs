using System.Numerics;
using System.Runtime.CompilerServices;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Registry;

public sealed partial class HealthRegistryContract
{
    private static readonly AbiEvent _identityChanged =
        new("IdentityChanged(address indexed subject,address indexed by,uint8 role,uint8 status,uint40 validUntil,bytes32 commitment)");

    private static readonly AbiEvent _custodianChanged = new("CustodianChanged(address indexed subject,address indexed previous,address indexed custodian)");

    private static readonly AbiEvent _consentChanged =
        new("ConsentChanged(address indexed patient,bytes32 indexed grantee,bool granted,bytes32 commitment,address by)");

    private static readonly AbiEvent _claimChanged = new("ClaimChanged(address indexed provider,bytes32 indexed claim,uint8 state,bytes32 commitment)");
    private static readonly AbiEvent _claimsReported = new("ClaimsReported(address indexed by,uint8 state,(bytes32 claim,bytes32 commitment)[] reports)");

    /// <summary>What happened in these blocks, in order.</summary>
    public async IAsyncEnumerable<RegistryEvent> EventsAsync(long fromBlock, long toBlock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Hash256[] topics = [_identityChanged.Topic, _custodianChanged.Topic, _consentChanged.Topic, _claimChanged.Topic, _claimsReported.Topic];
        await foreach (EthereumLog log in client.LogsAsync(new LogQuery(fromBlock, toBlock, address, topics), cancellationToken))
        {
            yield return EventOf(log);
        }
    }

    private static RegistryEvent EventOf(EthereumLog log)
    {
        AbiEvent kind = Array.Find([_identityChanged, _custodianChanged, _consentChanged, _claimChanged, _claimsReported], one => one.Matches(log)) ?? throw Unfit();
        try
        {
            return (kind.Name, kind.Decode(log)) switch
            {
                ("IdentityChanged", [EthereumAddress subject, EthereumAddress by, BigInteger role, BigInteger status, BigInteger until, byte[] commitment]) => new IdentityChanged(
                    log.BlockNumber, log.TransactionHash, subject, by, (RegistryRole)(int)role, (RegistryStatus)(int)status, TimeOf(until), new Hash256(commitment)),
                ("CustodianChanged", [EthereumAddress subject, EthereumAddress previous, EthereumAddress custodian]) =>
                    new CustodianChanged(log.BlockNumber, log.TransactionHash, subject, previous, custodian),
                ("ConsentChanged", [EthereumAddress patient, byte[] grantee, bool granted, byte[] commitment, EthereumAddress by]) => new ConsentChanged(
                    log.BlockNumber, log.TransactionHash, new RegistryConsent(patient, new Hash256(grantee), new Hash256(commitment), granted), by),
                ("ClaimChanged", [EthereumAddress provider, byte[] claim, BigInteger state, byte[] commitment]) => new ClaimChanged(
                    log.BlockNumber, log.TransactionHash, provider, new Hash256(claim), (RegistryClaimState)(int)state, new Hash256(commitment)),
                ("ClaimsReported", [EthereumAddress by, BigInteger state, object[] reports]) => new ClaimsReported(
                    log.BlockNumber, log.TransactionHash, by, (RegistryClaimState)(int)state, [.. reports.Select(ReportOf)]),
                _ => throw Unfit(),
            };
        }
        catch (FormatException e)
        {
            throw new EthereumException(EthereumFault.BadAnswer, "A log of the registry is not of its form.", e);
        }
    }

    private static ClaimReport ReportOf(object report) =>
        report is object[] and [byte[] claim, byte[] commitment] ? new ClaimReport(new Hash256(claim), new Hash256(commitment)) : throw Unfit();
}
