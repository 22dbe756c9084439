using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>Bounds on expressions and their evaluation; beyond them an expression is refused as too costly.</summary>
public sealed record FhirPathLimits
{
    public static FhirPathLimits Default { get; } = new();

    /// <summary>Longest expression in characters.</summary>
    public int MaxExpressionLength { get; init; } = 64 * 1024;

    /// <summary>How deep an expression may nest, the links of a chain counted.</summary>
    public int MaxDepth { get; init; } = 256;

    /// <summary>Elements visited, items compared and functions called in one evaluation.</summary>
    public int MaxSteps { get; init; } = 2_000_000;

    /// <summary>Most items in one collection.</summary>
    public int MaxItems { get; init; } = 200_000;

    /// <summary>Longest string that an expression may make, in characters.</summary>
    public int MaxStringLength { get; init; } = 4 * 1024 * 1024;

    /// <summary>Time that one match of a regular expression may take.</summary>
    public TimeSpan RegexTimeout { get; init; } = TimeSpan.FromMilliseconds(250);
}

/// <summary>What expressions may ask of the world around the resource. The functions of this class know only the resource itself; derive to add a store, terminology or profiles.</summary>
/// <remarks>One instance serves many evaluations at once, so overrides must be thread-safe.</remarks>
public class FhirPathServices
{
    internal static FhirPathServices ResourceOnly { get; } = new();

    /// <summary>The resource that a reference points to, for <c>resolve()</c>; does not exist when it cannot be had. Contained resources and entries of the same Bundle are found before this is asked.</summary>
    /// <param name="reference">The reference as written: relative, absolute or a URN.</param>
    /// <param name="from">The element that holds the reference.</param>
    public virtual Element Resolve(string reference, Element from) => default;

    /// <summary>Whether a code, Coding or CodeableConcept is in a value set; null when that cannot be said.</summary>
    public virtual bool? IsMember(Element coded, string valueSet) => null;

    /// <summary>Whether a plain string is a code of a value set; null when that cannot be said.</summary>
    public virtual bool? IsMember(string code, string valueSet) => null;

    /// <summary>Whether one Coding or CodeableConcept subsumes another; null when that cannot be said.</summary>
    public virtual bool? Subsumes(Element general, Element specific) => null;

    /// <summary>Whether an element conforms to a profile; null when the profile is not known.</summary>
    public virtual bool? ConformsTo(Element element, string profile) => null;
}

/// <summary>Everything an evaluation may depend on beside its focus. Immutable, so it can be shared.</summary>
public sealed record EvaluationContext
{
    public static EvaluationContext Default { get; } = new();

    /// <summary><c>%resource</c>; if not set, the resource in which the focus stands.</summary>
    public Element Resource { get; init; }

    /// <summary><c>%rootResource</c>; if not set, the container of the resource in which the focus stands.</summary>
    public Element RootResource { get; init; }

    /// <summary>The clock of <c>now()</c>, <c>today()</c> and <c>timeOfDay()</c>; it is read at most once per evaluation.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Values of <c>%name</c> beyond the predefined ones.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<FhirPathValue>>? Variables { get; init; }

    public FhirPathServices Services { get; init; } = FhirPathServices.ResourceOnly;

    public FhirPathLimits Limits { get; init; } = FhirPathLimits.Default;

    /// <summary>Receives what <c>trace()</c> says: its name and the items.</summary>
    public Action<string, IReadOnlyList<FhirPathValue>>? Trace { get; init; }
}
