using HealthChain.Consent;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// All that decides who sees the record of a patient but the record itself: the consents, and which organisation holds it. Whatever changes
/// makes another one, so what was concluded from one holds as long as it is still the patient's. Patients of whom the same is known share one.
/// </summary>
/// <param name="holder">Hash of the organisation that holds the record; 0 for none.</param>
/// <param name="rules">Of all the patient's consents that count, those of patients whom this one replaces included; null when they are not known.</param>
/// <param name="replaced">Hashes of the patients whom this one replaces.</param>
/// <param name="isThere">Whether there is such a patient on this server.</param>
internal sealed class PatientConsents(long holder, ConsentRules[]? rules, long[] replaced, bool isThere)
{
    private static int _made;

    /// <summary>Of a patient of whom nothing is known.</summary>
    public static PatientConsents None { get; } = new(0, [], [], isThere: false);

    /// <summary>Of all patients while their consents cannot be read.</summary>
    public static PatientConsents Unknown { get; } = new(0, null, [], isThere: false);

    public long Holder => holder;

    public ConsentRules[]? Rules => rules;

    public long[] Replaced => replaced;

    public bool IsThere => isThere;

    /// <summary>How many patients share it; <see cref="SharedConsents"/> counts them.</summary>
    public int Patients { get; set; }

    /// <summary>A number of its own, for tables of what was concluded from it.</summary>
    public int Number { get; } = Interlocked.Increment(ref _made);
}
