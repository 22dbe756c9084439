using HealthChain.ValidatorSuite;

// Verbs: examples [FILE], cases [NAME], mutations.
switch (args)
{
    case ["examples", .. var rest]:
        return ExampleRun.Report(rest.FirstOrDefault(), Console.Out);
    case ["mutations"]:
        return MutationSuite.Report(Console.Out);
    case ["cases", .. var rest]:
        if (ValidatorCases.Open() is { } cases)
        {
            return cases.Report(rest.FirstOrDefault(), Console.Out);
        }

        Console.Error.WriteLine("The cases are not there: neither ../shared/data nor HEALTHCHAIN_SHARED leads to them.");
        return 2;
    default:
        Console.Error.WriteLine("Say one of: examples [FILE], cases [NAME], mutations.");
        return 2;
}
