using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// An invariant, compiled when it is first needed. Those of the specification that stand on very many elements have a version in
/// C#; the tests hold it against the FHIRPath it replaces.
/// </summary>
internal sealed class Invariant(Constraint constraint, string source)
{
    private readonly Func<Element, ValidationRun, bool?>? _native = NativeInvariants.Find(constraint.Expression!);
    private readonly bool _isOfSpecification = source.StartsWith("http://hl7.org/fhir/StructureDefinition/", StringComparison.Ordinal);
    private volatile Result<FhirPathExpression>[]? _compiled;

    public Constraint Constraint { get; } = constraint;

    /// <summary>The version in C#, when there is one; it gives null where it leaves the answer to the FHIRPath.</summary>
    public Func<Element, ValidationRun, bool?>? Native => _native;

    public void Check(Element element, ValidationRun run)
    {
        if (_native?.Invoke(element, run) is not { } holds)
        {
            Result<FhirPathExpression> compiled = Compiled;
            if (!compiled.IsOk)
            {
                ReportFailure(element, run, compiled.Error);
                return;
            }

            try
            {
                holds = Holds(compiled.Value, element, run);
            }
            catch (FhirException failure)
            {
                ReportFailure(element, run, failure.Error);
                return;
            }
        }

        if (!holds)
        {
            IssueSeverity severity = Constraint.Severity == ConstraintSeverity.Error ? IssueSeverity.Error : IssueSeverity.Warning;
            run.Findings.Report(
                severity, element, IssueType.Invariant, Constraint.Key, $"{Sentence(Constraint.Human)} ({Constraint.Key}, {source}).");
        }
    }

    // Empty is no. But the specification's own invariants were written for engines where a string function on nothing is false, not
    // empty: bdl-8 would refuse every entry without a fullUrl. So there empty, which also means "cannot be compared", is no violation.
    private bool Holds(FhirPathExpression expression, Element element, ValidationRun run) =>
        expression.IsTrue(element, run.EvaluationContext)
        || (_isOfSpecification && _native is null && expression.Evaluate(element, run.EvaluationContext).Count == 0);

    private Result<FhirPathExpression> Compiled
    {
        get
        {
            // An array of one, because a struct cannot be published atomically.
            _compiled ??= [FhirPathExpression.Compile(Constraint.Expression!)];
            return _compiled[0];
        }
    }

    private void ReportFailure(Element element, ValidationRun run, FhirError error) =>
        run.Findings.Warning(
            element, IssueType.Processing, Constraint.Key,
            $"The invariant {Constraint.Key} of {source} could not be evaluated, so it is not known whether it holds: {error.Issues[0].Message}");

    private static string Sentence(string human) => human.TrimEnd('.', ' ');
}
