using HealthChain.Consent;

namespace HealthChain.FhirServer.Consents;

/// <summary>What follows from a patient's consents for one question.</summary>
internal sealed record Conclusion(PatientConsents Consents, PatientDecision Decision)
{
    public static readonly long ForGood = DateTimeOffset.MaxValue.UtcTicks;

    /// <summary>When time alone may make it another; ticks of UTC.</summary>
    public long Until { get; } = Decision.Until.UtcTicks;
}

/// <summary>
/// A question of one requester, and what was concluded for it so far, patient by patient. It is asked anew from nothing when the requester's names change.
/// </summary>
/// <param name="organisations">Hashes of the organisations for which the requester acts.</param>
/// <param name="ofHerself">What she sees of her own record.</param>
/// <param name="until">When the question may be another; ticks of UTC.</param>
/// <remarks>Looking takes no lock. What many patients fall upon the same place for is concluded again: a table, not a memory without an end.</remarks>
internal sealed class Conclusions(Question question, long[] organisations, PatientDecision ofHerself, int generation, long until)
{
    private const int Fewest = 64;
    private const int Most = 1 << 14;

    private readonly Lock _lock = new();
    private Conclusion?[] _kept = new Conclusion?[Fewest];
    private int _displaced;

    public Question Question => question;

    public long[] Organisations => organisations;

    public PatientDecision OfHerself => ofHerself;

    public int Generation => generation;

    public long Until => until;

    /// <summary>Null when nothing was concluded, or it was forgotten.</summary>
    public Conclusion? Find(PatientConsents consents)
    {
        Conclusion?[] kept = Volatile.Read(ref _kept);
        Conclusion? one = Volatile.Read(ref kept[consents.Number & (kept.Length - 1)]);
        return one is not null && ReferenceEquals(one.Consents, consents) ? one : null;
    }

    /// <summary>Keeps a conclusion, in place of another perhaps; false when it is no more than was kept before.</summary>
    public bool Keep(Conclusion conclusion)
    {
        lock (_lock)
        {
            ref Conclusion? place = ref Place(_kept, conclusion);
            bool isMore = place is null;
            if (place is not null && !ReferenceEquals(place.Consents, conclusion.Consents) && ++_displaced > _kept.Length / 2 && _kept.Length < Most)
            {
                Double();
                place = ref Place(_kept, conclusion);
                isMore = place is null;
            }

            Volatile.Write(ref place, conclusion);
            return isMore;
        }
    }

    private static ref Conclusion? Place(Conclusion?[] kept, Conclusion conclusion) => ref kept[conclusion.Consents.Number & (kept.Length - 1)];

    private void Double()
    {
        var doubled = new Conclusion?[_kept.Length * 2];
        foreach (Conclusion? conclusion in _kept)
        {
            if (conclusion is not null)
            {
                Place(doubled, conclusion) = conclusion;
            }
        }

        _displaced = 0;
        Volatile.Write(ref _kept, doubled);
    }
}
