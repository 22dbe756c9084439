using System.Globalization;

namespace HealthChain.FhirServer.Http;

/// <summary>Version ids as entity tags: https://hl7.org/fhir/R4/http.html#versioning</summary>
internal static class EntityTags
{
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");

    /// <summary>Whether a list of tags, as in If-Match or If-None-Match, holds the version. <c>*</c> holds any; the weakness mark does not matter.</summary>
    public static bool Includes(ReadOnlySpan<char> tags, long version)
    {
        foreach (Range range in tags.Split(','))
        {
            ReadOnlySpan<char> tag = tags[range].Trim();
            if (tag is "*")
            {
                return true;
            }

            if (tag.StartsWith("W/", StringComparison.OrdinalIgnoreCase))
            {
                tag = tag[2..];
            }

            if (long.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number == version)
            {
                return true;
            }
        }

        return false;
    }
}
