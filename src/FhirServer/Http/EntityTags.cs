using System.Globalization;

namespace HealthChain.FhirServer.Http;

/// <summary>Version ids as entity tags: https://hl7.org/fhir/R4/http.html#versioning</summary>
internal static class EntityTags
{
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");

    /// <summary>Whether a list of tags holds the one of something that is no resource.</summary>
    public static bool Includes(ReadOnlySpan<char> tags, string entityTag)
    {
        foreach (Range range in tags.Split(','))
        {
            if (tags[range].Trim() is "*" || WithoutWeakness(tags[range]).SequenceEqual(WithoutWeakness(entityTag)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a list of tags, as in If-Match or If-None-Match, holds the version. <c>*</c> holds any; the weakness mark does not matter.</summary>
    public static bool Includes(ReadOnlySpan<char> tags, long version)
    {
        foreach (Range range in tags.Split(','))
        {
            ReadOnlySpan<char> tag = WithoutWeakness(tags[range]);
            if (tag is "*")
            {
                return true;
            }

            if (long.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number == version)
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<char> WithoutWeakness(ReadOnlySpan<char> tag)
    {
        tag = tag.Trim();
        return tag.StartsWith("W/", StringComparison.OrdinalIgnoreCase) ? tag[2..] : tag;
    }
}
