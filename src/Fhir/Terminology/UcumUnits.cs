using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Fhir.Terminology;

/// <summary>Units of measure (UCUM, case-sensitive): every unit that can be built of its atoms.</summary>
internal sealed class UcumUnits() : GrammarSystem(SystemUrl, "units (UCUM)")
{
    public const string SystemUrl = "http://unitsofmeasure.org";

    public override CodeMembership Check(ReadOnlySpan<byte> code) => Answer(UcumUnit.TryParse(code, out _, out _));

    /// <summary>R4 ("Using UCUM with FHIR") filters by <c>canonical</c>: the units that convert into the given one.</summary>
    public override CodeRule? Filter(ConceptFilter filter) =>
        filter is { Property: "canonical", Operator: "=" } && UcumUnit.TryParse(filter.Value, out UcumUnit unit, out _)
            ? new Comparable(unit)
            : null;

    private sealed class Comparable(UcumUnit wanted) : CodeRule
    {
        public override CodeMembership Test(ReadOnlySpan<byte> code) =>
            UcumUnit.TryParse(code, out UcumUnit unit, out _) ? Answer(unit.Dimension == wanted.Dimension) : CodeMembership.NotMember;
    }
}
