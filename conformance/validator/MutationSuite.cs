using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Validation;

namespace HealthChain.ValidatorSuite;

/// <summary>
/// Breaks valid examples in one place each and looks whether the fault is found and named. What is broken is decided by code from
/// the schema, the same on every run.
/// </summary>
public static class MutationSuite
{
    private const int PerKind = 24;

    /// <summary>The mutations of all kinds; those from the schema spread over many resource types.</summary>
    public static IReadOnlyList<Mutation> Generate()
    {
        List<ExampleFile> files = [.. ValidFiles()];
        List<Mutation> mutations = [];
        foreach (GenericFault fault in GenericFaults.All)
        {
            mutations.AddRange(Spread(fault, files));
        }

        foreach (CraftedFault fault in CraftedFaults.All)
        {
            mutations.Add(fault.Make());
        }

        mutations.AddRange(ProfileFaults.All());

        return mutations;
    }

    public static IReadOnlyList<Issue> Run(Fhir.Validation.Validator validator, Mutation mutation)
    {
        ReadResult read = FhirJson.Read(Encoding.UTF8.GetBytes(mutation.Resource.ToJsonString()));
        return read.IsOk
            ? validator.Validate(read.Tree!.Root, new ValidationRequest { Profiles = mutation.Profiles })
            : read.Issues;
    }

    public static int Report(TextWriter output)
    {
        Fhir.Validation.Validator validator = TestProfiles.NewValidator();
        IReadOnlyList<Mutation> mutations = Generate();
        int caught = 0;
        foreach (Mutation mutation in mutations)
        {
            IReadOnlyList<Issue> issues = Run(validator, mutation);
            if (mutation.IsCaughtBy(issues))
            {
                caught++;
                continue;
            }

            output.WriteLine($"missed: {mutation}; errors: {string.Join("; ", issues.Where(issue => issue.IsError))}");
        }

        foreach (IGrouping<string, Mutation> kind in mutations.GroupBy(mutation => mutation.Kind))
        {
            output.WriteLine($"{kind.Count(),4} {kind.Key}");
        }

        output.WriteLine($"{caught} of {mutations.Count} faults are caught and named.");
        return caught == mutations.Count ? 0 : 1;
    }

    // Small ones, so that the suite is quick; the last of a type first, which spreads over the numbered examples.
    private static IEnumerable<ExampleFile> ValidFiles()
    {
        const int largest = 20_000;
        const int perType = 3;
        Fhir.Validation.Validator validator = ExampleRun.NewValidator();
        return ExampleCorpus.Instances
            .Where(file => file.Json.Length <= largest)
            .GroupBy(file => file.Type)
            .SelectMany(group => group.Reverse().Where(file => !ExampleRun.Validate(validator, file).Any(issue => issue.IsError)).Take(perType));
    }

    // At most one mutation of a kind per file, at a place that walks through the candidates from file to file.
    private static IEnumerable<Mutation> Spread(GenericFault fault, List<ExampleFile> files)
    {
        int made = 0;
        int stride = Math.Max(1, files.Count / (PerKind * 2));
        for (int i = 0; i < files.Count && made < PerKind; i += made < PerKind / 2 ? 1 : stride)
        {
            JsonObject resource = JsonNode.Parse(files[i].Json)!.AsObject();
            List<Place> candidates = JsonWalk.Places(resource).FindAll(place => fault.Applies(place));
            if (candidates.Count == 0)
            {
                continue;
            }

            Place place = candidates[(made * 7) % candidates.Count];
            string expression = fault.Break(place);
            made++;
            yield return new Mutation(fault.Kind, files[i].Name, expression, resource, []);
        }
    }
}
