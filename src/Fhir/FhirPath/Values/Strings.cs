namespace HealthChain.Fhir.FhirPath;

/// <summary>Equivalence and order of strings.</summary>
internal static class Strings
{
    /// <summary>The same but for case and for the kind and number of blanks.</summary>
    public static bool AreEquivalent(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        (int x, int y) = (0, 0);
        while (x < left.Length && y < right.Length)
        {
            bool blank = char.IsWhiteSpace(left[x]);
            if (blank != char.IsWhiteSpace(right[y]))
            {
                return false;
            }

            if (blank)
            {
                SkipBlanks(left, ref x);
                SkipBlanks(right, ref y);
            }
            else if (char.ToUpperInvariant(left[x++]) != char.ToUpperInvariant(right[y++]))
            {
                return false;
            }
        }

        return x == left.Length && y == right.Length;
    }

    /// <summary>"String ordering is strictly lexical and is based on the Unicode value of the individual characters": not of UTF-16's code units.</summary>
    public static int CompareByCodePoint(string left, string right)
    {
        int length = Math.Min(left.Length, right.Length);
        for (int i = 0; i < length; i++)
        {
            (char x, char y) = (left[i], right[i]);
            if (x != y)
            {
                bool xHigh = char.IsSurrogate(x);
                return xHigh != char.IsSurrogate(y) ? (xHigh ? 1 : -1) : x.CompareTo(y);
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static void SkipBlanks(ReadOnlySpan<char> text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
    }
}
