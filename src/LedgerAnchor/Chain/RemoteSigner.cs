using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>
/// Signs with a key that never comes here: a signer that speaks JSON-RPC as Web3Signer does (<c>eth_accounts</c>, <c>eth_signTransaction</c>,
/// <c>eth_sign</c>, <c>eth_signTypedData</c>), with an HSM or a vault behind it.
/// </summary>
/// <remarks>Each signature is checked to be the account's, and that of what was handed in: another transaction with a good signature is refused.</remarks>
public sealed class RemoteSigner : IEthereumSigner, IDisposable
{
    private readonly JsonRpcConnection _connection;

    /// <param name="address">Whose key it is to be: a signer may have many.</param>
    /// <param name="handler">Of the HTTP client; tests answer in its place.</param>
    public RemoteSigner(EthereumAddress address, JsonRpcOptions options, HttpMessageHandler? handler = null)
    {
        Address = address;
        _connection = new JsonRpcConnection(options, handler);
    }

    public EthereumAddress Address { get; }

    /// <summary>Whether the signer answers and has the key.</summary>
    public async ValueTask<bool> HasKeyAsync(CancellationToken cancellationToken)
    {
        JsonElement accounts = await _connection.CallAsync(new JsonRpcCall("eth_accounts"), cancellationToken);
        try
        {
            return accounts.List().Any(account => EthereumAddress.Parse(account.Text() ?? "") == Address);
        }
        catch (FormatException e)
        {
            throw NotSigned("eth_accounts", e);
        }
    }

    public async ValueTask<SignedTransaction> SignAsync(EthereumTransaction transaction, CancellationToken cancellationToken)
    {
        Hash256 asked = transaction.SigningHash();
        SignedTransaction signed = await AskAsync(new JsonRpcCall("eth_signTransaction", ToJson(transaction)), static raw => SignedTransaction.Decode(raw), cancellationToken);
        return signed.Transaction.SigningHash() == asked && signed.From == Address ? signed : throw NotSigned("eth_signTransaction");
    }

    public ValueTask<Secp256k1Signature> SignAsync(TypedData data, CancellationToken cancellationToken) =>
        SignAsync(new JsonRpcCall("eth_signTypedData", Address.ToString(), data.ToJson().ToJsonString()), data.Hash(), cancellationToken);

    public ValueTask<Secp256k1Signature> SignMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        SignAsync(new JsonRpcCall("eth_sign", Address.ToString(), Hex.Data(message.Span)), EthereumSignature.HashOfMessage(message.Span), cancellationToken);

    public void Dispose() => _connection.Dispose();

    public override string ToString() => $"remote key of {Address}";

    private async ValueTask<Secp256k1Signature> SignAsync(JsonRpcCall call, Hash256 hash, CancellationToken cancellationToken)
    {
        Secp256k1Signature signature = await AskAsync(call, static bytes => EthereumSignature.Parse(bytes), cancellationToken);
        return EthereumSignature.Recover(hash, signature) == Address ? signature : throw NotSigned(call.Method);
    }

    private async ValueTask<T> AskAsync<T>(JsonRpcCall call, Func<byte[], T> read, CancellationToken cancellationToken)
    {
        JsonElement answer = await _connection.CallAsync(call, cancellationToken);
        try
        {
            // Some wrap the transaction in an object, beside its parts.
            return read(Hex.ParseData(answer.ValueKind == JsonValueKind.Object ? answer.Text("raw") : answer.Text()));
        }
        catch (FormatException e)
        {
            throw NotSigned(call.Method, e);
        }
    }

    private JsonObject ToJson(EthereumTransaction transaction)
    {
        var json = new JsonObject
        {
            ["from"] = Address.ToString(),
            ["nonce"] = Hex.Quantity(transaction.Nonce),
            ["gas"] = Hex.Quantity(transaction.GasLimit),
            ["value"] = Hex.Quantity(transaction.Value),
            ["data"] = Hex.Data(transaction.Data.Span),
            ["chainId"] = Hex.Quantity(transaction.ChainId),
        };
        if (transaction.To is { } to)
        {
            json["to"] = to.ToString();
        }

        json[transaction.Fee.Tip is null ? "gasPrice" : "maxFeePerGas"] = Hex.Quantity(transaction.Fee.Max);
        if (transaction.Fee.Tip is { } tip)
        {
            json["maxPriorityFeePerGas"] = Hex.Quantity(tip);
        }

        if (transaction.AccessList is { } list)
        {
            json["accessList"] = new JsonArray([.. list.Select(static entry => new JsonObject
            {
                ["address"] = entry.Address.ToString(),
                ["storageKeys"] = new JsonArray([.. entry.StorageKeys.Select(static key => JsonValue.Create(Hex.Data(key)))]),
            })]);
        }

        return json;
    }

    private static EthereumException NotSigned(string method, Exception? inner = null) =>
        new(EthereumFault.BadAnswer, $"The signer's answer to {method} is no signature of this key over what was handed in.", inner);
}
