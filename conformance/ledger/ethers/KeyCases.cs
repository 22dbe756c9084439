using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.EthersDifferential;

/// <summary>Hashes, keys, addresses, signatures.</summary>
internal static class KeyCases
{
    public static Case Keccak(Draw draw)
    {
        byte[] data = draw.Bytes(draw.Of(draw.Below(600), 135, 136, 137, 272));
        return new Case(new JsonObject { ["kind"] = "keccak", ["data"] = Hex.Data(data) }, new JsonObject { ["hash"] = Hex.Data(Keccak256.Of(data)) });
    }

    public static Case Key(Draw draw)
    {
        byte[] secret = draw.Secret();
        long nonce = (long)draw.Number(53);
        byte[] point = Curves.Secp256k1PublicKey(secret);
        EthereumAddress address = EthereumAddress.OfPublicKey(point);
        return new Case(
            new JsonObject { ["kind"] = "key", ["secret"] = Hex.Data(secret), ["nonce"] = nonce },
            new JsonObject
            {
                ["address"] = address.ToString(),
                ["publicKey"] = Hex.Data([4, .. point]),
                ["contract"] = EthereumAddress.OfContract(address, nonce).ToString(),
            });
    }

    /// <summary>Addresses with right and wrong check sums.</summary>
    public static Case Address(Draw draw)
    {
        string text = draw.Address().ToString();
        text = draw.Below(4) switch
        {
            0 => text.ToLowerInvariant(),
            1 => "0x" + text[2..].ToUpperInvariant(),
            2 => string.Create(text.Length, text, (letters, source) =>
            {
                source.CopyTo(letters);
                int at = 2 + draw.Below(letters.Length - 2);
                letters[at] = char.IsUpper(letters[at]) ? char.ToLowerInvariant(letters[at]) : char.ToUpperInvariant(letters[at]);
            }),
            _ => text,
        };
        return new Case(
            new JsonObject { ["kind"] = "address", ["text"] = text },
            EthereumAddress.TryParse(text, out EthereumAddress address) ? new JsonObject { ["address"] = address.ToString() } : null);
    }

    public static Case Message(Draw draw)
    {
        byte[] secret = draw.Secret();
        byte[] message = draw.Bytes(draw.Below(300));
        using var signer = new LocalSigner(secret);
        return new Case(
            new JsonObject { ["kind"] = "message", ["secret"] = Hex.Data(secret), ["message"] = Hex.Data(message) },
            new JsonObject
            {
                ["hash"] = Hex.Data(EthereumSignature.HashOfMessage(message)),
                ["signature"] = Hex.Data(EthereumSignature.ToBytes(Curves.SignSecp256k1(secret, EthereumSignature.HashOfMessage(message)))),
            });
    }

    public static Case Recover(Draw draw)
    {
        Hash256 hash = draw.Hash();
        return Recovery(hash, EthereumSignature.ToBytes(Curves.SignSecp256k1(draw.Secret(), hash)));
    }

    /// <summary>Signatures that nobody made: half of all x have a point, and half of all s are too high.</summary>
    public static Case RecoverNoise(Draw draw) => Recovery(draw.Hash(), [.. draw.Bytes(64), (byte)(27 + draw.Below(2))]);

    private static Case Recovery(Hash256 hash, byte[] signature) => new(
        new JsonObject { ["kind"] = "recover", ["hash"] = Hex.Data(hash), ["signature"] = Hex.Data(signature) },
        EthereumSignature.Recover(hash, EthereumSignature.Parse(signature)) is { } address ? new JsonObject { ["address"] = address.ToString() } : null);
}
