using HealthChain.Fhir;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Consent;

/// <summary>A code of a code system.</summary>
public readonly record struct ConsentCode(string System, string Code);

/// <summary>
/// The codes that consents speak in, and which lie below which. Taken from HL7's terminology once; immutable then, and asked without allocation.
/// </summary>
public sealed class Vocabulary
{
    public const string ConfidentialitySystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    public const string ActCodeSystem = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    public const string ActReasonSystem = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

    /// <summary>What R4 calls health research; purposes below it are research too.</summary>
    public static readonly ConsentCode Research = new(ActReasonSystem, "HRESCH");
    public static readonly ConsentCode Treatment = new(ActReasonSystem, "TREAT");
    public static readonly ConsentCode BreakGlass = new(ActReasonSystem, "BTG");

    /// <summary>"No disclosure without a consent directive": https://terminology.hl7.org/CodeSystem-v3-ActCode.html</summary>
    public static readonly ConsentCode NoDisclosureWithoutConsent = new(ActCodeSystem, "NODSCLCD");

    private const string SensitivityValueSet = "http://terminology.hl7.org/ValueSet/v3-InformationSensitivityPolicy";

    // From the least to the most confidential.
    private static readonly string[] Ranks = ["U", "L", "M", "N", "R", "V"];

    // IHE's Privacy Consent on FHIR puts substance use below ETH, where HL7's tree has both apart; data is sensitive by whichever says so.
    private static readonly (string Below, string Above)[] FurtherSensitivities = [("SUD", "ETH"), ("ETHUD", "ETH"), ("OPIOIDUD", "ETH")];

    private readonly TerminologyService _terminology;
    private readonly Dictionary<string, int> _sensitivities;
    private readonly UInt128[] _atOrBelow;

    /// <exception cref="InvalidOperationException">The terminology lacks HL7's sensitivity codes.</exception>
    public Vocabulary(TerminologyService terminology)
    {
        _terminology = terminology;
        Result<Expansion> expansion = terminology.Expand(SensitivityValueSet);
        string[] codes = expansion.IsOk
            ? [.. expansion.Value.Contains.Where(entry => entry.System == ActCodeSystem).Select(entry => entry.Code).Distinct(StringComparer.Ordinal)]
            : throw new InvalidOperationException($"{SensitivityValueSet} is needed: {expansion.Error}");
        if (codes.Length is 0 or > 128)
        {
            throw new InvalidOperationException($"{SensitivityValueSet} has {codes.Length} codes; 1 to 128 are expected.");
        }

        _sensitivities = codes.Index().ToDictionary(code => code.Item, code => code.Index, StringComparer.Ordinal);
        _atOrBelow = [.. codes.Select(above => codes.Where(below => IsSensitivityBelow(below, above)).Aggregate(UInt128.Zero, (set, code) => set | BitOf(code)))];
    }

    /// <summary>All labels of confidentiality.</summary>
    public static IEnumerable<ConsentCode> Confidentialities => Ranks.Select(code => new ConsentCode(ConfidentialitySystem, code));

    /// <summary>All labels of sensitivity.</summary>
    public IEnumerable<ConsentCode> Sensitivities => _sensitivities.Keys.Select(code => new ConsentCode(ActCodeSystem, code));

    /// <summary>How confidential a code says that something is; null for a code that is not of this system.</summary>
    public static Confidentiality? ConfidentialityOf(ConsentCode label) =>
        label.System == ConfidentialitySystem && Array.IndexOf(Ranks, label.Code) is var rank and >= 0 ? (Confidentiality)rank : null;

    /// <summary>The bit of a sensitivity code, in sets such as <see cref="ResourceLabels.Sensitivities"/>; 0 for any other label.</summary>
    public UInt128 SensitivityOf(ConsentCode label) =>
        label.System == ActCodeSystem && _sensitivities.ContainsKey(label.Code) ? BitOf(label.Code) : UInt128.Zero;

    /// <summary>The bits of a sensitivity code and of all below it; 0 for any other label.</summary>
    public UInt128 SensitivitiesUnder(ConsentCode label) =>
        label.System == ActCodeSystem && _sensitivities.TryGetValue(label.Code, out int bit) ? _atOrBelow[bit] : UInt128.Zero;

    /// <summary>Whether codes of the system can be told apart here.</summary>
    public bool Knows(string system) => _terminology.Knows(system);

    /// <summary>Whether a purpose is another or lies below it. Codes of other systems than v3-ActReason are only what they are.</summary>
    public bool IsAtOrBelow(ConsentCode purpose, ConsentCode above) =>
        purpose == above
        || (purpose.System == ActReasonSystem
            && above.System == ActReasonSystem
            && _terminology.Subsumes(ActReasonSystem, above.Code, purpose.Code) is { IsOk: true, Value: Subsumption.Subsumes or Subsumption.Equivalent });

    private UInt128 BitOf(string code) => UInt128.One << _sensitivities[code];

    private bool IsSensitivityBelow(string below, string above) =>
        FurtherSensitivities.Contains((below, above))
        || _terminology.Subsumes(ActCodeSystem, above, below) is { IsOk: true, Value: Subsumption.Subsumes or Subsumption.Equivalent };
}

/// <summary>How confidential something is, from the least to the most: https://terminology.hl7.org/CodeSystem-v3-Confidentiality.html</summary>
public enum Confidentiality : byte
{
    Unrestricted,
    Low,
    Moderate,
    Normal,
    Restricted,
    VeryRestricted,
}
