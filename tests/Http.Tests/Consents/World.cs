using System.Text.Json.Nodes;
using HealthChain.Smart;

namespace HealthChain.Http.Tests.Consents;

/// <summary>One version that a store holds: a content, or a deletion.</summary>
/// <param name="Instant">Which commit wrote it; versions of one commit share the time.</param>
/// <param name="Json">The content; of a deletion that which it ended.</param>
internal sealed record Step(int Instant, string Type, string Id, JsonObject Json, bool IsDeletion = false)
{
    public string Key => $"{Type}/{Id}";
}

/// <summary>Somebody with a token.</summary>
internal sealed record Asker(Role Role, string? FhirUser, string? Organisation, string? Purpose)
{
    /// <summary>Whether a practitioner may break the glass.</summary>
    public bool MayBreakGlass { get; init; }

    /// <summary>Why the glass is broken, and for which patient (an id); null when it is not.</summary>
    public (string Reason, string Patient)? Emergency { get; init; }

    public string Token => $"a-token-of-{Name}";

    public string Name => string.Concat($"{Role}-{FhirUser}-{Organisation}-{Purpose}-{MayBreakGlass}".Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '.'));

    public override string ToString() => $"{Role} {FhirUser} for {Organisation}, purpose {Purpose}";
}

/// <summary>All that a store was told, in order, and the policy where no consent speaks.</summary>
internal sealed record World(int Seed, string Policy, IReadOnlyList<Step> Steps, IReadOnlyList<Asker> Askers)
{
    /// <summary>What clients see as the server's address, whichever it is.</summary>
    public const string Base = "https://fhir.example/fhir";

    /// <summary>The time at which it is asked.</summary>
    public DateTimeOffset Now { get; init; } = new(2026, 6, 15, 10, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// It has resources of which the first version is withheld and the newest is not. What nobody sorts stands in the order of first versions, which tells of those
    /// as the number of a version does; so all is asked for in an order of its own.
    /// </summary>
    public bool IsAskedInOrder { get; init; }

    public DateTimeOffset TimeOf(int instant) => Now.AddDays(-10).AddHours(instant);

    /// <summary>The newest version of each resource.</summary>
    public IEnumerable<Step> Newest => Steps.GroupBy(step => step.Key).Select(versions => versions.Last());

    /// <summary>The resources that there are.</summary>
    public IEnumerable<Step> Current => Newest.Where(step => !step.IsDeletion);

    /// <summary>Versions of a resource by their numbers, the first at 0.</summary>
    public IReadOnlyList<Step> VersionsOf(string key) => [.. Steps.Where(step => step.Key == key)];
}
