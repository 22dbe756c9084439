using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class RemoteSignerTests : IDisposable
{
    private static readonly EthereumTransaction _transaction = new(1337, 3, new GasFee(100, 7), 21_000, EthereumAddress.Parse("0x3535353535353535353535353535353535353535"), 5, new byte[] { 1 });
    private static readonly TypedData _grant = new(new TypedDataDomain { Name = "HealthRegistry", ChainId = 1337 }, "Grant(address patient,uint256[] scopes)", default(EthereumAddress), new object[] { 1, 2 });

    private readonly LocalSigner _key = LocalSigner.Create();
    private readonly LocalSigner _other = LocalSigner.Create();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task It_signs_as_the_key_itself_does(int type)
    {
        EthereumTransaction transaction = type switch
        {
            0 => _transaction with { Fee = new GasFee(100, null) },
            1 => _transaction with { Fee = new GasFee(100, null), AccessList = [new AccessListEntry(default, [Hash256.Of([1])])] },
            _ => _transaction,
        };
        using RemoteSigner signer = Connect(SignWith(_key));

        Assert.True(await signer.HasKeyAsync(Cancelled));
        Assert.Equal(_key.Sign(transaction).Hash, (await signer.SignAsync(transaction, Cancelled)).Hash);
        Assert.Equal(await _key.SignAsync(_grant, Cancelled), await signer.SignAsync(_grant, Cancelled));
        Assert.Equal(await _key.SignMessageAsync("hello"u8.ToArray(), Cancelled), await signer.SignMessageAsync("hello"u8.ToArray(), Cancelled));
    }

    [Fact]
    public async Task Another_keys_signature_is_refused()
    {
        using RemoteSigner signer = Connect(SignWith(_other));

        Assert.False(await signer.HasKeyAsync(Cancelled));
        await AssertRefused(signer);
    }

    [Fact]
    public async Task A_signature_of_something_else_is_refused()
    {
        Func<JsonObject, JsonNode?> honest = SignWith(_key);
        using RemoteSigner signer = Connect(request =>
        {
            var parameters = (JsonArray)request["params"]!;
            if (parameters[0] is JsonObject fields)
            {
                fields["value"] = "0x6";
            }
            else if (parameters.Count == 2)
            {
                parameters[1] = ((string)parameters[1]!).StartsWith('{') ? ((string)parameters[1]!).Replace("1337", "1338", StringComparison.Ordinal) : "0x01";
            }

            return honest(request);
        });

        await AssertRefused(signer);
    }

    [Fact]
    public async Task A_malleable_signature_is_refused()
    {
        Func<JsonObject, JsonNode?> honest = SignWith(_key);
        var order = BigInteger.Parse("0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", System.Globalization.NumberStyles.HexNumber);
        using RemoteSigner signer = Connect(request =>
        {
            byte[] bytes = Hex.ParseData((string)honest(request)!);
            Secp256k1Signature signature = EthereumSignature.Parse(bytes);
            byte[] s = (order - new BigInteger(signature.S.ToArray(), true, true)).ToByteArray(true, true);
            return Hex.Data(EthereumSignature.ToBytes(new Secp256k1Signature(signature.R, new Hash256(s), !signature.IsOdd)));
        });

        await Refusal(async () => await signer.SignAsync(_grant, Cancelled));
        await Refusal(async () => await signer.SignMessageAsync("hello"u8.ToArray(), Cancelled));
    }

    [Theory]
    [InlineData("\"0x\"")]
    [InlineData("\"text\"")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"raw\":7}")]
    public async Task What_is_no_signature_is_refused(string answer)
    {
        using RemoteSigner signer = Connect(_ => JsonNode.Parse(answer));

        await AssertRefused(signer);
    }

    [Fact]
    public void Its_text_tells_no_secret() =>
        Assert.Equal($"remote key of {_key.Address}", Connect(static _ => null).ToString());

    private RemoteSigner Connect(Func<JsonObject, JsonNode?> answer) =>
        new(_key.Address, new JsonRpcOptions { Endpoint = new Uri("https://signer.example"), Authorization = "Bearer secret" }, new AnsweringHandler(answer));

    private static async Task AssertRefused(RemoteSigner signer)
    {
        await Refusal(async () => await signer.SignAsync(_transaction, Cancelled));
        await Refusal(async () => await signer.SignAsync(_grant, Cancelled));
        await Refusal(async () => await signer.SignMessageAsync("hello"u8.ToArray(), Cancelled));
    }

    private static async Task Refusal(Func<Task> sign) => Assert.Equal(EthereumFault.BadAnswer, (await Assert.ThrowsAsync<EthereumException>(sign)).Fault);

    // What Web3Signer does, with the key that it is given.
    private static Func<JsonObject, JsonNode?> SignWith(LocalSigner key) => request =>
    {
        var parameters = (JsonArray)request["params"]!;
        switch ((string)request["method"]!)
        {
            case "eth_accounts":
                return new JsonArray(key.Address.ToString());
            case "eth_signTransaction":
                return Hex.Data(key.Sign(Transaction((JsonObject)parameters[0]!)).Raw.Span);
            case "eth_signTypedData":
                using (var json = JsonDocument.Parse((string)parameters[1]!))
                {
                    return Hex.Data(EthereumSignature.ToBytes(key.Sign(TypedData.Parse(json.RootElement))));
                }

            default:
                return Hex.Data(EthereumSignature.ToBytes(key.SignMessage(Hex.ParseData((string)parameters[1]!))));
        }
    };

    private static EthereumTransaction Transaction(JsonObject fields)
    {
        BigInteger? tip = fields.ContainsKey("maxPriorityFeePerGas") ? Hex.ParseQuantity((string)fields["maxPriorityFeePerGas"]!) : null;
        return new EthereumTransaction(
            Hex.ParseNumber((string)fields["chainId"]!),
            Hex.ParseNumber((string)fields["nonce"]!),
            new GasFee(Hex.ParseQuantity((string)fields[tip is null ? "gasPrice" : "maxFeePerGas"]!), tip),
            Hex.ParseNumber((string)fields["gas"]!),
            EthereumAddress.Parse((string)fields["to"]!),
            Hex.ParseQuantity((string)fields["value"]!),
            Hex.ParseData((string)fields["data"]!))
        {
            AccessList = fields["accessList"] is JsonArray list
                ? [.. list.Select(static entry => new AccessListEntry(EthereumAddress.Parse((string)entry!["address"]!), [.. ((JsonArray)entry["storageKeys"]!).Select(static key => Hex.ParseHash((string)key!))]))]
                : null,
        };
    }
}
