using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

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

        SnapshotResult snapshot = new SnapshotGenerator(run.Validator.Definitions).Generate(structure);
        foreach (Issue issue in snapshot.Issues)
        {
            run.Findings.Report(issue.Severity, resource, issue.Type, "snapshot", $"{issue.Message}");
        }

        foreach (ElementDefinition element in snapshot.Structure.Snapshot)
        {
            CheckDiscriminators(element, differential, run);
        }

        CheckFixedValues(structure, differential, run);
    }

    // A profile can only narrow (profiling.html): what its base has fixed to one value cannot be fixed to another.
    private static void CheckFixedValues(StructureDefinition structure, Element differential, ValidationRun run)
    {
        if (structure.BaseDefinition is null || run.Validator.Tree(structure.BaseDefinition) is not { } tree)
        {
            return;
        }

        foreach (ElementDefinition element in structure.Differential)
        {
            if (element.Fixed is { } own && tree.Find(element.Id)?.Definition.Fixed is { } inherited && !own.Json.Span.SequenceEqual(inherited.Json.Span))
            {
                run.Findings.Error(
                    differential, IssueType.Value, "fixed", $"{element.Id} is fixed to {own.Json.Span}, but {structure.BaseDefinition} has fixed it to {inherited.Json.Span}.");
            }
        }
    }

    // profiling.html#discriminator: a restricted FHIRPath to an element that the sliced one has.
    private static void CheckDiscriminators(ElementDefinition element, Element differential, ValidationRun run)
    {
        foreach (Discriminator discriminator in element.Slicing?.Discriminators ?? [])
        {
            if (DiscriminatorStep.Parse(discriminator.Path) is not { } path)
            {
                run.Findings.Error(
                    differential, IssueType.Invalid, "discriminator", $"'{discriminator.Path}' is no path for a discriminator ({element.Id}); use element names, extension('url'), resolve() and ofType().");
            }
            else if (element.Types is [var only] && RuleParts.TypeOf(only) is { } type && !Leads(path, type))
            {
                run.Findings.Error(
                    differential, IssueType.Invalid, "discriminator", $"The discriminator '{discriminator.Path}' of {element.Id} leads nowhere: {type.Name} has no such element.");
            }
        }
    }

    private static bool Leads(DiscriminatorStep[] path, TypeSchema type)
    {
        TypeSchema current = type;
        foreach (DiscriminatorStep step in path)
        {
            // Behind a choice, a backbone or a reference anything may stand.
            if (step.Kind != DiscriminatorStepKind.Child || current.Kind == TypeKind.Backbone || current.Name is "BackboneElement" or "Element")
            {
                return true;
            }

            if (current.Element(step.Argument) is not { } element)
            {
                return false;
            }

            if (element.Types.Count != 1 || element.Types[0].Type.IsResource)
            {
                return true;
            }

            current = element.Types[0].Type;
        }

        return true;
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
