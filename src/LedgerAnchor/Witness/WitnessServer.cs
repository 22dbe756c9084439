using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Files;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Witness;

/// <summary>An answer over HTTP.</summary>
/// <param name="Body">Lines, each with its line break; for a refusal a line that says why.</param>
public sealed record WitnessAnswer(int Status, string ContentType, string Body);

/// <summary>
/// Cosigns the checkpoints of other logs, each only when the one that it cosigned before is proven to be its beginning: so a log cannot show one
/// history to some and another to others. https://c2sp.org/tlog-witness
/// </summary>
/// <remarks>Thread-safe: comparing and keeping are one step. What it cosigned is on the disk before the cosignature leaves.</remarks>
public sealed class WitnessServer
{
    public const string FolderName = "witnessed";

    private const int Ok = 200;
    private const int Malformed = 400;
    private const int NotSigned = 403;
    private const int UnknownLog = 404;
    private const int Conflict = 409;
    private const int NotProven = 422;
    private const string Text = "text/plain; charset=utf-8";
    private const string SizeType = "text/x.tlog.size";
    private const string ForkSuffix = ".fork";

    // Evidence of more forks of one log is not needed.
    private const int MaxForks = 16;

    private readonly Lock _lock = new();
    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly Cosigner _cosigner;
    private readonly ILookup<string, NoteVerifier> _logs;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, SignedNote> _newest = [];

    /// <param name="folder">Where the newest checkpoint of each log is kept, and evidence of forks.</param>
    /// <param name="logs">Keys of the logs that are witnessed; their names are the origins.</param>
    /// <exception cref="InvalidDataException">What was kept cannot be read: a witness that does not know what it cosigned must not go on.</exception>
    public WitnessServer(string folder, Cosigner cosigner, IEnumerable<NoteVerifier> logs, TimeProvider time)
        : this(RealDisk.Instance, folder, cosigner, logs, time)
    {
    }

    internal WitnessServer(IDisk disk, string folder, Cosigner cosigner, IEnumerable<NoteVerifier> logs, TimeProvider time)
    {
        _disk = disk;
        _folder = folder;
        _cosigner = cosigner;
        _time = time;
        _logs = logs.ToLookup(log => log.Name);
        disk.CreateFolder(folder);
        foreach (IGrouping<string, NoteVerifier> log in _logs)
        {
            Load(log.Key);
        }
    }

    public NoteVerifier Verifier => _cosigner.Verifier;

    /// <summary>Logs of which two checkpoints of one size and different roots were seen; the files with both notes lie in the folder.</summary>
    public IReadOnlyList<string> Forked
    {
        get
        {
            lock (_lock)
            {
                IReadOnlyList<string> files = _disk.List(_folder);
                return [.. _logs.Select(log => log.Key).Where(origin => files.Any(file => file.StartsWith(FileNameOf(origin) + ForkSuffix, StringComparison.Ordinal)))];
            }
        }
    }

    /// <summary>The newest head that was cosigned for a log; null when there is none.</summary>
    public TreeHead? HeadOf(string origin)
    {
        lock (_lock)
        {
            return NewestOf(origin)?.Head;
        }
    }

    /// <summary>Answers <c>POST …/add-checkpoint</c>.</summary>
    public WitnessAnswer Answer(ReadOnlySpan<byte> body)
    {
        if (!AddCheckpointRequest.TryRead(body, out AddCheckpointRequest? request, out string? problem)
            || !Checkpoint.TryRead(request.Note.Text, out Checkpoint? checkpoint, out problem))
        {
            return Refuse(Malformed, problem);
        }

        if (!_logs.Contains(checkpoint.Origin))
        {
            return Refuse(UnknownLog, "the log is not witnessed here");
        }

        if (!TryFindSignature(checkpoint.Origin, request.Note, out SignedNote? note))
        {
            return Refuse(NotSigned, "no key of the log has signed the checkpoint");
        }

        lock (_lock)
        {
            return Answer(request, checkpoint, note);
        }
    }

    private static WitnessAnswer Refuse(int status, string why) => new(status, Text, why + "\n");

    private static string FileNameOf(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    private WitnessAnswer Answer(AddCheckpointRequest request, Checkpoint checkpoint, SignedNote note)
    {
        if (request.OldSize > checkpoint.Head.Size)
        {
            return Refuse(Malformed, "the old size is beyond the checkpoint's");
        }

        TreeHead known = NewestOf(checkpoint.Origin)?.Head ?? TreeHead.Empty;
        if (known.Size == checkpoint.Head.Size && known.Root != checkpoint.Head.Root)
        {
            KeepFork(checkpoint.Origin, note);
        }

        if (request.OldSize != known.Size)
        {
            return new WitnessAnswer(Conflict, SizeType, $"{known.Size}\n");
        }

        if (known.Size == checkpoint.Head.Size && known.Root != checkpoint.Head.Root)
        {
            return Refuse(Conflict, "another root of this size was cosigned before");
        }

        // Nothing is to be proven about the empty tree, and then the proof must be empty.
        bool isProven = known.Size == 0 ? request.Proof.Count == 0 : MerkleProof.VerifyConsistency(known, [.. request.Proof], checkpoint.Head);
        if (!isProven)
        {
            return Refuse(NotProven, "the proof does not show that the tree cosigned before is the beginning of this one");
        }

        NoteSignature cosignature = _cosigner.Sign(note.Text, _time.GetUtcNow());
        SignedNote cosigned = note.With(cosignature);
        _disk.Replace(Path.Combine(_folder, FileNameOf(checkpoint.Origin)), cosigned.ToBytes());
        _newest[checkpoint.Origin] = cosigned;
        return new WitnessAnswer(Ok, Text, cosignature + "\n");
    }

    /// <summary>The note with the signatures that count: those of unknown keys are left out, and repeated ones, so that there is room for ours.</summary>
    private bool TryFindSignature(string origin, SignedNote note, [NotNullWhen(true)] out SignedNote? signed)
    {
        NoteVerifier[] signers = [.. _logs[origin].Where(log => log.Check(note).IsValid)];
        NoteSignature[] signatures =
        [
            .. note.Signatures.Where(signature => signers.Any(log => log.KeyId == signature.KeyId && log.Name == signature.Name))
                .DistinctBy(signature => (signature.Name, signature.KeyId)),
        ];
        signed = signatures.Length > 0 ? SignedNote.Create(note.Text, signatures) : null;
        return signed is not null;
    }

    private Checkpoint? NewestOf(string origin) =>
        _newest.TryGetValue(origin, out SignedNote? note) && Checkpoint.TryRead(note.Text, out Checkpoint? checkpoint, out _) ? checkpoint : null;

    /// <summary>Two notes of one size and different roots prove that the log forked; nobody could deny it who sees both.</summary>
    private void KeepFork(string origin, SignedNote note)
    {
        string name = FileNameOf(origin) + ForkSuffix;
        string evidence = $"{name}-{Hash256.Of(note.ToBytes())}";
        string[] known = [.. _disk.List(_folder).Where(file => file.StartsWith(name, StringComparison.Ordinal))];
        if (known.Length < MaxForks && !known.Contains(evidence))
        {
            _disk.Replace(Path.Combine(_folder, evidence), Encoding.UTF8.GetBytes($"{_newest[origin]}\n{note}"));
        }
    }

    private void Load(string origin)
    {
        string path = Path.Combine(_folder, FileNameOf(origin));
        if (_disk.Read(path) is not { } kept)
        {
            return;
        }

        if (!SignedNote.TryRead(kept, out SignedNote? note, out string? problem)
            || !Checkpoint.TryRead(note.Text, out Checkpoint? checkpoint, out problem))
        {
            throw new InvalidDataException($"{path} cannot be read: {problem}.");
        }

        // A key that was taken out since may have signed it, so only our own signature is looked for.
        if (checkpoint.Origin != origin || !_cosigner.Verifier.Check(note).IsValid)
        {
            throw new InvalidDataException($"{path} is not what this witness cosigned for {origin}.");
        }

        _newest.Add(origin, note);
    }
}
