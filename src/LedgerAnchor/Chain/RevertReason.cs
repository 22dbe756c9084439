using System.Numerics;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Why a contract refused a call.</summary>
/// <param name="Error">Name of the error; <c>Error</c> and <c>Panic</c> are Solidity's own; empty when the data tell nothing.</param>
/// <param name="Arguments">Of the error, decoded.</param>
public sealed record RevertReason(string Error, IReadOnlyList<object> Arguments)
{
    private const int MaxText = 200;
    private static readonly AbiError _message = new("Error(string)");
    private static readonly AbiError _panic = new("Panic(uint256)");

    /// <summary>Reads what a reverted call returned. Data that fit no error give a reason without name; they never fail.</summary>
    /// <param name="known">The contract's own errors.</param>
    public static RevertReason Read(ReadOnlySpan<byte> data, params ReadOnlySpan<AbiError> known)
    {
        foreach (AbiError error in (ReadOnlySpan<AbiError>)[_message, _panic, .. known])
        {
            if (error.Matches(data))
            {
                try
                {
                    return new RevertReason(error.Name, error.Decode(data));
                }
                catch (FormatException)
                {
                    return new RevertReason(error.Name, []);
                }
            }
        }

        return new RevertReason("", []);
    }

    /// <summary>For people. A message of the contract is cut short: it is outside text.</summary>
    public override string ToString() => (Error, Arguments) switch
    {
        ("", _) => "no reason given",
        ("Error", [string text]) => text.Length <= MaxText ? text : text[..MaxText],
        ("Panic", [BigInteger code]) => $"panic 0x{code:x}",
        _ => Error,
    };
}
