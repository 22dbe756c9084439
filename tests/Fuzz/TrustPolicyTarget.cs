using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>Texts of trust policies, and of keys in them.</summary>
public sealed class TrustPolicyTarget : FuzzTarget
{
    public override string Name => "trust-policy";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [Encoding.UTF8.GetBytes(LedgerSample.Policy.ToString()), Encoding.UTF8.GetBytes(LedgerSample.Policy.ToString().Replace("quorum", "group h all witnesses\nquorum", StringComparison.Ordinal))];

    public override IReadOnlyList<byte[]> Dictionary => LedgerSample.Words;

    public override void Run(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (!TrustPolicy.TryRead(text, out var policy, out var problem))
        {
            Promise(problem.Length > 0, "a refused policy has a reason");
            return;
        }

        Promise(policy.ToString() == text, "a policy is the text that it was read from");
        Promise(policy.Logs.All(key => NoteVerifier.TryParse(key.ToString(), out var again, out _) && again.Equals(key)), "a key has one text");
        var isTrusted = policy.TryTrust(LedgerSample.Note, out var trusted, out _);
        Promise(!isTrusted || policy.Logs.Contains(trusted!.Log), "only logs of the policy are trusted");
    }
}
