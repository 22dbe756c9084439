using HealthChain.FhirServer.Responses;

namespace HealthChain.FhirServer.Operations.Matching;

/// <summary>
/// How alike two patients are, after Fellegi and Sunter ("A Theory for Record Linkage", 1969): every comparison adds the binary
/// logarithm of how much likelier its outcome is for records of one person than for records of two; what one of the two does not say
/// adds nothing.
/// </summary>
/// <remarks>
/// The weights are guesses for a population of about a million, not measured on one: an identifier of a system is shared by one in a
/// million strangers, a birth date by one in some hundred of those near in age, a gender by every second. The sum stands against odds
/// of <see cref="PriorBits"/> that a candidate is somebody else; the score is the probability that follows.
/// </remarks>
internal static class MatchWeights
{
    private const double PriorBits = 14;

    private const double IdentifierSame = 20;
    private const double IdentifierDiffers = -4;
    private const double FamilySame = 8;
    private const double FamilyAlike = 4;
    private const double FamilyDiffers = -5;
    private const double GivenSame = 6;
    private const double GivenAlike = 3;
    private const double GivenDiffers = -4;
    private const double BirthDateSame = 8;
    private const double BirthDateAlike = 3;
    private const double BirthDateDiffers = -7;
    private const double GenderSame = 1;
    private const double GenderDiffers = -5;
    private const double PhoneSame = 8;
    private const double EmailSame = 9;
    private const double PostalCodeSame = 4;
    private const double PostalCodeDiffers = -1;
    private const double CitySame = 2;
    private const double LineSame = 5;

    /// <summary>From here on a match is certain: one wrong in ten thousand.</summary>
    private const double CertainScore = 0.9999;

    private const double ProbableScore = 0.9;

    /// <summary>Below it a candidate is not worth a look.</summary>
    private const double LeastScore = 0.01;

    /// <summary>The score of a candidate; null when it is certainly somebody else.</summary>
    public static MatchScore? Compare(Demographics asked, Demographics candidate)
    {
        double bits = Identifiers(asked, candidate)
            + Names(asked.Families, candidate.Families, FamilySame, FamilyAlike, FamilyDiffers)
            + Names(asked.Givens, candidate.Givens, GivenSame, GivenAlike, GivenDiffers)
            + BirthDates(asked.BirthDate, candidate.BirthDate)
            + Sets(asked.Gender is { } one ? [one] : [], candidate.Gender is { } other ? [other] : [], GenderSame, GenderDiffers)
            + Sets(asked.Phones, candidate.Phones, PhoneSame, 0)
            + Sets(asked.Emails, candidate.Emails, EmailSame, 0)
            + Sets(asked.PostalCodes, candidate.PostalCodes, PostalCodeSame, PostalCodeDiffers)
            + Sets(asked.Cities, candidate.Cities, CitySame, 0)
            + Sets(asked.Lines, candidate.Lines, LineSame, 0);
        double score = 1 / (1 + Math.Pow(2, PriorBits - bits));
        return score < LeastScore
            ? null
            : new MatchScore(Math.Round((decimal)score, 4), score >= CertainScore ? "certain" : score >= ProbableScore ? "probable" : "possible");
    }

    private static double Identifiers(Demographics asked, Demographics candidate)
    {
        double bits = 0;
        foreach ((string? system, string value) in asked.Identifiers)
        {
            if (candidate.Identifiers.Any(other => other.Value == value && (system is null || other.System is null || other.System == system)))
            {
                // Several identifiers that agree are rarely independent of each other.
                return IdentifierSame;
            }

            if (candidate.Identifiers.Any(other => other.System is not null && other.System == system))
            {
                bits = IdentifierDiffers;
            }
        }

        return bits;
    }

    private static double Names(IReadOnlyList<string> asked, IReadOnlyList<string> candidate, double same, double alike, double differs)
    {
        if (asked.Count == 0 || candidate.Count == 0)
        {
            return 0;
        }

        return asked.Any(candidate.Contains) ? same
            : asked.Any(one => candidate.Any(other => NameSimilarity.AreAlike(one, other))) ? alike
            : differs;
    }

    /// <summary>A date that is a part of the other, or has day and month exchanged, is alike.</summary>
    private static double BirthDates(string? asked, string? candidate)
    {
        if (asked is null || candidate is null)
        {
            return 0;
        }

        return asked == candidate ? BirthDateSame
            : asked.StartsWith(candidate, StringComparison.Ordinal) || candidate.StartsWith(asked, StringComparison.Ordinal) || Exchanged(asked) == candidate ? BirthDateAlike
            : BirthDateDiffers;
    }

    /// <summary>The date with day and month exchanged; null when that is none.</summary>
    public static string? Exchanged(string date) =>
        date.Length == 10 && int.Parse(date[8..]) <= 12 ? $"{date[..4]}-{date[8..]}-{date[5..7]}" : null;

    private static double Sets(IReadOnlyList<string> asked, IReadOnlyList<string> candidate, double same, double differs) =>
        asked.Count == 0 || candidate.Count == 0 ? 0 : asked.Any(candidate.Contains) ? same : differs;
}
