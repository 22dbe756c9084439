using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>The invariants in C# against the FHIRPath that they stand for, on every element of every example.</summary>
public class NativeInvariantTests
{
    // que-7 compares with System.Boolean and que-12 counts to two against their own words; the narrative check reports txt-1 and txt-2.
    private static readonly string[] MeantOtherwise = ["que-7", "que-12", "txt-1", "txt-2"];

    [Fact]
    public void Element_id_comes_first_in_every_type_that_is_no_resource()
    {
        string[] others = [.. FhirSchema.R4.Types
            .Where(type => !type.IsResource && type.Elements.Count > 0 && type.Elements[ValidationRun.ElementId].Name != "id")
            .Select(type => type.Name)];

        Assert.Empty(others);
    }

    [Fact]
    public void Native_invariants_answer_as_their_expressions_do()
    {
        Fhir.Validation.Validator validator = new(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));
        var differences = new List<string>();
        var compared = new Dictionary<string, int>();
        foreach (ExampleFile file in ExampleCorpus.Instances)
        {
            if (FhirJson.Read(file.Json).Tree is { } tree)
            {
                var run = new ValidationRun(validator, tree.Root, ValidationRequest.Default);
                Compare(tree.Root, validator, run, compared, differences);
            }
        }

        Assert.Empty(differences);
        Assert.Superset(new HashSet<string> { "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "per-1", "qty-3", "cpt-2", "att-1", "org-2", "obs-6", "obs-7" }, compared.Keys.ToHashSet());
    }

    private static void Compare(Element element, Fhir.Validation.Validator validator, ValidationRun run, Dictionary<string, int> compared, List<string> differences)
    {
        TypeRules type = validator.RulesOf(element.Type);
        Compare(element, type.Invariants, run, compared, differences);
        foreach (Element child in element.Children)
        {
            Compare(child, type.Elements[child.Schema!.Index]?.Invariants ?? [], run, compared, differences);
            Compare(child, validator, run, compared, differences);
        }
    }

    private static void Compare(Element element, Invariant[] invariants, ValidationRun run, Dictionary<string, int> compared, List<string> differences)
    {
        foreach (Invariant invariant in invariants)
        {
            string key = invariant.Constraint.Key;
            if (MeantOtherwise.Contains(key) || invariant.Native?.Invoke(element, run) is not { } native)
            {
                continue;
            }

            // dom-3 says as() of whole collections, where FHIRPath has ofType(). Empty is no violation; Invariant says why.
            string text = invariant.Constraint.Expression!.Replace(".as(", ".ofType(", StringComparison.Ordinal);
            FhirPathExpression expression = FhirPathExpression.Compile(text).Value;
            bool expected = expression.IsTrue(element, run.EvaluationContext) || expression.Evaluate(element, run.EvaluationContext).Count == 0;
            compared[key] = compared.GetValueOrDefault(key) + 1;
            if (native != expected)
            {
                differences.Add($"{key} on {element.Expression}: native {native}, FHIRPath {expected}");
            }
        }
    }
}
