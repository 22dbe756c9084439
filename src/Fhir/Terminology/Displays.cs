using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>Chooses words by language (RFC 4647 lookup: <c>de-AT</c> falls back to <c>de</c>, and <c>de</c> accepts <c>de-AT</c>).</summary>
internal static class Displays
{
    /// <summary>The languages of an Accept-Language value in the order given; weights only order them, and clients write them in order.</summary>
    public static IReadOnlyList<string> Languages(string? acceptLanguage) => acceptLanguage is null
        ? []
        : [.. acceptLanguage
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(range => range.Split(';', 2)[0].Trim())
            .Where(range => range.Length > 0 && range != "*")];

    /// <summary>The display in the first of the languages that has one, or the given default.</summary>
    public static string? Choose(string? display, string? displayLanguage, IEnumerable<Designation> designations, IReadOnlyList<string> languages)
    {
        if (languages.Count == 0)
        {
            return display;
        }

        List<Designation> candidates = [.. designations.Where(designation => designation.Language is not null)];
        foreach (string language in languages)
        {
            if (display is not null && displayLanguage is not null && Speaks(displayLanguage, language))
            {
                return display;
            }

            Designation? exact = candidates.Find(designation => string.Equals(designation.Language, language, StringComparison.OrdinalIgnoreCase));
            Designation? near = exact ?? candidates.Find(designation => Speaks(designation.Language!, language));
            if (near is not null)
            {
                return near.Value;
            }
        }

        return display;
    }

    /// <summary>Whether a text of the one language serves a reader of the other: same primary language.</summary>
    public static bool Speaks(string language, string wanted) => Primary(language).Equals(Primary(wanted), StringComparison.OrdinalIgnoreCase);

    /// <summary>Compares displays as people read them: without regard to case and to the amount of white space.</summary>
    public static bool AreSame(string left, string right) => Normalise(left).Equals(Normalise(right), StringComparison.OrdinalIgnoreCase);

    private static string Normalise(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static ReadOnlySpan<char> Primary(string language)
    {
        int dash = language.IndexOf('-');
        return dash < 0 ? language : language.AsSpan(0, dash);
    }
}
