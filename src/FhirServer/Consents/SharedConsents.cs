using HealthChain.Consent;

namespace HealthChain.FhirServer.Consents;

/// <summary>One <see cref="PatientConsents"/> for all patients who said the same and whose records the same organisation holds. Not thread-safe.</summary>
internal sealed class SharedConsents
{
    /// <summary>Patients with more consents than that hardly ever have the same ones.</summary>
    private const int MostRules = 4;

    private readonly HashSet<PatientConsents> _shared;
    private readonly HashSet<PatientConsents>.AlternateLookup<Said> _lookup;

    public SharedConsents()
    {
        _shared = new HashSet<PatientConsents>(new SameSaid());
        _lookup = _shared.GetAlternateLookup<Said>();
    }

    public int Count => _shared.Count;

    /// <summary>For one patient more.</summary>
    public PatientConsents Take(long holder, ConsentRules[] rules, bool isThere)
    {
        if (rules.Length > MostRules)
        {
            return new PatientConsents(holder, rules, [], isThere);
        }

        if (!_lookup.TryGetValue(new Said(holder, rules, isThere), out PatientConsents? consents))
        {
            _shared.Add(consents = new PatientConsents(holder, rules, [], isThere));
        }

        consents.Patients++;
        return consents;
    }

    /// <summary>For one patient less.</summary>
    public void Release(PatientConsents consents)
    {
        if (consents.Patients > 0 && --consents.Patients == 0)
        {
            _shared.Remove(consents);
        }
    }

    private readonly record struct Said(long Holder, ConsentRules[] Rules, bool IsThere);

    private sealed class SameSaid : IEqualityComparer<PatientConsents>, IAlternateEqualityComparer<Said, PatientConsents>
    {
        public bool Equals(PatientConsents? one, PatientConsents? other) => ReferenceEquals(one, other);

        public bool Equals(Said said, PatientConsents other) => said.Holder == other.Holder && said.IsThere == other.IsThere && said.Rules.AsSpan().SequenceEqual(other.Rules);

        public int GetHashCode(PatientConsents consents) => GetHashCode(new Said(consents.Holder, consents.Rules!, consents.IsThere));

        public int GetHashCode(Said said)
        {
            var hash = new HashCode();
            hash.Add(said.Holder);
            hash.Add(said.IsThere);
            foreach (ConsentRules rules in said.Rules)
            {
                hash.Add(rules);
            }

            return hash.ToHashCode();
        }

        public PatientConsents Create(Said said) => new(said.Holder, said.Rules, [], said.IsThere);
    }
}
