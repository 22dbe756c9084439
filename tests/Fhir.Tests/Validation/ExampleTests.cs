using HealthChain.Fhir.Model;
using HealthChain.TestKit;
using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>The specification's examples: what the validator refuses is what conformance/validator/README.md explains, no more and no less.</summary>
public class ExampleTests
{
    [Fact]
    public void Every_error_on_an_official_example_is_explained()
    {
        Fhir.Validation.Validator validator = ExampleRun.NewValidator();
        List<string> found = [];
        foreach (ExampleFile file in ExampleCorpus.Instances)
        {
            found.AddRange(
                from issue in ExampleRun.Validate(validator, file)
                where issue.IsError
                group issue by issue.Key into rule
                select $"{file.Name} | {rule.Key} | {rule.Count()}");
        }

        Assert.Equal(Explained().Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_warm_validation_allocates_little()
    {
        // Measured 15 KB per resource; the bar is 80.
        const int most = 30 * 1024;
        Fhir.Validation.Validator validator = ExampleRun.NewValidator();
        Element[] resources = [.. ExampleCorpus.Instances.Select(file => FhirJson.Read(file.Json)).Where(read => read.IsOk).Select(read => read.Root)];
        foreach (Element resource in resources)
        {
            validator.Validate(resource);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (Element resource in resources)
        {
            validator.Validate(resource);
        }

        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / resources.Length;
        Assert.InRange(each, 1, most);
    }

    private static IEnumerable<string> Explained() =>
        from line in File.ReadLines(Repository.PathOf("conformance/validator/README.md"))
        where line.Contains(".json | ", StringComparison.Ordinal)
        let cells = line.Replace("\\|", "\u0001", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)
        select $"{cells[1]} | {cells[2].Replace('\u0001', '|')} | {cells[3]}";
}
