using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Organisations;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>What of a person, an organisation or a group decides whether a consent that names somebody means the requester. Immutable.</summary>
/// <param name="Sequence">Place of the version in the order of all commits.</param>
/// <param name="Identifiers">By which consents may name it.</param>
/// <param name="PartOf">The organisation above an organisation.</param>
/// <param name="Members">Who is in a group.</param>
internal sealed record Actor(long Sequence, ConsentCode[] Identifiers, string? PartOf, Membership[] Members)
{
    public static Actor Nobody { get; } = new(0, [], null, []);

    /// <summary>The types of those who ask, and of what stands above them. A patient who asks is known by her id alone.</summary>
    public static bool IsOne(string type) => type is "Practitioner" or "Organization" or "RelatedPerson" or "Device" or "Group";

    /// <summary>A deletion says nothing any more, but is remembered: what was stored before it may be told of later.</summary>
    public static Actor Read(StoredVersion version, string? serverBase)
    {
        if (version.IsDeleted)
        {
            return Nobody with { Sequence = version.Sequence };
        }

        Element resource = FhirJson.Read(version.Json).Root;
        return new Actor(version.Sequence, IdentifiersOf(resource), PartOfOf(resource, serverBase), MembersOf(resource, serverBase));
    }

    /// <summary>Whether it says the same as another.</summary>
    public bool Says(Actor other) =>
        PartOf == other.PartOf && Identifiers.AsSpan().SequenceEqual(other.Identifiers) && Members.AsSpan().SequenceEqual(other.Members);

    private static ConsentCode[] IdentifiersOf(Element resource)
    {
        var identifiers = new List<ConsentCode>();
        foreach (Element identifier in resource.ChildrenOf("identifier"))
        {
            if (identifier.TextOf("value") is { Length: > 0 } value)
            {
                identifiers.Add(new ConsentCode(string.Intern(identifier.TextOf("system") ?? ""), value));
            }
        }

        return [.. identifiers];
    }

    private static string? PartOfOf(Element resource, string? serverBase) =>
        resource.Type.Name == Organisation.Type && resource.Child("partOf") is { Exists: true } above ? above.LocalTarget(serverBase) : null;

    /// <summary>https://hl7.org/fhir/R4/group.html: only a group of real people has members.</summary>
    private static Membership[] MembersOf(Element resource, string? serverBase)
    {
        if (resource.Type.Name != "Group" || resource.Says("active", "false"u8))
        {
            return [];
        }

        var members = new List<Membership>();
        foreach (Element member in resource.ChildrenOf("member"))
        {
            if (!member.Says("inactive", "true"u8)
                && member.Child("entity") is { Exists: true } entity
                && entity.LocalTarget(serverBase) is { } named
                && IsOne(named[..named.IndexOf('/', StringComparison.Ordinal)]))
            {
                Element period = member.Child("period");
                members.Add(new Membership(named, RangeOf(period, "start")?.Start ?? long.MinValue, RangeOf(period, "end")?.End ?? long.MaxValue));
            }
        }

        return [.. members];
    }

    private static DateRange? RangeOf(Element period, string bound) =>
        period.Exists && period.Child(bound) is { Exists: true, HasValue: true } date && DateRange.TryParse(date.Value, out DateRange range) ? range : null;
}

/// <summary>Somebody is in a group, from one tick of UTC until another.</summary>
internal readonly record struct Membership(string Member, long From, long Until);
