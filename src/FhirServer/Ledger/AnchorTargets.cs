using System.Globalization;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;

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
        var sender = new TransactionSender(client, SignerOf(settings.Key), SenderOptionsOf(settings), time);
        var anchor = new EthereumAnchorOptions { Origin = origin, ChainId = settings.ChainId };
        return new EthereumAnchor(client, sender, EthereumAddress.Parse(settings.Contract!), anchor, time);
    }

    /// <summary>The registry on a chain that is configured.</summary>
    /// <exception cref="IOException">The key cannot be read.</exception>
    /// <exception cref="ArgumentException">The account is the anchors' too: each needs its own numbers.</exception>
    public static IdentityRegistrar RegistrarOf(LedgerSettings settings, TimeProvider time)
    {
        IEthereumSigner verifier = SignerOf(settings.Registry.Key);
        if (verifier.Address == SignerOf(settings.Rpc.Key).Address)
        {
            throw new ArgumentException("The registry's verifier and the sender of anchors are the same account; each needs one of its own.", nameof(settings));
        }

        var client = new EthereumClient(new JsonRpcOptions { Endpoint = settings.Rpc.Url! });
        SenderOptions options = SenderOptionsOf(settings.Rpc);
        return new IdentityRegistrar(client, new TransactionSender(client, verifier, options, time), EthereumAddress.Parse(settings.Registry.Contract!), options);
    }

    public static SenderOptions SenderOptionsOf(RpcSettings settings) => new()
    {
        ChainId = settings.ChainId,
        Fees = new FeePolicy { MaxFeePerGas = settings.MaxGwei * (System.Numerics.BigInteger)Gwei },
        Confirmations = settings.Confirmations == 0 ? null : settings.Confirmations,
    };

    /// <exception cref="IOException">The key cannot be read.</exception>
    public static IEthereumSigner SignerOf(ChainKey key)
    {
        if (key.Signer is { } remote)
        {
            return new RemoteSigner(EthereumAddress.Parse(key.Account!), new JsonRpcOptions { Endpoint = remote });
        }

        byte[] file = File.ReadAllBytes(key.KeyFile!);
        if (key.PasswordFile is { } passwordFile)
        {
            return Keystore.Open(file, System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(passwordFile).TrimEnd('\r', '\n')));
        }

        string hex = System.Text.Encoding.ASCII.GetString(file).Trim();
        return new LocalSigner(Convert.FromHexString(hex.StartsWith("0x", true, CultureInfo.InvariantCulture) ? hex[2..] : hex));
    }
}
