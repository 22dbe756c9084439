namespace HealthChain.LedgerAnchor.Chain;

/// <summary>What came between us and a node, or a signer.</summary>
public enum EthereumFault
{
    /// <summary>No connection, no answer in time, or one that says to come back later.</summary>
    Unreachable,

    /// <summary>The answer is not what was asked for: too large, of another request, or of another form.</summary>
    BadAnswer,

    /// <summary>The node does not want to, and its reason is none of those below.</summary>
    Refused,

    /// <summary>The node does not know this method.</summary>
    Unsupported,

    /// <summary>A contract refused; <see cref="EthereumException.RevertData"/> has what it returned.</summary>
    Reverted,

    /// <summary>Another transaction with this number is in a block already.</summary>
    NonceTooLow,

    /// <summary>The fee is below what this block costs, or not enough above that of the transaction it should replace.</summary>
    Underpriced,

    /// <summary>The account cannot pay for it.</summary>
    InsufficientFunds,

    /// <summary>The node has this very transaction already.</summary>
    AlreadyKnown,

    /// <summary>The chain asks for more than our own cap on fees.</summary>
    FeeCapReached,

    /// <summary>The node serves another chain than the one configured.</summary>
    WrongChain,
}

/// <summary>The one exception of the chain client. Its message names neither keys nor the path of an endpoint, which can be a secret.</summary>
public sealed class EthereumException : Exception
{
    public EthereumException(EthereumFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    public EthereumFault Fault { get; }

    /// <summary>The node's own number for the error; 0 when it is not the node's.</summary>
    public int Code { get; init; }

    /// <summary>What a contract returned when it refused; see <see cref="RevertReason"/>.</summary>
    public ReadOnlyMemory<byte> RevertData { get; init; }
}
