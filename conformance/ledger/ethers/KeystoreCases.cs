using System.Text;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.EthersDifferential;

/// <summary>Keystores that one side writes and the other opens.</summary>
internal static class KeystoreCases
{
    public static Case Theirs(Draw draw)
    {
        byte[] secret = draw.Secret();
        byte[] password = draw.Bytes(draw.Below(40));
        using var signer = new LocalSigner(secret);
        string address = signer.Address.ToString();
        return new Case(
            new JsonObject { ["kind"] = "writeKeystore", ["secret"] = Hex.Data(secret), ["password"] = Hex.Data(password), ["cost"] = 2 << draw.Below(6) },
            [],
            answer =>
            {
                using LocalSigner opened = Keystore.Open(Encoding.UTF8.GetBytes(answer.GetProperty("json").GetString()!), password);
                return opened.Address.ToString() == address ? null : "the key that we read has another address";
            });
    }

    public static Case Ours(Draw draw)
    {
        byte[] secret = draw.Secret();
        byte[] password = draw.Bytes(draw.Below(40));
        using var signer = new LocalSigner(secret);
        byte[] json = Keystore.Write(signer, password, 2 << draw.Below(6));
        return new Case(
            new JsonObject { ["kind"] = "openKeystore", ["json"] = Encoding.UTF8.GetString(json), ["password"] = Hex.Data(password) },
            new JsonObject { ["secret"] = Hex.Data(secret), ["address"] = signer.Address.ToString() });
    }
}
