using HealthChain.ValidatorSuite;

// Verbs: examples [file], cases [name], speed, first.
switch (args)
{
    case ["examples", .. var rest]:
        return ExampleRun.Report(rest.FirstOrDefault(), Console.Out);
    case ["mutations"]:
        return MutationSuite.Report(Console.Out);
    case ["cases", .. var rest]:
        return ValidatorCases.Open()?.Report(rest.FirstOrDefault(), Console.Out) ?? 2;
    case ["speed"]:
        SpeedRun.Report(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("Say one of: examples [FILE], cases [NAME], speed, first.");
        return 2;
}
