using System.Runtime.CompilerServices;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Worker;

/// <summary>A chain in memory: compares and swaps when a block is mined, reorganises, goes away and comes back.</summary>
internal sealed class MemoryTarget(string name = "eip155:1:0xabc") : IAnchorTarget
{
    private readonly List<(string Hash, List<AnchorSubmission> Anchors)> _blocks = [];
    private readonly List<AnchorSubmission> _pool = [];
    private readonly HashSet<string> _refused = [];
    private int _blockNumber;

    public string Name => name;

    public TimeProvider? Clock { get; set; }

    public bool IsAway { get; set; }

    /// <summary>How many blocks on top make one final.</summary>
    public int Confirmations { get; set; } = 2;

    public UInt128 Fee { get; set; } = 7;

    /// <summary>Called before and after a transaction reaches the pool.</summary>
    public Action? BeforeSubmit { get; set; }

    public Action? AfterSubmit { get; set; }

    public TreeHead Head { get; private set; } = TreeHead.Empty;

    /// <summary>All heads that were taken into blocks that still count, in order.</summary>
    public IEnumerable<TreeHead> Heads => _blocks.SelectMany(block => block.Anchors).Select(anchor => anchor.Next);

    public int Submissions { get; private set; }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public ValueTask<TreeHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return new(Head);
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public ValueTask<AnchorSubmission> SubmitAsync(TreeHead previous, TreeHead next, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        BeforeSubmit?.Invoke();
        var known = _blocks.SelectMany(block => block.Anchors).Concat(_pool).FirstOrDefault(anchor => anchor.Next == next && anchor.Previous == previous);
        if (known is null)
        {
            Submissions++;
            known = new AnchorSubmission(previous, next, $"0x{Hash256.Of([(byte)Submissions, .. next.Root.ToArray()])}", Submissions, Clock?.GetUtcNow() ?? DateTimeOffset.UnixEpoch);
            _pool.Add(known);
        }

        AfterSubmit?.Invoke();
        return new(known);
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    public ValueTask<AnchorStatus> StatusOfAsync(AnchorSubmission submission, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        int at = _blocks.FindIndex(block => block.Anchors.Contains(submission));
        AnchorState state = at >= 0 ? (_blocks.Count - at > Confirmations ? AnchorState.Final : AnchorState.Mined)
            : _refused.Contains(submission.Transaction) ? AnchorState.Refused
            : AnchorState.Pending;
        return new(new AnchorStatus(state, submission, at + 1, at >= 0 ? _blocks[at].Hash : null, at >= 0 ? Fee : 0));
    }

    /// <summary>Puts the pool into a block.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Mine()
    {
        var taken = new List<AnchorSubmission>();
        foreach (AnchorSubmission anchor in _pool)
        {
            if (anchor.Previous == Head && anchor.Next.Size > Head.Size)
            {
                Head = anchor.Next;
                taken.Add(anchor);
            }
            else
            {
                _refused.Add(anchor.Transaction);
            }
        }

        _pool.Clear();
        _blocks.Add(($"0x{Hash256.Of(BitConverter.GetBytes(_blockNumber++))}", taken));
    }

    /// <summary>The last blocks never were; their transactions are back in the pool, or lost.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Reorganise(int depth, bool isLost = false)
    {
        depth = Math.Min(depth, _blocks.Count);
        var dropped = _blocks[^depth..].SelectMany(block => block.Anchors).ToList();
        _blocks.RemoveRange(_blocks.Count - depth, depth);
        Head = Heads.LastOrDefault(TreeHead.Empty);
        if (isLost)
        {
            _refused.UnionWith(dropped.Select(anchor => anchor.Transaction));
        }
        else
        {
            _pool.InsertRange(0, dropped);
        }
    }

    /// <summary>Somebody else anchors under the same name.</summary>
    [MethodImpl(MethodImplOptions.Synchronized)]
    public void Usurp(TreeHead head)
    {
        Head = head;
        _blocks.Add(($"0x{Hash256.Of(BitConverter.GetBytes(_blockNumber++))}", [new AnchorSubmission(TreeHead.Empty, head, "0x" + head.Root, 0, default)]));
    }

    private void ThrowIfAway()
    {
        if (IsAway)
        {
            throw new AnchorUnavailableException("away");
        }
    }
}
