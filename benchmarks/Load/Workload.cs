using HealthChain.Load.Http;

namespace HealthChain.Load;

/// <summary>What the connections of a run ask, and what answers they accept.</summary>
internal abstract class Workload
{
    private long _next;

    /// <summary>Requests are numbered over all connections and all runs of the workload, from 0.</summary>
    public long TakeNumber() => Interlocked.Increment(ref _next) - 1;

    /// <summary>The bytes of a request; they may lie in the given buffer, which is the connection's own.</summary>
    public abstract ReadOnlyMemory<byte> Write(long number, byte[] buffer);

    /// <summary>Throws if the answer is not the one to expect. Every status is checked; bodies may be checked by samples.</summary>
    public abstract void Check(long number, in Response response);

    /// <summary>How many resources a request reads or writes, where that is what is counted.</summary>
    public virtual int Resources(long number) => 1;

    /// <summary>One in 64 answers has its body looked at closely: what is wrong is wrong often.</summary>
    protected static bool IsSample(long number) => (number & 63) == 0;

    /// <summary>Numbers in an order without pattern, so that neighbours in time are no neighbours in the store.</summary>
    protected static long Scatter(long number, long count) => (long)((ulong)number * 0x9E3779B97F4A7C15UL >> 20) % count;
}

/// <summary>The server did not answer as the scenario demands: figures would mean nothing.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message)
{
    public static void Unless(bool condition, string expected, in Response response)
    {
        if (!condition)
        {
            throw new UnexpectedAnswerException($"expected {expected}; the answer was:\n{response.Excerpt()}");
        }
    }
}
