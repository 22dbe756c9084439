namespace HealthChain.FhirServer.Operations.Matching;

/// <summary>Whether two names may be one that was misspelt or shortened (Jaro's measure with Winkler's bonus for a common start).</summary>
internal static class NameSimilarity
{
    private const double LeastAlike = 0.9;
    private const int MaxPrefix = 4;
    private const double PrefixBonus = 0.1;

    /// <summary>Names longer than that are compared by their beginning; the measure takes quadratic time.</summary>
    private const int MaxLength = 64;

    public static bool AreAlike(string one, string other)
    {
        ReadOnlySpan<char> a = one.AsSpan(0, Math.Min(one.Length, MaxLength));
        ReadOnlySpan<char> b = other.AsSpan(0, Math.Min(other.Length, MaxLength));
        return IsInitial(a, b) || IsInitial(b, a) || JaroWinkler(a, b) >= LeastAlike;
    }

    private static bool IsInitial(ReadOnlySpan<char> initial, ReadOnlySpan<char> name) => initial.Length == 1 && name.Length > 0 && name[0] == initial[0];

    public static double JaroWinkler(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.IsEmpty || b.IsEmpty)
        {
            return a.Length == b.Length ? 1 : 0;
        }

        int window = Math.Max(0, (Math.Max(a.Length, b.Length) / 2) - 1);
        Span<bool> inA = stackalloc bool[a.Length];
        Span<bool> inB = stackalloc bool[b.Length];
        int matches = 0;
        for (int i = 0; i < a.Length; i++)
        {
            for (int j = Math.Max(0, i - window); j < Math.Min(b.Length, i + window + 1); j++)
            {
                if (!inB[j] && a[i] == b[j])
                {
                    inA[i] = inB[j] = true;
                    matches++;
                    break;
                }
            }
        }

        if (matches == 0)
        {
            return 0;
        }

        int outOfOrder = 0;
        for (int i = 0, j = 0; i < a.Length; i++)
        {
            if (!inA[i])
            {
                continue;
            }

            while (!inB[j])
            {
                j++;
            }

            outOfOrder += a[i] == b[j++] ? 0 : 1;
        }

        double jaro = (((double)matches / a.Length) + ((double)matches / b.Length) + ((matches - (outOfOrder / 2.0)) / matches)) / 3;
        int prefix = Math.Min(MaxPrefix, a.CommonPrefixLength(b));
        return jaro + (prefix * PrefixBonus * (1 - jaro));
    }
}
