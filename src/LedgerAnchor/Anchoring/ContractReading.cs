using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.LedgerAnchor.Anchoring;

internal static class ContractReading
{
    /// <summary>What a function of a contract returns now. An answer of another form is the fault of the node, or of a wrong address.</summary>
    public static async ValueTask<object[]> ReadAsync(
        this EthereumClient client, EthereumAddress contract, AbiFunction function, object[] arguments, BlockTag tag, CancellationToken cancellationToken)
    {
        byte[] answer = await client.CallAsync(new EthereumCall(contract, function.Encode(arguments)), tag, cancellationToken);
        try
        {
            return function.Decode(answer);
        }
        catch (FormatException e)
        {
            throw new EthereumException(EthereumFault.BadAnswer, $"There is no contract with {function.Name} at {contract}.", e);
        }
    }
}
