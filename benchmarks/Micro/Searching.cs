using System.Diagnostics;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.Micro;

/// <summary>
/// Searches in the store itself, without HTTP, on one thread: what a request costs the engine in time of the processor, which neighbours on
/// the machine do not change much. Rounds alternate with reading 20 versions by id, about the least that a page of 20 can cost.
/// </summary>
internal sealed class Searching(SyntheticClinic clinic)
{
    private const int Rounds = 9;
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(120);

    private readonly Random _random = new(1);

    public static void Run()
    {
        foreach (int patients in Environment.GetEnvironmentVariable("MICRO_PATIENTS") is { } sizes
            ? Array.ConvertAll(sizes.Split(','), int.Parse)
            : [350])
        {
            using var clinic = new SyntheticClinic(patients);
            long start = Stopwatch.GetTimestamp();
            clinic.Fill();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Console.WriteLine($"search: {clinic.Resources} resources, written at {clinic.Resources / seconds:F0}/s");

            // The index rows in memory move to the tables when nothing is written for a while.
            Thread.Sleep(TimeSpan.FromSeconds(8));
            new Searching(clinic).All();
        }
    }

    private void All()
    {
        Include subject = new(TypeOf("Observation"), Parameter("Observation", "subject"), null, IsReverse: false, Iterates: false);
        Include of = new(TypeOf("Observation"), Parameter("Observation", "subject"), null, IsReverse: true, Iterates: false);
        SortKey newest = new(Parameter("Observation", "date"), true);
        SortKey name = new(Parameter("Patient", "family"), false);
        Measure("patient + code by date, 20", () => Search("Observation", 20, $"patient=Patient/{Patient()}", $"code={Code()}") with { Sort = [newest] });
        Measure("patient by date, 20", () => Search("Observation", 20, $"patient=Patient/{Patient()}") with { Sort = [newest] });
        Measure("patient (id alone), 20", () => Search("Observation", 20, $"patient={Patient()}"));
        Measure("patient + date range", () => Search("Observation", 20, $"patient=Patient/{Patient()}", "date=ge2020-01-01", "date=lt2021-01-01"));
        Measure("_include, 20 + 1", () => Search("Observation", 20, $"patient=Patient/{Patient()}", $"code={Code()}") with { Includes = [subject] });
        Measure("_include of a code, 20 + 20", () => Search("Observation", 20, $"code={Code()}") with { Includes = [subject] });
        Measure("_revinclude of one, 1 + 80", () => Search("Patient", 20, $"_id={Patient()}") with { Includes = [of] });
        Measure("_has, 20", () => With("Patient", 20, new PointedAtBy(TypeOf("Observation"), Parameter("Observation", "subject"), Value("Observation", $"code={Code()}"))));
        Measure("_has, 20, no total", () => With("Patient", 20, new PointedAtBy(TypeOf("Observation"), Parameter("Observation", "subject"), Value("Observation", $"code={Code()}"))) with { CountTotal = false });
        Measure("chain by name, 20", () => With("Observation", 20, new PointsAt(Parameter("Observation", "subject"), [TypeOf("Patient")], Value("Patient", $"family={Family()}"))));
        Measure("chain by gender + code, 20", () => With("Observation", 20, new AllOf([
            new PointsAt(Parameter("Observation", "subject"), [TypeOf("Patient")], Value("Patient", "gender=male")), Value("Observation", $"code={Code()}")])));
        Measure("code, 20", () => Search("Observation", 20, $"code={Code()}"));
        Measure("code, total alone", () => Search("Observation", 0, $"code={Code()}"));
        Measure("everything, 20", () => Search("Observation", 20));
        Measure("identifier", () => Search("Patient", 20, $"identifier=http://clinic.example.org/mrn|M{_random.Next(clinic.Patients)}"));
        Measure("patients by name, 20", () => Search("Patient", 20) with { Sort = [name] });
        Measure("code by date, 20", () => Search("Observation", 20, $"code={Code()}") with { Sort = [newest] });
        Measure("all by date, 20", () => Search("Observation", 20) with { Sort = [newest] });
        Measure("all by _lastUpdated, 20", () => Search("Observation", 20) with { Sort = [new SortKey(Parameter("Observation", "_lastUpdated"), true)] });
        Measure("value > 190 mg/dL, 20", () => Search("Observation", 20, "value-quantity=gt190|http://unitsofmeasure.org|mg/dL"));
        Measure("compartment, 20", () => With("Observation", 20, new InCompartment("Patient", Patient())));
    }

    private void Measure(string name, Func<SearchRequest> next)
    {
        if (Environment.GetEnvironmentVariable("MICRO_ONLY") is { } only && !name.Contains(only, StringComparison.Ordinal))
        {
            return;
        }

        Rate(next, Warm);
        double[] rates = new double[Rounds];
        double[] references = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            references[round] = ReferenceRate();
            rates[round] = Rate(next, Round);
        }

        Array.Sort(rates);
        Array.Sort(references);
        long before = GC.GetAllocatedBytesForCurrentThread();
        SearchPage page = Ask(next());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        double rate = rates[Rounds / 2];
        Console.WriteLine(
            $"{name,-28} {rate,8:F0}/s {1e6 / rate,8:F0} us  {rate / references[Rounds / 2],6:F2} x reading 20  {allocated / 1024.0,7:F0} KB"
            + $"  {page.Matches.Count} + {page.Included.Count} of {page.Total}");
    }

    private double Rate(Func<SearchRequest> next, TimeSpan time)
    {
        TimeSpan start = ThreadTime.Now;
        int count = 0;
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < time; count++)
        {
            Ask(next());
        }

        return count / (ThreadTime.Now - start).TotalSeconds;
    }

    private double ReferenceRate()
    {
        TimeSpan start = ThreadTime.Now;
        int count = 0;
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Round; count++)
        {
            int patient = _random.Next(clinic.Patients);
            for (int i = 0; i < 20; i++)
            {
                ValueTask<StoredVersion?> read = clinic.Store.ReadAsync(SyntheticClinic.Everything, new ResourceKey("Observation", $"o{patient}-{i}"), CancellationToken.None);
                _ = read.AsTask().GetAwaiter().GetResult() ?? throw new InvalidOperationException("A resource is missing.");
            }
        }

        return count / (ThreadTime.Now - start).TotalSeconds;
    }

    private SearchPage Ask(SearchRequest request) =>
        clinic.Store.SearchAsync(SyntheticClinic.Everything, request, CancellationToken.None).AsTask().GetAwaiter().GetResult().Value;

    private SearchRequest Search(string type, int count, params string[] conditions) =>
        With(type, count, new AllOf([.. conditions.Select(condition => Value(type, condition))]));

    private static SearchRequest With(string type, int count, Criterion criterion) =>
        new() { Types = [TypeOf(type)], Criterion = criterion, Count = count, CountTotal = true };

    private HasValue Value(string type, string condition)
    {
        string[] parts = condition.Split('=', 2);
        IndexedParameter parameter = Parameter(type, parts[0]);
        var options = new SearchQueryOptions { Now = DateTimeOffset.UnixEpoch };
        return new HasValue(parameter, SearchModifier.None, SearchQueryReader.Read(parameter, SearchModifier.None, null, parts[1], options).Value);
    }

    private string Patient() => $"p{_random.Next(clinic.Patients)}";

    private string Code() => $"http://loinc.org|{1000 + _random.Next(SyntheticClinic.Codes)}-1";

    private string Family() => $"{new[] { "smith", "jones", "muller", "garcia" }[_random.Next(4)]}{_random.Next(100)}";

    private static TypeSchema TypeOf(string name) => FhirSchema.R4.Type(name)!;

    private IndexedParameter Parameter(string type, string code) => clinic.Parameters.Find(TypeOf(type), code)!;
}
