using HealthChain.ValidatorSuite;

// Verbs: examples [FILE], cases [NAME], mutations.
switch (args)
{
    case ["examples", .. var rest]:
        return ExampleRun.Report(rest.FirstOrDefault(), Console.Out);
    case ["mutations"]:
        return MutationSuite.Report(Console.Out);
    case ["cases", .. var rest]:
        return ValidatorCases.Open()?.Report(rest.FirstOrDefault(), Console.Out) ?? 2;
    default:
        Console.Error.WriteLine("Say one of: examples [FILE], cases [NAME], mutations.");
        return 2;
}
