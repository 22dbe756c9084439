using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Encodes and decodes values of given types, as <c>abi.encode</c> and <c>abi.decode</c> of Solidity do.</summary>
public static class Abi
{
    /// <param name="types">A list such as <c>(uint64,bytes32[])</c>, names allowed.</param>
    /// <exception cref="ArgumentException">A value does not fit its type.</exception>
    /// <exception cref="FormatException">It is no list of types.</exception>
    public static byte[] Encode(string types, params object[] values) => AbiWriter.Encode(Parameters(types), values);

    public static byte[] Encode(IReadOnlyList<AbiParameter> types, IReadOnlyList<object> values) => AbiWriter.Encode(types, values);

    /// <exception cref="FormatException">The data do not hold values of these types.</exception>
    public static object[] Decode(string types, ReadOnlySpan<byte> data) => AbiReader.Decode(Parameters(types), data);

    public static object[] Decode(IReadOnlyList<AbiParameter> types, ReadOnlySpan<byte> data) => AbiReader.Decode(types, data);

    /// <summary>Reads a list of types in brackets, such as <c>(address owner, uint64[] sizes)</c>.</summary>
    /// <exception cref="FormatException">It is no list of types.</exception>
    public static IReadOnlyList<AbiParameter> Parameters(string types)
    {
        var scanner = new AbiScanner(types);
        var parameters = AbiParameter.ReadList(scanner, 0);
        scanner.ExpectEnd();
        return parameters;
    }

    internal static (string Name, IReadOnlyList<AbiParameter> Parameters) ReadSignature(string signature)
    {
        var scanner = new AbiScanner(signature);
        string name = scanner.ReadWord();
        var parameters = AbiParameter.ReadList(scanner, 0);
        scanner.ExpectEnd();
        return (name, parameters);
    }

    internal static string Signature(string name, IReadOnlyList<AbiParameter> parameters) =>
        name + "(" + string.Join(',', parameters.Select(static parameter => parameter.Type.Name)) + ")";

    internal static Hash256 HashOf(string signature) => Keccak256.Of(Encoding.ASCII.GetBytes(signature));
}

/// <summary>A function of a contract.</summary>
public sealed class AbiFunction
{
    internal const int SelectorBytes = 4;

    private readonly byte[] _selector;

    /// <param name="signature">Such as <c>rootOf(uint64 size)</c>.</param>
    /// <param name="returns">Such as <c>(bytes32)</c>.</param>
    /// <exception cref="FormatException">It is no signature.</exception>
    public AbiFunction(string signature, string returns = "()")
        : this(Abi.ReadSignature(signature), Abi.Parameters(returns))
    {
    }

    internal AbiFunction((string Name, IReadOnlyList<AbiParameter> Parameters) signature, IReadOnlyList<AbiParameter> returns)
    {
        (Name, Inputs) = signature;
        Outputs = returns;
        Signature = Abi.Signature(Name, Inputs);
        _selector = Abi.HashOf(Signature).ToArray()[..SelectorBytes];
    }

    public string Name { get; }

    public IReadOnlyList<AbiParameter> Inputs { get; }

    public IReadOnlyList<AbiParameter> Outputs { get; }

    /// <summary>Name and types alone, from which the selector comes.</summary>
    public string Signature { get; }

    /// <summary>The first four bytes of a call.</summary>
    public ReadOnlySpan<byte> Selector => _selector;

    /// <summary>The data of a call. An array that is the only argument is to be cast to object, or C# takes it for the list of arguments.</summary>
    /// <exception cref="ArgumentException">An argument does not fit its type.</exception>
    public byte[] Encode(params object[] arguments) => AbiWriter.Encode(Inputs, arguments, Selector);

    /// <summary>What a call returned.</summary>
    /// <exception cref="FormatException">These are not the function's results.</exception>
    public object[] Decode(ReadOnlySpan<byte> result) => AbiReader.Decode(Outputs, result);

    /// <summary>The arguments of a call's data.</summary>
    /// <exception cref="FormatException">It is no call of this function.</exception>
    public object[] DecodeInput(ReadOnlySpan<byte> data) =>
        data.StartsWith(Selector) ? AbiReader.Decode(Inputs, data[SelectorBytes..]) : throw new FormatException("This is a call of another function.");

    public override string ToString() => Signature;
}

/// <summary>An event of a contract.</summary>
public sealed class AbiEvent
{
    /// <param name="signature">Such as <c>Checkpoint(uint64 indexed size, bytes32 root)</c>.</param>
    /// <exception cref="FormatException">It is no signature.</exception>
    public AbiEvent(string signature)
        : this(Abi.ReadSignature(signature))
    {
    }

    internal AbiEvent((string Name, IReadOnlyList<AbiParameter> Parameters) signature)
    {
        (Name, Parameters) = signature;
        Signature = Abi.Signature(Name, Parameters);
        Topic = Abi.HashOf(Signature);
    }

    public string Name { get; }

    public IReadOnlyList<AbiParameter> Parameters { get; }

    public string Signature { get; }

    /// <summary>The first topic of its logs.</summary>
    public Hash256 Topic { get; }

    /// <summary>The topic by which logs with this value of an indexed parameter are found.</summary>
    /// <exception cref="ArgumentException">The value does not fit the parameter, or its topic is a hash.</exception>
    public Hash256 TopicOf(string parameter, object value)
    {
        AbiParameter indexed = Parameters.Single(candidate => candidate.IsIndexed && candidate.Name == parameter);
        if (!IsWord(indexed.Type))
        {
            throw new ArgumentException($"The topic of a {indexed.Type} is its hash.", nameof(parameter));
        }

        Span<byte> word = stackalloc byte[AbiType.WordBytes];
        AbiValue.WriteWord(indexed.Type, value, word);
        return new Hash256(word);
    }

    public bool Matches(EthereumLog log) => log.Topics is [var first, ..] && first == Topic && log.Topics.Count == 1 + Parameters.Count(static p => p.IsIndexed);

    /// <summary>The values in the order of the parameters. Of an indexed value that does not fit a word there is only its hash, as <see cref="Hash256"/>.</summary>
    /// <exception cref="FormatException">It is no log of this event.</exception>
    public object[] Decode(EthereumLog log)
    {
        if (!Matches(log))
        {
            throw new FormatException("This is a log of another event.");
        }

        object[] data = AbiReader.Decode([.. Parameters.Where(static parameter => !parameter.IsIndexed)], log.Data.Span);
        object[] values = new object[Parameters.Count];
        int topic = 1;
        int inData = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Parameters[i].IsIndexed ? OfTopic(Parameters[i].Type, log.Topics[topic++]) : data[inData++];
        }

        return values;
    }

    public override string ToString() => Signature;

    private static object OfTopic(AbiType type, Hash256 topic) => IsWord(type) ? AbiReader.ReadWord(type, topic.ToArray()) : topic;

    private static bool IsWord(AbiType type) => !type.IsDynamic && type.Kind is not (AbiKind.Array or AbiKind.Tuple);
}

/// <summary>An error that a contract reverts with.</summary>
public sealed class AbiError
{
    private readonly AbiFunction _call;

    /// <param name="signature">Such as <c>PrevMismatch()</c>.</param>
    /// <exception cref="FormatException">It is no signature.</exception>
    public AbiError(string signature) => _call = new AbiFunction(signature);

    internal AbiError(AbiFunction call) => _call = call;

    public string Name => _call.Name;

    public IReadOnlyList<AbiParameter> Parameters => _call.Inputs;

    public string Signature => _call.Signature;

    public ReadOnlySpan<byte> Selector => _call.Selector;

    public bool Matches(ReadOnlySpan<byte> data) => data.StartsWith(Selector);

    /// <exception cref="FormatException">It is not this error.</exception>
    public object[] Decode(ReadOnlySpan<byte> data) => _call.DecodeInput(data);

    public override string ToString() => Signature;
}

/// <summary>What a contract wrote into a block.</summary>
/// <param name="IsRemoved">Whether a reorganisation took it out again.</param>
public sealed record EthereumLog(
    EthereumAddress Address,
    IReadOnlyList<Hash256> Topics,
    ReadOnlyMemory<byte> Data,
    long BlockNumber,
    Hash256 BlockHash,
    Hash256 TransactionHash,
    long Index,
    bool IsRemoved);
