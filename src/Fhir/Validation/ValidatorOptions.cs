using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>What a <see cref="Validator"/> checks and how severely, for every validation alike.</summary>
public sealed record ValidatorOptions
{
    public static ValidatorOptions Default { get; } = new();

    /// <summary>Number of issues after which the validator stops; the last one says that there are more.</summary>
    public int MaxIssues { get; init; } = 200;

    /// <summary>Number of profiles that stay compiled.</summary>
    public int MaxCachedProfiles { get; init; } = 1000;

    /// <summary>Report invariants that only recommend, such as dom-6 ("a resource should have narrative").</summary>
    public bool BestPractice { get; init; }

    /// <summary>A profile in <c>meta.profile</c> that no loaded definition describes.</summary>
    public IssueSeverity UnknownProfile { get; init; } = IssueSeverity.Warning;

    /// <summary>An extension outside HL7's own namespace that no loaded definition describes. One of HL7's namespace is always an error.</summary>
    public IssueSeverity UnknownExtension { get; init; } = IssueSeverity.Warning;

    /// <summary>Treat urls under <c>example.org</c> and the like as errors where extensions and code systems are named.</summary>
    public bool RefuseExampleUrls { get; init; }

    /// <summary>Url prefixes under which unknown extensions are accepted without a word.</summary>
    public IReadOnlyList<string> AllowedExtensionDomains { get; init; } = [];

    /// <summary>Check bindings against the terminology.</summary>
    public bool Bindings { get; init; } = true;

    /// <summary>Evaluate invariants.</summary>
    public bool Invariants { get; init; } = true;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Knows the data of an Attachment that is kept elsewhere, when something stands in for it; null for data that is there itself.</summary>
    public Func<Element, DataFacts?>? DataElsewhere { get; init; }
}

/// <summary>What an Attachment may say of its data.</summary>
public sealed record DataFacts(long Bytes, ReadOnlyMemory<byte> Sha1);

/// <summary>What the validation is for; decides what a resource may lack.</summary>
public enum ValidationMode
{
    /// <summary>The resource as it stands.</summary>
    Resource,

    /// <summary>About to be created: it needs no id.</summary>
    Create,

    /// <summary>About to be updated: it needs an id.</summary>
    Update,
}

/// <summary>What one validation asks for.</summary>
public sealed record ValidationRequest
{
    public static ValidationRequest Default { get; } = new();

    /// <summary>Canonicals of profiles that the resource must meet, besides those it claims in <c>meta.profile</c>.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];

    /// <summary>Check the profiles that resources claim in <c>meta.profile</c>. Without, only the specification's own rules hold.</summary>
    public bool ClaimedProfiles { get; init; } = true;

    public ValidationMode Mode { get; init; }

    /// <summary>
    /// Finds what a literal reference points to outside the resource and its Bundle, so that the target's type and profile can be
    /// checked; gives an element that does not exist for what it cannot find. Without it such targets are not looked at.
    /// </summary>
    public Func<string, Element>? ReferenceResolver { get; init; }
}
