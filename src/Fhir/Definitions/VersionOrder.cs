namespace HealthChain.Fhir.Definitions;

/// <summary>
/// Which of two business versions is newer: part by part at the dots and hyphens, numbers by value. R4 leaves the form of versions
/// open (https://hl7.org/fhir/R4/resource.html#versions); this orders semantic versions and dates, the two forms in use.
/// </summary>
internal static class VersionOrder
{
    private static readonly char[] Separators = ['.', '-', '+'];

    public static int Compare(string? left, string? right)
    {
        if (left is null || right is null)
        {
            return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        }

        string[] a = left.Split(Separators);
        string[] b = right.Split(Separators);
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            bool isNumber = long.TryParse(a[i], out long x) & long.TryParse(b[i], out long y);
            int order = isNumber ? x.CompareTo(y) : string.CompareOrdinal(a[i], b[i]);
            if (order != 0)
            {
                return order;
            }
        }

        // 1.0.0 is newer than its pre-release 1.0.0-ballot, and 4.0.1 newer than 4.0.
        bool isPreRelease = a.Length != b.Length && char.IsAsciiLetter((a.Length > b.Length ? a[b.Length] : b[a.Length]).FirstOrDefault());
        return isPreRelease ? b.Length.CompareTo(a.Length) : a.Length.CompareTo(b.Length);
    }
}
