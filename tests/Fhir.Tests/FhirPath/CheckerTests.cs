using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Schema;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class CheckerTests
{
    // An R4 mistake: ChargeItemDefinition has no name (the constraint was copied from the other conformance resources).
    private static readonly string[] KnownBadInvariants = ["ChargeItemDefinition cid-0"];

    [Theory]
    [InlineData("name.given", "Patient", "string")]
    [InlineData("Patient.name.given.first()", "Patient", "string")]
    [InlineData("Observation.value", "Observation", "Quantity or CodeableConcept or string or boolean or integer or Range or Ratio or SampledData or time or dateTime or Period")]
    [InlineData("value.ofType(Quantity).value", "Observation", "decimal")]
    [InlineData("name.count() + 1.5", "Patient", "Decimal")]
    [InlineData("birthDate + 1 year", "Patient", "Date")]
    [InlineData("item.repeat(item).linkId", "Questionnaire", "string")]
    [InlineData("name.exists()", "Patient", "Boolean")]
    public void The_type_of_the_result_is_known(string expression, string focus, string expected)
    {
        FhirPathCheck check = Check(expression, focus);

        Assert.Empty(check.Issues);
        Assert.Equal(expected, string.Join(" or ", check.ResultTypes!));
    }

    [Theory]
    [InlineData("name.given1", "Patient", "has no element 'given1'")]
    [InlineData("Encounter.status", "Patient", "the path starts with Encounter")]
    [InlineData("valueQuantity.unit", "Observation", "write 'value' or 'value.ofType(Quantity)'")]
    [InlineData("(value as Period).unit", "Observation", "Period has no element 'unit'")]
    [InlineData("children().skip(1)", "Patient", "needs an order")]
    [InlineData("descendants()[0]", "Patient", "needs an order")]
    [InlineData("identifier.startsWith('a')", "Patient", "must be a String")]
    [InlineData("name.where(foo = 1)", "Patient", "has no element 'foo'")]
    [InlineData("name.all(given.exists(bar))", "Patient", "has no element 'bar'")]
    [InlineData("iif('a', 1, 2)", "Patient", "must be a Boolean")]
    [InlineData("birthDate + 7", "Patient", "'+' is not defined")]
    [InlineData("birthDate < 'x'", "Patient", "have no order")]
    [InlineData("name & 'x'", "Patient", "joins strings")]
    [InlineData("-name", "Patient", "a sign belongs to a number")]
    [InlineData("name['a']", "Patient", "an index must be an Integer")]
    [InlineData("birthDate.abs()", "Patient", "must be a number")]
    [InlineData("name.yearOf()", "Patient", "must be a Date")]
    [InlineData("1.foo", "Patient", "Integer has no element 'foo'")]
    public void What_cannot_be_right_is_an_error(string expression, string focus, string expected)
    {
        FhirPathCheck check = Check(expression, focus);

        Assert.False(check.IsOk);
        Assert.Contains(check.Issues, issue => issue.IsError && issue.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("name.given.startsWith('a')")]
    [InlineData("name.given > 'a'")]
    [InlineData("name.family and true")]
    public void What_goes_wrong_with_several_items_is_a_warning(string expression)
    {
        FhirPathCheck check = Check(expression, "Patient");

        Assert.True(check.IsOk);
        Assert.Contains(check.Issues, issue => issue.Severity == IssueSeverity.Warning && issue.Message.Contains("must be a single item", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gender is Quantity")]
    [InlineData("gender.is(System.String)")]
    [InlineData("name.ofType(Period)")]
    public void A_type_that_cannot_be_is_a_warning(string expression)
    {
        FhirPathCheck check = Check(expression, "Patient");

        Assert.True(check.IsOk);
        Assert.Contains(check.Issues, issue => issue.Message.Contains("is never of that type", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("contained.name")]
    [InlineData("contained.ofType(Organization).name")]
    [InlineData("%foo.bar.baz")]
    [InlineData("extension.value.code")]
    [InlineData("resolve().name")]
    [InlineData("descendants().where(foo = 1)")]
    [InlineData("repeat(contained).id")]
    public void What_may_be_right_is_left_alone(string expression) => Assert.True(Check(expression, "Patient").IsOk);

    [Fact]
    public void All_search_parameters_of_R4_compile_and_fit_their_types()
    {
        var faults = new List<string>();
        int count = 0;
        foreach (SearchParameter parameter in DefinitionSet.R4.SearchParameters.Where(parameter => parameter.Expression is not null))
        {
            count++;
            TypeSchema[] bases = [.. parameter.Bases.Select(name => FhirSchema.R4.Type(name)).OfType<TypeSchema>()];
            Result<FhirPathExpression> compiled = FhirPathExpression.Compile(parameter.Expression!, FhirPathOptions.SearchParameter);
            if (!compiled.IsOk || !FhirPathChecker.Check(compiled.Value, bases).IsOk)
            {
                faults.Add(parameter.Url);
            }
        }

        Assert.InRange(count, 1300, 2000);
        Assert.Empty(faults);
    }

    [Fact]
    public void All_invariants_of_R4_s_types_compile_and_fit_their_elements()
    {
        var faults = new List<string>();
        int count = 0;
        foreach (StructureDefinition structure in DefinitionSet.R4.Structures.Where(structure => !structure.IsConstraint))
        {
            foreach (ElementDefinition element in structure.Snapshot)
            {
                TypeSchema? focus = FhirSchema.R4.Type(element.Path) ?? (element.Types.Count == 1 ? FhirSchema.R4.Type(element.Types[0].Code) : null);
                foreach (Constraint constraint in element.Constraints.Where(constraint => constraint.Expression is not null))
                {
                    count++;
                    Result<FhirPathExpression> compiled = FhirPathExpression.Compile(constraint.Expression!);
                    if (!compiled.IsOk || !FhirPathChecker.Check(compiled.Value, focus, FhirTypes.Resource).IsOk)
                    {
                        faults.Add($"{element.Path} {constraint.Key}");
                    }
                }
            }
        }

        Assert.InRange(count, 5000, 20000);
        Assert.Equal(KnownBadInvariants, faults);
    }

    private static FhirPathCheck Check(string expression, string focus) =>
        FhirPathChecker.Check(FhirPathExpression.Compile(expression).Value, FhirSchema.R4.Type(focus));
}
