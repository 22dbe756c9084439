using HealthChain.FhirPathSuite;

// Usage: suite FOLDER             the official test suite for R4
//        differential             all search parameters and invariants of R4 on its examples, against npm's fhirpath
switch (args)
{
    case ["suite", string folder]:
        return RunSuite(folder);
    case ["differential"]:
        return Differential.Run(Console.Out);
    default:
        Console.Error.WriteLine("Say 'suite FOLDER' (the folder of tests-fhir-r4.xml) or 'differential'.");
        return 2;
}

static int RunSuite(string folder)
{
    OfficialSuite suite = OfficialSuite.Load(folder);
    IReadOnlyDictionary<string, string> exclusions = OfficialSuite.Exclusions();
    int passed = 0;
    int failed = 0;
    foreach (SuiteTest test in suite.Tests)
    {
        if (suite.Run(test) is not { } difference)
        {
            passed++;
        }
        else if (exclusions.TryGetValue(test.Name, out string? reason))
        {
            Console.WriteLine($"excluded {test.Name}: {reason}");
        }
        else
        {
            failed++;
            Console.WriteLine($"FAILED   {test.Group}/{test.Name}: {test.Expression.Trim()}: {difference}");
        }
    }

    Console.WriteLine($"{suite.Tests.Count} tests: {passed} passed, {suite.Tests.Count - passed - failed} excluded, {failed} failed");
    return failed == 0 ? 0 : 1;
}
