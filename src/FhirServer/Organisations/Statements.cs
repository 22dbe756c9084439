namespace HealthChain.FhirServer.Organisations;

/// <summary>A time in which one verification holds. Ticks of UTC.</summary>
internal readonly record struct VerifiedSpan(long From, long Until, Verification Reason);

/// <summary>
/// All that VerificationResults say of one organisation, made into spans of time, so that asking how it stands is a comparison or two.
/// Immutable.
/// </summary>
/// <remarks>
/// A validation holds from its date until the next is due, or until something newer says that the organisation is not verified takes effect
/// (docs/adr/0031).
/// </remarks>
internal sealed class Statements
{
    private readonly IReadOnlyList<Verification> _all;
    private readonly VerifiedSpan[] _spans;

    public Statements(IReadOnlyList<Verification> all)
    {
        _all = all;
        _spans = [.. all.Where(one => one.IsValidated).Select(SpanOf).Where(span => span.From < span.Until)];
    }

    /// <summary>
    /// What says at that moment that the organisation is verified, the one for the longest time; or else the last one that ran out. Null when
    /// there is neither.
    /// </summary>
    public VerifiedSpan? LatestAt(long ticks)
    {
        VerifiedSpan? latest = null;
        foreach (ref readonly VerifiedSpan span in _spans.AsSpan())
        {
            bool counts = span.From <= ticks && (ticks < span.Until || span.Until == span.Reason.Until);
            if (counts && (latest is not { } other || span.Until > other.Until))
            {
                latest = span;
            }
        }

        return latest;
    }

    public OrganisationStanding StandingAt(long ticks)
    {
        bool isOver = false;
        foreach (ref readonly VerifiedSpan span in _spans.AsSpan())
        {
            if (span.From <= ticks && ticks < span.Until)
            {
                return OrganisationStanding.Current;
            }

            // One that was ended by something newer did not run out.
            isOver |= span.Until <= ticks && span.Until == span.Reason.Until;
        }

        return isOver ? OrganisationStanding.Expired
            : NewestAt(ticks) is null ? OrganisationStanding.Unverified
            : OrganisationStanding.Suspended;
    }

    /// <summary>The newest statement of those that are in effect; null when none is.</summary>
    public Verification? NewestAt(long ticks)
    {
        Verification? newest = null;
        foreach (Verification one in _all)
        {
            if (one.Dated.Start <= ticks && (newest is null || one.IsNewerThan(newest)))
            {
                newest = one;
            }
        }

        return newest;
    }

    /// <summary>When the standing may change next without anybody writing anything.</summary>
    public long NextChangeAfter(long ticks)
    {
        long next = long.MaxValue;
        foreach (Verification one in _all)
        {
            next = one.Dated.Start > ticks ? Math.Min(next, one.Dated.Start) : next;
        }

        foreach (VerifiedSpan span in _spans)
        {
            next = span.Until > ticks ? Math.Min(next, span.Until) : next;
        }

        return next;
    }

    private VerifiedSpan SpanOf(Verification validation)
    {
        long until = validation.Until;
        foreach (Verification other in _all)
        {
            if (!other.IsValidated && other.IsNewerThan(validation))
            {
                until = Math.Min(until, other.Dated.Start);
            }
        }

        return new VerifiedSpan(validation.Dated.Start, until, validation);
    }
}
