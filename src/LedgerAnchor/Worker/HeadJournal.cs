using HealthChain.Files;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// Which heads the log decided to sign, so that it never decides otherwise: a head stands here before it is signed, and after a crash it is signed
/// again with the same bytes.
/// </summary>
internal sealed class HeadJournal
{
    public const string FileName = "heads";

    // Beyond that only the newest is kept: it vouches for all before it.
    private const int MaxRecords = 4096;

    private readonly JournalFile _file;

    private HeadJournal(JournalFile file) => _file = file;

    /// <summary>The newest head that may have been signed; the empty one when there is none.</summary>
    public TreeHead Newest { get; private set; } = TreeHead.Empty;

    /// <exception cref="JournalDamagedException">It cannot be known what was signed.</exception>
    public static HeadJournal Open(IDisk disk, string folder)
    {
        var file = JournalFile.Open(disk, Path.Combine(folder, FileName), AnchorRecord.HeadBytes);
        return new HeadJournal(file) { Newest = file.Count > 0 ? AnchorRecord.ReadHead(file.Read(file.Count - 1)) : TreeHead.Empty };
    }

    /// <summary>The heads that it still knows, oldest first, for checks.</summary>
    /// <exception cref="JournalDamagedException">One is broken.</exception>
    public IEnumerable<TreeHead> All()
    {
        for (long number = 0; number < _file.Count; number++)
        {
            yield return AnchorRecord.ReadHead(_file.Read(number));
        }
    }

    /// <summary>Decides that a head will be signed. There is one root for a size, and sizes only grow.</summary>
    /// <returns>False when the newest decision says otherwise.</returns>
    public bool TryDecide(TreeHead head)
    {
        if (head.Size <= Newest.Size)
        {
            return head == Newest;
        }

        byte[] payload = new byte[AnchorRecord.HeadBytes];
        AnchorRecord.WriteHead(payload, head);
        if (_file.Count < MaxRecords)
        {
            _file.Append(payload);
        }
        else
        {
            _file.Replace([payload]);
        }

        Newest = head;
        return true;
    }
}
