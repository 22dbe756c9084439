using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>Checks on a whole resource that neither its elements' rules nor its invariants state.</summary>
internal static class ResourceChecks
{
    public static void Check(Element resource, ValidationRun run)
    {
        CheckContained(resource, run);
        CheckId(resource, run);
        switch (resource.Type.Name)
        {
            case "Bundle":
                Bundles.Check(resource, run);
                break;
            case "QuestionnaireResponse":
                QuestionnaireResponses.Check(resource, run);
                break;
            case "Questionnaire":
                Questionnaires.Check(resource, run);
                break;
            case "SearchParameter":
                Expressions.Check(resource.Child("expression"), run);
                break;
            case "MeasureReport":
                MeasureReports.Check(resource, run);
                break;
            case "CodeSystem":
                CodeSystems.Check(resource, run);
                break;
            case "StructureDefinition":
                StructureDefinitions.Check(resource, run);
                break;
        }
    }

    // references.html#contained: a contained resource has an id, unique within its container.
    private static void CheckContained(Element resource, ValidationRun run)
    {
        Element contained = resource.Child("contained");
        if (!contained.Exists)
        {
            return;
        }

        var ids = new HashSet<string>();
        foreach (Element inner in resource.ChildrenOf("contained"))
        {
            Element id = inner.Child("id");
            if (!id.HasLiteral())
            {
                run.Findings.Error(inner, IssueType.Required, "contained", $"A contained resource needs an id, so that it can be referred to.");
            }
            else if (!ids.Add(id.Text!))
            {
                run.Findings.Error(
                    id, IssueType.Duplicate, "contained", $"Another contained resource has the id '{id.Value}' too; ids must differ.");
            }
        }
    }

    private static void CheckId(Element resource, ValidationRun run)
    {
        if (resource != run.Root)
        {
            return;
        }

        if (run.Request.Mode == ValidationMode.Update && !resource.Child("id").Exists)
        {
            run.Findings.Error(resource, IssueType.Required, "id", $"A resource to be updated must have an id.");
        }
    }
}
