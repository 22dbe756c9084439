namespace HealthChain.Fhir.FhirPath;

/// <summary>Decimal arithmetic: exact digits, and nothing instead of an overflow.</summary>
internal static class Numbers
{
    /// <summary>Equal when rounded to the precision of the less precise one; zeros at the end do not count as precision.</summary>
    public static bool AreEquivalent(decimal left, decimal right)
    {
        if (left == right)
        {
            return true;
        }

        int digits = Math.Min(SignificantScale(left), SignificantScale(right));
        return Math.Round(left, digits, MidpointRounding.AwayFromZero) == Math.Round(right, digits, MidpointRounding.AwayFromZero);
    }

    /// <summary>Removes zeros at the end of the fraction.</summary>
    public static decimal Trim(decimal value)
    {
        // Dividing by a one of the largest scale makes the runtime choose the smallest scale that holds the value.
        return value / 1.0000000000000000000000000000m;
    }

    private static int SignificantScale(decimal value) => Trim(value).Scale;
}
