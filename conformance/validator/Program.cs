using HealthChain.ValidatorSuite;

// Verbs: examples [file], cases [name], speed, first.
switch (args)
{
    case ["examples", .. var rest]:
        return ExampleRun.Report(rest.FirstOrDefault(), Console.Out);
    case ["speed"]:
        SpeedRun.Report(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("Say one of: examples [FILE], cases [NAME], speed, first.");
        return 2;
}
