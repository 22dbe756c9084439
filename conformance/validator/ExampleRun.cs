using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;

namespace HealthChain.ValidatorSuite;

/// <summary>Validates the specification's examples and lists what is found.</summary>
public static class ExampleRun
{
    public static Fhir.Validation.Validator NewValidator() => new(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));

    /// <summary>The errors of one example, those of the reader included.</summary>
    public static IReadOnlyList<Issue> Validate(Fhir.Validation.Validator validator, ExampleFile file)
    {
        ReadResult read = FhirJson.Read(file.Json);
        return read.IsOk ? validator.Validate(read.Tree!.Root) : read.Issues;
    }

    public static int Report(string? only, TextWriter output)
    {
        Fhir.Validation.Validator validator = NewValidator();
        int valid = 0;
        int count = 0;
        foreach (ExampleFile file in only is null ? ExampleCorpus.Instances : ExampleCorpus.All.Where(file => file.Name.Contains(only, StringComparison.Ordinal)))
        {
            IReadOnlyList<Issue> issues = Validate(validator, file);
            count++;
            valid += issues.Any(issue => issue.IsError) ? 0 : 1;
            foreach (Issue issue in issues)
            {
                if (issue.IsError || only is not null)
                {
                    output.WriteLine($"{file.Name} | {issue.Severity.Code()} | {issue.Key} | {issue.Expression} | {issue.Message}");
                }
            }
        }

        output.WriteLine($"{valid} of {count} examples have no error.");
        return 0;
    }
}
