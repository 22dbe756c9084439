using System.Globalization;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Organisations;

/// <summary>
/// What a VerificationResult says of its targets: https://hl7.org/fhir/R4/verificationresult.html. Times are ticks of UTC.
/// </summary>
/// <param name="Key">The resource.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sequence">Place of the version in the order of all commits.</param>
/// <param name="Targets">Resources of this server, such as <c>Organization/1</c>.</param>
/// <param name="IsValidated">True for the status <c>validated</c>; all others say that it is not verified.</param>
/// <param name="Dated">When the status was set, in the precision of <c>statusDate</c>; all of time when that is not said.</param>
/// <param name="Until">From then on it says nothing any more; when the next verification is due.</param>
internal sealed record Verification(ResourceKey Key, long Version, long Sequence, IReadOnlyList<string> Targets, bool IsValidated, DateRange Dated, long Until)
{
    public const string Type = "VerificationResult";

    private const double DaysPerYear = 365.2425;

    /// <summary>What a version says; null when it says nothing: it is a deletion, or about parts of its targets only.</summary>
    /// <param name="serverBase">The FHIR base of this server, as absolute references to its resources begin; null when it is not known.</param>
    public static Verification? Read(StoredVersion version, string? serverBase)
    {
        if (version.IsDeleted)
        {
            return null;
        }

        Element resource = FhirJson.Read(version.Json).Root;

        // What was verified is then an address or a licence, and the organisation as a whole neither stands nor falls with it.
        if (resource.Child("targetLocation").Exists)
        {
            return null;
        }

        string[] targets = [.. resource.ChildrenOf("target").ToList().Select(target => target.LocalTarget(serverBase)).OfType<string>()];
        DateRange dated = RangeOf(resource.Child("statusDate")) ?? DateRange.Always;
        bool isValidated = resource.Says("status", "validated"u8);
        return new Verification(version.Key, version.Version, version.Sequence, targets, isValidated, dated, UntilOf(resource, dated, version.LastUpdated));
    }

    /// <summary>Whether it was said after another: the dates decide, and where they do not tell, the order in which both were stored.</summary>
    public bool IsNewerThan(Verification other) =>
        Dated.Start >= other.Dated.End || (Dated.End > other.Dated.Start && Sequence > other.Sequence);

    /// <summary>
    /// When the next verification is due: <c>nextScheduled</c>, that day included; or else by <c>frequency</c> after the last one. A frequency
    /// that names no such time ends it at once, rather than never.
    /// </summary>
    private static long UntilOf(Element resource, DateRange dated, DateTimeOffset stored)
    {
        if (RangeOf(resource.Child("nextScheduled")) is { } next)
        {
            return next.End;
        }

        Element frequency = resource.Child("frequency");
        if (!frequency.Exists)
        {
            return long.MaxValue;
        }

        Element repeat = frequency.Child("repeat");
        if (!repeat.Exists)
        {
            return long.MinValue;
        }

        long? bound = repeat.Child("bounds") is { Exists: true } bounds && bounds.Type.Name == "Period" && RangeOf(bounds.Child("end")) is { } end ? end.End : null;
        long last = RangeOf(resource.Child("lastPerformed"))?.Start ?? (dated == DateRange.Always ? stored.UtcTicks : dated.Start);
        return DueAfter(last, repeat) is { } due ? Math.Min(due, bound ?? due) : bound ?? long.MinValue;
    }

    /// <summary>When something done so and so often is due again; null when it is not said how often.</summary>
    private static long? DueAfter(long last, Element repeat)
    {
        double? days = repeat.TextOf("periodUnit") switch
        {
            "s" => 1.0 / 86_400,
            "min" => 1.0 / 1_440,
            "h" => 1.0 / 24,
            "d" => 1,
            "wk" => 7,
            "mo" => DaysPerYear / 12,
            "a" => DaysPerYear,
            _ => null,
        };
        if (days is null || !double.TryParse(repeat.TextOf("period"), CultureInfo.InvariantCulture, out double period) || period <= 0)
        {
            return null;
        }

        int times = int.TryParse(repeat.TextOf("frequency"), CultureInfo.InvariantCulture, out int number) && number > 0 ? number : 1;
        double ticks = period / times * days.Value * TimeSpan.TicksPerDay;
        return ticks < DateTime.MaxValue.Ticks - last ? last + (long)ticks : long.MaxValue;
    }

    private static DateRange? RangeOf(Element date) => date is { Exists: true, HasValue: true } && DateRange.TryParse(date.Value, out DateRange range) ? range : null;
}
