using System.Globalization;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.FhirServer.Ledger;

/// <summary>Makes the place where heads are anchored out of the settings.</summary>
internal static class AnchorTargets
{
    private const long Gwei = 1_000_000_000;

    /// <summary>A contract on a chain that is configured.</summary>
    /// <exception cref="IOException">The key cannot be read.</exception>
    public static EthereumAnchor OfRpc(RpcSettings settings, string origin, TimeProvider time)
    {
        var client = new EthereumClient(new JsonRpcOptions { Endpoint = settings.Url! });
        var sender = new TransactionSender(client, SignerOf(settings), SenderOptionsOf(settings), time);
        var anchor = new EthereumAnchorOptions { Origin = origin, ChainId = settings.ChainId };
        return new EthereumAnchor(client, sender, EthereumAddress.Parse(settings.Contract!), anchor, time);
    }

    public static SenderOptions SenderOptionsOf(RpcSettings settings) => new()
    {
        ChainId = settings.ChainId,
        Fees = new FeePolicy { MaxFeePerGas = settings.MaxGwei * (System.Numerics.BigInteger)Gwei },
        Confirmations = settings.Confirmations == 0 ? null : settings.Confirmations,
    };

    /// <exception cref="IOException">The key cannot be read.</exception>
    public static IEthereumSigner SignerOf(RpcSettings settings)
    {
        if (settings.Signer is { } remote)
        {
            return new RemoteSigner(EthereumAddress.Parse(settings.Account!), new JsonRpcOptions { Endpoint = remote });
        }

        byte[] file = File.ReadAllBytes(settings.KeyFile!);
        if (settings.PasswordFile is { } passwordFile)
        {
            return Keystore.Open(file, System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(passwordFile).TrimEnd('\r', '\n')));
        }

        string hex = System.Text.Encoding.ASCII.GetString(file).Trim();
        return new LocalSigner(Convert.FromHexString(hex.StartsWith("0x", true, CultureInfo.InvariantCulture) ? hex[2..] : hex));
    }
}
