using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

public class WalkTests
{
    [Fact]
    public void The_walk_finds_what_each_expression_finds_on_its_own()
    {
        var plain = new PlainExtractor();
        var extractor = new SearchExtractor(Sets.R4);
        var values = new IndexValues();
        var differences = new List<string>();
        var found = new HashSet<IndexedParameter>();
        foreach ((string name, Element resource) in ExampleFiles.All)
        {
            extractor.Extract(resource, values);
            foreach (IndexedParameter parameter in Sets.R4.Of(resource.Type).Where(parameter => parameter.IsExtracted))
            {
                HashSet<string> walked = [.. ValueText.Of(values, parameter.Id)];
                HashSet<string> evaluated = plain.Extract(parameter, resource);
                if (!walked.SetEquals(evaluated))
                {
                    differences.Add(
                        $"{name} {parameter.Code}: only the walk [{string.Join(", ", walked.Except(evaluated))}], only FHIRPath [{string.Join(", ", evaluated.Except(walked))}]");
                }

                if (walked.Count > 0)
                {
                    found.Add(parameter);
                }
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.Take(20))}");
        Assert.True(ExampleFiles.All.Count > 5000, $"{ExampleFiles.All.Count} examples");
        Assert.True(found.Count > 900, $"{found.Count} parameters have values in the examples.");
    }

    [Fact]
    public void All_parameters_of_R4_compile()
    {
        string[] faults = [.. Sets.R4.Check().Select(issue => issue.Message).Order(StringComparer.Ordinal)];
        Assert.Equal([], faults);
    }

    [Fact]
    public void Only_expressions_that_compute_are_left_to_the_engine()
    {
        string[] computed =
        [
            .. FhirSchema.R4.Types.Where(type => type is { IsResource: true, IsAbstract: false })
                .SelectMany(type => Sets.R4.WalkOf(type).Computed.ToArray().Select(item => $"{type.Name}: {item.Expression.Text}")),
        ];
        Assert.Equal(["Patient: Patient.deceased.exists() and Patient.deceased != false"], computed);
    }

    /// <summary>
    /// What R4's parameters point at, and ours for the types of contained resources. The five that <see cref="ValueWriter"/> makes nothing of are the leftovers of choices: ages,
    /// ranges and words where a date is searched, an attachment where a reference is.
    /// </summary>
    [Fact]
    public void R4_asks_for_these_pairs_of_parameter_and_data_type()
    {
        var pairs = new SortedSet<string>(StringComparer.Ordinal);
        foreach (TypeSchema type in FhirSchema.R4.Types.Where(type => type is { IsResource: true, IsAbstract: false }))
        {
            var start = new WalkPoint(new WalkNode(), null, [type], IsSingle: true);
            foreach (IndexedParameter parameter in Sets.R4.Of(type).Where(parameter => parameter.IsExtracted && parameter.Components.Count == 0))
            {
                Syntax syntax = Parser.Parse(parameter.Definition.Expression!, FhirPathLimits.Default);
                pairs.UnionWith((WalkCompiler.Follow(syntax, start, start) ?? [])
                    .SelectMany(point => point.Types)
                    .Select(found => $"{parameter.Type} {DataShapes.Of(found)}"));
            }
        }

        Assert.Equal(
            [
                "Date Date", "Date Period", "Date Quantity", "Date Range", "Date Text", "Date Timing",
                "Number Number", "Number Range",
                "Quantity Money", "Quantity Quantity", "Quantity Range", "Quantity SampledData",
                "Reference None", "Reference Reference", "Reference Resource", "Reference Uri",
                "Special Position",
                "String Address", "String HumanName", "String Text",
                "Token Boolean", "Token Code", "Token CodeableConcept", "Token Coding", "Token ContactPoint", "Token Identifier",
                "Token Resource", "Token Text", "Token Uri",
                "Uri Uri",
            ],
            pairs);
    }
}
