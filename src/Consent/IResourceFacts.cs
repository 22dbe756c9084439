using HealthChain.Fhir.Search;

namespace HealthChain.Consent;

/// <summary>
/// What rules ask of a resource. Where resources are kept it is answered by index keys, elsewhere by the resource itself; both must say the same.
/// </summary>
public interface IResourceFacts
{
    ResourceLabels Labels { get; }

    /// <summary>When what it tells of happened; null when nothing says so.</summary>
    DateRange? ClinicalTime { get; }

    string Type { get; }

    /// <summary>Whether <c>meta.profile</c> names the profile, with or without its version.</summary>
    bool Claims(in TextTerm profile);

    /// <summary>Whether the code, which is not empty, is a Coding anywhere in it but in <c>meta</c>.</summary>
    bool Holds(in CodeTerm code);

    /// <summary>Whether <c>meta.security</c> has the label, whose code is not empty.</summary>
    bool IsLabelled(in CodeTerm label);

    /// <param name="reference">Such as <c>Condition/7</c>.</param>
    bool Is(in TextTerm reference);

    /// <summary>Whether anything in it refers to another resource.</summary>
    bool RefersTo(in TextTerm reference);

    /// <summary>Whether it was made by somebody: performer, author, recorder, asserter, requester or provider.</summary>
    bool IsBy(in TextTerm reference);

    /// <summary>Whether an organisation keeps it.</summary>
    bool IsKeptBy(in TextTerm reference);

    /// <summary>Marks the consents that name something that it has; false where it is not known by keys, so that all must be asked.</summary>
    bool Mark(TermIndex index, scoped Span<ulong> marks);
}

/// <summary>The security labels of a resource, as the rules count them.</summary>
/// <param name="Stated">The highest confidentiality on it; one that nobody knows counts as the highest of all, none as normal.</param>
/// <param name="Sensitivities">Bits of its sensitivity codes, see <see cref="Vocabulary.SensitivityOf"/>.</param>
public readonly record struct ResourceLabels(Confidentiality Stated, UInt128 Sensitivities)
{
    public static ResourceLabels None { get; } = new(Confidentiality.Normal, UInt128.Zero);

    /// <summary>"Any sensitivity code makes it at least restricted", as IHE's Privacy Consent on FHIR has it.</summary>
    public Confidentiality Effective => Sensitivities != UInt128.Zero && Stated < Confidentiality.Restricted ? Confidentiality.Restricted : Stated;
}
