using HealthChain.Consent;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// Patients who are the same person: one was replaced by another when records were merged (https://hl7.org/fhir/R4/patient.html#links). The consents of
/// who was replaced count for who came in the place. Few patients are; of all others nothing is kept here. Not thread-safe.
/// </summary>
internal sealed class LinkedPatients
{
    /// <summary>Whoever has replaced more is taken for a mistake, and the record closed.</summary>
    private const int MostReplaced = 1000;

    private readonly Dictionary<long, Linked> _linked = [];

    /// <summary>What the patient's own consents say; null for a patient who is not linked.</summary>
    public ConsentRules[]? OwnOf(long patient) => _linked.GetValueOrDefault(patient)?.Own;

    public void SetOwn(long patient, ConsentRules[] own) => _linked[patient].Own = own;

    /// <summary>Takes note of by whom a patient was replaced.</summary>
    /// <param name="ownOf">What the own consents of a patient say who was not linked until now.</param>
    /// <returns>The patients for whom other consents may count now.</returns>
    public IReadOnlyCollection<long> Replace(long patient, long[] by, Func<long, ConsentRules[]> ownOf)
    {
        long[] before = _linked.GetValueOrDefault(patient)?.ReplacedBy ?? [];
        if (before.AsSpan().SequenceEqual(by))
        {
            return [];
        }

        HashSet<long> affected = [.. Onwards(patient)];
        foreach (long other in before)
        {
            _linked[other].Replaces.Remove(patient);
        }

        Find(patient, ownOf).ReplacedBy = by;
        foreach (long other in by)
        {
            Find(other, ownOf).Replaces.Add(patient);
        }

        affected.UnionWith(Onwards(patient));
        return affected;
    }

    /// <summary>A patient, whoever came in that patient's place, and so on.</summary>
    public IEnumerable<long> Onwards(long patient) => Reach(patient, linked => linked.ReplacedBy, int.MaxValue);

    /// <summary>What counts for a patient who is linked; nothing is known when there is too much to be true.</summary>
    public PatientConsents CountingFor(long patient, long holder, bool isThere)
    {
        List<long> all = Reach(patient, linked => linked.Replaces, MostReplaced + 1);
        return new PatientConsents(holder, all.Count > MostReplaced ? null : [.. all.SelectMany(one => _linked[one].Own)], [.. all.Skip(1)], isThere);
    }

    /// <summary>All to whom links lead, the patient first; whoever was met before is not gone to again, so circles end.</summary>
    private List<long> Reach(long patient, Func<Linked, IEnumerable<long>> next, int most)
    {
        List<long> reached = [patient];
        HashSet<long> met = [patient];
        for (int i = 0; i < reached.Count; i++)
        {
            foreach (long other in _linked.TryGetValue(reached[i], out Linked? linked) ? next(linked) : [])
            {
                if (reached.Count < most && met.Add(other))
                {
                    reached.Add(other);
                }
            }
        }

        return reached;
    }

    private Linked Find(long patient, Func<long, ConsentRules[]> ownOf)
    {
        if (!_linked.TryGetValue(patient, out Linked? linked))
        {
            _linked[patient] = linked = new Linked { Own = ownOf(patient) };
        }

        return linked;
    }

    private sealed class Linked
    {
        public required ConsentRules[] Own { get; set; }

        public long[] ReplacedBy { get; set; } = [];

        public HashSet<long> Replaces { get; } = [];
    }
}
