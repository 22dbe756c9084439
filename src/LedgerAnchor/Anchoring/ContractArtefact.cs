using System.Text.Json;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>What the Solidity compiler made of one of our contracts; it is part of this assembly (folder <c>contracts</c>).</summary>
public sealed class ContractArtefact
{
    private readonly byte[] _creationCode;
    private readonly Dictionary<string, long> _slots;

    private ContractArtefact(string name)
    {
        using Stream stream = typeof(ContractArtefact).Assembly.GetManifestResourceStream(name + ".json")!;
        using var document = JsonDocument.Parse(stream);
        JsonElement root = document.RootElement;
        Name = name;
        _creationCode = Hex.ParseData(root.GetProperty("creationCode").GetString());
        byte[] code = Hex.ParseData(root.GetProperty("runtimeCode").GetString());
        CodeBytes = code.Length;
        CodeHash = Keccak256.Of(code);
        Interface = root.GetProperty("abi").Clone();
        _slots = root.GetProperty("storage").EnumerateArray().ToDictionary(
            static variable => variable.GetProperty("label").GetString()!,
            static variable => long.Parse(variable.GetProperty("slot").GetString()!));
    }

    public static ContractArtefact CheckpointAnchor { get; } = new("CheckpointAnchor");

    public static ContractArtefact HealthRegistry { get; } = new("HealthRegistry");

    public string Name { get; }

    /// <summary>Keccak-256 of the code of every deployment: none of our contracts has values in its code.</summary>
    public Hash256 CodeHash { get; }

    public int CodeBytes { get; }

    /// <summary>The contract's ABI as JSON, for wallets and other people's clients.</summary>
    public JsonElement Interface { get; }

    /// <summary>The call that makes a contract.</summary>
    /// <param name="types">Of the constructor's parameters, in brackets.</param>
    public EthereumCall Creation(string types, params object[] arguments) => new(null, (byte[])[.. _creationCode, .. Abi.Encode(types, arguments)]);

    /// <summary>The place of a variable in the contract's storage.</summary>
    public long SlotOf(string variable) => _slots[variable];

    /// <summary>Whether the contract at this address is this one.</summary>
    public async ValueTask<bool> IsAtAsync(EthereumClient client, EthereumAddress address, CancellationToken cancellationToken)
    {
        byte[] code = await client.CodeAsync(address, BlockTag.Latest, cancellationToken);
        return code.Length == CodeBytes && Keccak256.Of(code) == CodeHash;
    }
}
