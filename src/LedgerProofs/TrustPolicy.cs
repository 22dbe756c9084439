using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace HealthChain.LedgerProofs;

/// <summary>Whom a verifier trusts: which logs, and which witnesses must have cosigned. Its text is https://c2sp.org/tlog-policy.</summary>
public sealed class TrustPolicy
{
    internal const string NoQuorum = "none";

    private readonly Member? _quorum;
    private readonly string _text;

    internal TrustPolicy(IReadOnlyList<NoteVerifier> logs, IReadOnlyList<NoteVerifier> witnesses, Member? quorum, string text)
    {
        Logs = logs;
        Witnesses = witnesses;
        _quorum = quorum;
        _text = text;
    }

    public IReadOnlyList<NoteVerifier> Logs { get; }

    public IReadOnlyList<NoteVerifier> Witnesses { get; }

    /// <summary>Any of the logs, and so many of the witnesses.</summary>
    /// <exception cref="ArgumentException">Keys are of the wrong type or appear twice, or there are fewer witnesses than needed.</exception>
    public static TrustPolicy Of(IReadOnlyList<NoteVerifier> logs, IReadOnlyList<NoteVerifier> witnesses, int quorum)
    {
        var text = new StringBuilder();
        foreach (var log in logs)
        {
            text.Append("log ").Append(log).Append('\n');
        }

        for (var i = 0; i < witnesses.Count; i++)
        {
            text.Append("witness w").Append(i + 1).Append(' ').Append(witnesses[i]).Append('\n');
        }

        if (quorum > 0)
        {
            text.Append("group witnesses ").Append(quorum);
            for (var i = 0; i < witnesses.Count; i++)
            {
                text.Append(" w").Append(i + 1);
            }

            text.Append("\nquorum witnesses\n");
        }
        else
        {
            text.Append("quorum ").Append(NoQuorum).Append('\n');
        }

        return TryRead(text.ToString(), out var policy, out var problem) ? policy : throw new ArgumentException(problem, nameof(witnesses));
    }

    public static bool TryRead(string text, [NotNullWhen(true)] out TrustPolicy? policy, [NotNullWhen(false)] out string? problem) =>
        new TrustPolicyReader(text).TryRead(out policy, out problem);

    /// <summary>Trusts a checkpoint that a log of the policy signed under its own name and a quorum cosigned.</summary>
    public bool TryTrust(
        SignedNote note, [NotNullWhen(true)] out TrustedCheckpoint? trusted, [NotNullWhen(false)] out string? problem)
    {
        trusted = null;
        if (!Checkpoint.TryRead(note.Text, out var checkpoint, out problem))
        {
            return false;
        }

        NoteVerifier? signer = null;
        foreach (var log in Logs.Where(log => log.Name == checkpoint.Origin))
        {
            var check = log.Check(note);
            if (check.State == SignatureState.Invalid)
            {
                problem = $"the signature of the log {log.Name} is wrong";
                return false;
            }

            signer ??= check.IsValid ? log : null;
        }

        if (signer is null)
        {
            problem = $"no trusted key of the log {checkpoint.Origin} has signed the checkpoint";
            return false;
        }

        var seen = new List<WitnessedAt>();
        foreach (var witness in Witnesses)
        {
            var check = witness.Check(note);
            if (check.State == SignatureState.Invalid)
            {
                problem = $"the signature of the witness {witness.Name} is wrong";
                return false;
            }

            if (check.IsValid)
            {
                seen.Add(new WitnessedAt(witness, check.Time));
            }
        }

        if (_quorum is not null && !_quorum.HasSeen([.. seen.Select(witness => witness.Witness)]))
        {
            problem = $"the {seen.Count} of {Witnesses.Count} witnesses that cosigned are not the quorum";
            return false;
        }

        trusted = new TrustedCheckpoint(checkpoint, signer, seen);
        return true;
    }

    public override string ToString() => _text;

    /// <summary>A witness, or a group of which so many must have seen the checkpoint.</summary>
    internal sealed record Member(NoteVerifier? Witness, int Needed, IReadOnlyList<Member> Members)
    {
        public bool HasSeen(HashSet<NoteVerifier> witnesses) =>
            Witness is not null ? witnesses.Contains(Witness) : Members.Count(member => member.HasSeen(witnesses)) >= Needed;
    }
}

/// <param name="Time">In seconds since 1970, by the witness' clock.</param>
public sealed record WitnessedAt(NoteVerifier Witness, long Time);

/// <summary>A checkpoint that a policy accepts, and on whose word.</summary>
public sealed record TrustedCheckpoint(Checkpoint Checkpoint, NoteVerifier Log, IReadOnlyList<WitnessedAt> Witnesses);
