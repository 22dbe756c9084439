using System.Numerics;
using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>A contract that was made on a chain.</summary>
/// <param name="Block">In which it was made: searches for its events begin there.</param>
/// <param name="Cost">In wei.</param>
public sealed record ContractDeployment(EthereumAddress Address, long Block, BigInteger Cost)
{
    // Behind one address there can be several nodes, of which one tells of a block that the next one does not have yet.
    private const int LooksForReceipt = 4;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>Makes a contract and waits until it stands in a block, replacing the transaction when it waits too long.</summary>
    /// <exception cref="EthereumException">The chain refuses it, or what came to stand there is something else.</exception>
    public static async ValueTask<ContractDeployment> MakeAsync(
        EthereumClient client, TransactionSender sender, ContractArtefact artefact, EthereumCall creation, TimeProvider time, CancellationToken cancellationToken)
    {
        SentTransaction sent = await sender.SendAsync(creation, cancellationToken);
        for (int superseded = 0; ;)
        {
            TransactionStatus status = await sender.StatusOfAsync(sent, cancellationToken);
            if (status.Receipt is { } receipt)
            {
                return receipt is { Succeeded: true, Contract: { } address } && await artefact.IsAtAsync(client, address, cancellationToken)
                    ? new ContractDeployment(address, receipt.BlockNumber, receipt.Cost)
                    : throw new EthereumException(EthereumFault.Refused, $"The chain did not make the contract {artefact.Name}: transaction {Hex.Data(receipt.TransactionHash)} failed.");
            }

            if (status.State == TransactionState.Superseded)
            {
                if (++superseded == LooksForReceipt)
                {
                    throw new EthereumException(EthereumFault.Refused, "Another transaction of the account came in between: nothing was made.");
                }
            }
            else if (status.State == TransactionState.Lost || sender.IsStuck(sent.SentAt))
            {
                sent = await ReplaceAsync(sender, sent, cancellationToken);
            }

            await Task.Delay(_pause, time, cancellationToken);
        }
    }

    private static async ValueTask<SentTransaction> ReplaceAsync(TransactionSender sender, SentTransaction sent, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.ReplaceAsync(sent, cancellationToken);
        }
        catch (EthereumException e) when (e.Fault is EthereumFault.NonceTooLow or EthereumFault.FeeCapReached)
        {
            // It got into a block just now, or goes on waiting until the chain is cheaper.
            return sent;
        }
    }
}
