using System.Runtime.InteropServices;
using HealthChain.Fhir.Model;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>A version that was committed, and what was written, which need not be parsed again; without a version a record was.</summary>
internal readonly record struct RecentCommit(StoredVersion? Version, Element Resource);

/// <summary>
/// What requests committed a moment ago, so that the follower of commits need not open it again: that would cost those who write a part of the processor.
/// Only a shortcut: it may lack anything, which is then read from the store.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RecentCommits
{
    private const int Most = 8_192;
    private const int MostBytes = 32 << 20;

    /// <summary>What is longer than others would fill it alone.</summary>
    private const int MostBytesOfOne = 64 << 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, RecentCommit> _commits = [];
    private long _bytes;

    public void Add(IReadOnlyList<Write> writes, Committed committed)
    {
        lock (_gate)
        {
            for (int i = 0; i < committed.Versions.Count; i++)
            {
                if (committed.Versions[i] is { Json.Length: <= MostBytesOfOne } version)
                {
                    Add(version.Sequence, new RecentCommit(version, writes[i] is Put put ? put.Resource : default), version.Json.Length);
                }
            }

            if (committed.Record > 0)
            {
                Add(committed.Record, default, 0);
            }
        }
    }

    public bool Has(long sequence)
    {
        lock (_gate)
        {
            return _commits.ContainsKey(sequence);
        }
    }

    public bool TryTake(long sequence, out RecentCommit commit)
    {
        lock (_gate)
        {
            if (!_commits.Remove(sequence, out commit))
            {
                return false;
            }

            _bytes -= commit.Version?.Json.Length ?? 0;
            return true;
        }
    }

    private void Add(long sequence, RecentCommit commit, int bytes)
    {
        if (_commits.Count >= Most || _bytes + bytes > MostBytes)
        {
            // The follower is far behind: what it will look at next is among the oldest, and those are as good in the store.
            _commits.Clear();
            _bytes = 0;
        }

        ref RecentCommit place = ref CollectionsMarshal.GetValueRefOrAddDefault(_commits, sequence, out bool isKnown);
        place = commit;
        _bytes += isKnown ? 0 : bytes;
    }
}
