using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>A profile must be applicable: its differential must fit its base. See R4 profiling.html#snapshot.</summary>
internal static class StructureDefinitions
{
    public static void Check(Element resource, ValidationRun run)
    {
        Element differential = resource.Child("differential");
        if (differential.Exists)
        {
            foreach (Element element in differential.ChildrenOf("element"))
            {
                foreach (Element constraint in element.ChildrenOf("constraint"))
                {
                    Expressions.Check(constraint.Child("expression"), run);
                }
            }
        }

        // The types themselves build on nothing or add elements; their snapshots are the specification's own work.
        if (!run.Findings.IsReporting || !resource.Child("derivation").Is("constraint"u8) || !differential.Exists)
        {
            return;
        }

        Result<IDefinition> read = DefinitionJson.Read(FhirJson.ToBytes(resource), resource.Expression);
        if (!read.IsOk || read.Value is not StructureDefinition structure)
        {
            foreach (Issue issue in read.Error?.Issues ?? [])
            {
                run.Findings.Report(issue.Severity, resource, issue.Type, "snapshot", $"{issue.Message}");
            }

            return;
        }

        foreach (Issue issue in new SnapshotGenerator(run.Validator.Definitions).Generate(structure).Issues)
        {
            run.Findings.Report(issue.Severity, resource, issue.Type, "snapshot", $"{issue.Message}");
        }
    }
}

/// <summary>FHIRPath in definitions must be FHIRPath.</summary>
internal static class Expressions
{
    public static void Check(Element expression, ValidationRun run)
    {
        if (expression.HasLiteral() && run.Findings.IsReporting && FhirPathExpression.Compile(expression.Text!) is { IsOk: false } failed)
        {
            run.Findings.Error(expression, IssueType.Invalid, "expression", $"This is no valid FHIRPath: {failed.Error.Issues[0].Message}");
        }
    }
}
