using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class EvaluationTests
{
    [Theory]
    [InlineData("Patient.name.given")]
    [InlineData("name.where(use = 'official').given.first()")]
    [InlineData("telecom.where(system = 'email').exists()")]
    [InlineData("contact.all(name.exists() or telecom.exists() or address.exists() or organization.exists())")]
    [InlineData("active = true and gender != 'female'")]
    [InlineData("hasValue() or (children().count() > id.count())")]
    [InlineData("contained.contained.empty()")]
    [InlineData("birthDate < @2020")]
    [InlineData("extension('http://example.org/size').value > 1 'm'")]
    [InlineData("extension.exists() != multipleBirth.exists()")]
    [InlineData("descendants().count() > 3")]
    [InlineData("name.given | name.family")]
    public void A_warm_evaluation_allocates_nothing(string text)
    {
        FhirPathExpression expression = FhirPathExpression.Compile(text).Value;
        var run = new Evaluation();
        for (int i = 0; i < 10; i++)
        {
            expression.Evaluate(Cases.Patient, run);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            expression.Evaluate(Cases.Patient, run);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void One_expression_serves_many_threads_and_types()
    {
        FhirPathExpression expression = FhirPathExpression.Compile("name.family | name.where($this is string)").Value;
        Element organization = Cases.Patient.Child("contained");

        Parallel.For(0, 2000, i =>
        {
            bool even = i % 2 == 0;
            string expected = even ? "{string:Chalmers}" : "{string:Old Clinic}";
            Assert.Equal(expected, Cases.Show(expression.Evaluate(even ? Cases.Patient : organization)));
        });
    }

    [Fact]
    public void Invariants_hold_only_when_true()
    {
        Assert.True(FhirPathExpression.Compile("name.exists()").Value.IsTrue(Cases.Patient));
        Assert.False(FhirPathExpression.Compile("contact.name").Value.IsTrue(Cases.Patient));
        Assert.False(FhirPathExpression.Compile("name.empty()").Value.IsTrue(Cases.Patient));
        Assert.True(FhirPathExpression.Compile("name.first()").Value.IsTrue(Cases.Patient));
        Assert.Throws<FhirException>(() => FhirPathExpression.Compile("name").Value.IsTrue(Cases.Patient));
    }

    [Fact]
    public void After_an_error_the_same_evaluation_can_be_used_again()
    {
        var run = new Evaluation();
        FhirPathExpression failing = FhirPathExpression.Compile("name.select(given.where($this.single() = 1 + 'a'))").Value;
        FhirPathExpression working = FhirPathExpression.Compile("name.family").Value;

        Assert.Throws<FhirException>(() => failing.Evaluate(Cases.Patient, run));

        Assert.Equal("{string:Chalmers}", Cases.Show(working.Evaluate(Cases.Patient, run).Items.ToArray()));
    }

    [Fact]
    public void Search_parameters_may_use_as_for_many_items()
    {
        Assert.Equal(Cases.Error, Cases.Evaluate("(name.given as string)", Cases.Patient));

        FhirPathExpression expression = FhirPathExpression.Compile("(name.given as string)", FhirPathOptions.SearchParameter).Value;
        Assert.Equal(4, expression.EvaluateElements(Cases.Patient).Count);
    }

    [Fact]
    public void Values_are_small() => Assert.True(System.Runtime.CompilerServices.Unsafe.SizeOf<FhirPathValue>() <= 40);
}
