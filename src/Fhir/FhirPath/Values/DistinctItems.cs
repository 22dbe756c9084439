namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// Adds items to a list unless an equal one is there already. Small lists are searched; beyond that items are looked up by a
/// hash that equal items share, so that long lists do not take quadratic time.
/// </summary>
internal struct DistinctItems(Evaluation run, ValueList output)
{
    private const int SearchedUpTo = 16;

    private readonly int _start = output.Count;
    private Dictionary<int, List<int>>? _byHash;

    /// <summary>False when it was there.</summary>
    public bool Add(in FhirPathValue value)
    {
        if (output.Count - _start < SearchedUpTo)
        {
            for (int i = _start; i < output.Count; i++)
            {
                if (IsSame(output[i], value))
                {
                    return false;
                }
            }
        }
        else if (!AddToIndex(value))
        {
            return false;
        }

        output.Add(value);
        return true;
    }

    private bool AddToIndex(in FhirPathValue value)
    {
        if (_byHash is null)
        {
            _byHash = [];
            for (int i = _start; i < output.Count; i++)
            {
                Positions(ItemHash.Of(output[i])).Add(i);
            }
        }

        List<int> candidates = Positions(ItemHash.Of(value));
        foreach (int candidate in candidates)
        {
            if (IsSame(output[candidate], value))
            {
                return false;
            }
        }

        candidates.Add(output.Count);
        return true;
    }

    private readonly List<int> Positions(int hash)
    {
        if (!_byHash!.TryGetValue(hash, out List<int>? positions))
        {
            _byHash.Add(hash, positions = []);
        }

        return positions;
    }

    private readonly bool IsSame(in FhirPathValue left, in FhirPathValue right)
    {
        run.Charge(1);
        return Equality.AreEqual(left, right) == true;
    }
}
