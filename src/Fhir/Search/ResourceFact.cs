using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Search;

/// <summary>
/// What access decisions ask of a resource. Each is a parameter of the set like those that are searched by, but of no type's: no client can name it, and
/// nothing is looked up by it: its values stand apart (<see cref="IndexValues.Facts"/>).
/// </summary>
public enum ResourceFact : byte
{
    /// <summary>A Coding anywhere in it but in <c>meta</c>, contained resources included.</summary>
    Code,

    /// <summary>A label of <c>meta.security</c>, but for those of confidentiality.</summary>
    Label,

    /// <summary>A label of <c>meta.security</c> of v3-Confidentiality; those that the code system does not have count too, so they stand apart from others.</summary>
    Confidentiality,

    /// <summary>A profile of <c>meta.profile</c>, with and without its version.</summary>
    Profile,

    /// <summary>A literal reference anywhere in it, but for those to contained resources.</summary>
    Reference,

    /// <summary>Who made it.</summary>
    Maker,

    /// <summary>Which organisation keeps it.</summary>
    Keeper,

    /// <summary>A patient of this server in whose compartment it is, or whose it is by what <see cref="OwnParameters"/> add.</summary>
    Patient,

    /// <summary>When what it tells of happened.</summary>
    Time,
}

/// <summary>The facts as definitions of parameters.</summary>
internal static class FactDefinitions
{
    /// <summary>One for each fact, in their order.</summary>
    public static IReadOnlyList<SearchParameter> All { get; } = [.. Enum.GetValues<ResourceFact>().Select(Define)];

    private static SearchParameter Define(ResourceFact fact) => new()
    {
        Url = $"urn:healthchain:resource-fact:{fact}",
        Name = fact.ToString(),
        Code = $":fact-{fact}",
        Bases = [],
        Type = fact switch
        {
            ResourceFact.Time => SearchParameterType.Date,
            ResourceFact.Profile => SearchParameterType.Uri,
            ResourceFact.Code or ResourceFact.Label or ResourceFact.Confidentiality => SearchParameterType.Token,
            _ => SearchParameterType.Reference,
        },
    };
}
