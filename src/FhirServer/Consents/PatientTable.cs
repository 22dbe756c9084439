namespace HealthChain.FhirServer.Consents;

/// <summary>
/// What is known of each patient, by the hash of the patient. Made for a million of them: 24 bytes a place, and one look for a search that asks for each
/// of its candidates.
/// </summary>
/// <remarks>Any number of threads may look while one writes. Places are never given back.</remarks>
internal sealed class PatientTable
{
    private const int Smallest = 1024;

    private Places _places = new(Smallest);
    private int _count;

    /// <summary>Null for a patient of whom nothing was ever said.</summary>
    public PatientConsents? Find(long patient)
    {
        Places places = Volatile.Read(ref _places);
        int place = places.Of(patient);
        return Volatile.Read(ref places.Keys[place]) == patient ? Volatile.Read(ref places.Values[place]) : null;
    }

    public void Set(long patient, PatientConsents consents)
    {
        Places places = Claim(patient, out int place);
        Volatile.Write(ref places.Values[place], consents);
    }

    /// <summary>Whether a version of the patient is newer than all that were told of; it is noted then.</summary>
    public bool IsNews(long patient, long sequence)
    {
        Places places = Claim(patient, out int place);
        if (places.Sequences[place] >= sequence)
        {
            return false;
        }

        places.Sequences[place] = sequence;
        return true;
    }

    /// <summary>Takes the next version of a patient for news, whichever it is; false for a patient of whom nothing was ever said.</summary>
    public bool Forget(long patient)
    {
        if (Find(patient) is null)
        {
            return false;
        }

        Places places = Claim(patient, out int place);
        places.Sequences[place] = 0;
        return true;
    }

    /// <summary>The place of the patient, which gets one if there is none.</summary>
    private Places Claim(long patient, out int place)
    {
        place = _places.Of(patient);
        if (_places.Keys[place] == patient)
        {
            return _places;
        }

        // A quarter stays free, so that looks for who is not there end soon.
        if (++_count > _places.Keys.Length / 4 * 3)
        {
            Volatile.Write(ref _places, _places.Doubled());
            place = _places.Of(patient);
        }

        _places.Values[place] = PatientConsents.None;
        Volatile.Write(ref _places.Keys[place], patient);
        return _places;
    }

    private sealed class Places(int size)
    {
        /// <summary>0 where nobody is: no patient has that hash, but for one in 2^64.</summary>
        public readonly long[] Keys = new long[size];
        public readonly PatientConsents?[] Values = new PatientConsents?[size];
        public readonly long[] Sequences = new long[size];

        public int Of(long patient)
        {
            // The hashes are keyed and so as good as random.
            int place = (int)patient & (size - 1);
            while (Volatile.Read(ref Keys[place]) is var key && key != patient && key != 0)
            {
                place = (place + 1) & (size - 1);
            }

            return place;
        }

        public Places Doubled()
        {
            var doubled = new Places(size * 2);
            for (int i = 0; i < size; i++)
            {
                if (Keys[i] != 0)
                {
                    int place = doubled.Of(Keys[i]);
                    (doubled.Keys[place], doubled.Values[place], doubled.Sequences[place]) = (Keys[i], Values[i], Sequences[i]);
                }
            }

            return doubled;
        }
    }
}
