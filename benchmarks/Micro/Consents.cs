using System.Diagnostics;
using System.Globalization;
using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Consents;
using HealthChain.Storage;

namespace HealthChain.Micro;

/// <summary>
/// Whether a resource exists for a clinician, by its index keys and compiled consents: processor time and memory for each, for a patient with ten consents
/// of five rules, and for one with a thousand beside one with a single one.
/// </summary>
internal static class Consents
{
    private const int Resources = 1_000;
    private const int Rounds = 31;
    private const int Passes = 10;

    // The JIT replaces its first code in the background.
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(4);
    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);
    private static readonly Vocabulary Words = new(new TerminologyService(DefinitionSet.R4));
    private static readonly ConsentKeys Keys = new(Parameters, Hasher, Words, serverBase: null);

    private static readonly Question Question = new()
    {
        Actors = new HashSet<string> { "Practitioner/dr", "Organization/ward", "Organization/hospital" },
        Person = "Practitioner/dr",
        Purposes = [Vocabulary.Treatment],
        IsClinician = true,
        Time = new DateTimeOffset(2026, 6, 15, 10, 0, 0, TimeSpan.Zero),
    };

    public static void Run()
    {
        Known[] resources = [.. Enumerable.Range(0, Resources).Select(KnownOf)];
        double one = Measure("1 consent of 5 rules", resources, 1, Depending);
        Measure("10 consents of 5 rules", resources, 10, Depending);
        double many = Measure("1,000 consents of 5 rules", resources, 1_000, Depending);
        double others = Measure("1,000 consents for others", resources, 1_000, ForOthers);
        Console.WriteLine($"consent  1,000 beside 1: {many / one:F2} x; for others {others / one:F2} x");
    }

    private static double Measure(string name, Known[] resources, int consents, Func<int, string> consent)
    {
        ConsentRules[] rules = [.. Enumerable.Range(0, consents).Select(number => ConsentRules.Read(Read(consent(number)), Words))];
        TimeSpan start = ThreadTime.Now;
        PatientDecision decision = PatientDecision.For(Question, ["Patient/p"], rules, ImplicitPolicy.AllNormal, Words, Keys);
        double compiled = (ThreadTime.Now - start).TotalMilliseconds;
        int permitted = 0;
        for (long warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm) < Warm;)
        {
            permitted = Judge(decision, resources);
        }

        var times = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            start = ThreadTime.Now;
            for (int pass = 0; pass < Passes; pass++)
            {
                permitted = Judge(decision, resources);
            }

            times.Add((ThreadTime.Now - start).TotalMicroseconds / (Passes * resources.Length));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Judge(decision, resources);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        double median = times.Order().ElementAt(Rounds / 2);
        Console.WriteLine($"consent  {name,-28} {median,7:F3} us  {allocated} bytes each  {permitted} of {resources.Length} permitted, compiled in {compiled:F1} ms");
        return median;
    }

    private static int Judge(PatientDecision decision, Known[] resources)
    {
        int permitted = 0;
        foreach (Known resource in resources)
        {
            permitted += decision.Permits(new KeyFacts(Keys, new ResourceFacts(resource.Type, resource.Id, resource.Keys))) ? 1 : 0;
        }

        return permitted;
    }

    /// <summary>A consent for the clinician's hospital with an exception of each sort, so that all of it hangs on the resource.</summary>
    private static string Depending(int number) => Consent($$"""
        {"type":"permit","actor":[{{Actor("Organization/hospital")}}],"provision":[
         {"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"{{number}}-1"}]},{"coding":[{"system":"http://loinc.org","code":"{{number}}-2"}]}]},
         {"type":"deny","securityLabel":[{"system":"{{Vocabulary.ActCodeSystem}}","code":"{{(number % 2 == 0 ? "PSY" : "HIV")}}"}],"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Condition"}]},
         {"type":"deny","data":[{"meaning":"dependents","reference":{"reference":"Encounter/e{{number}}"} }]},
         {"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"DiagnosticReport"}],"dataPeriod":{"start":"{{(1950 + (number % 60)).ToString(CultureInfo.InvariantCulture)}}","end":"{{(1952 + (number % 60)).ToString(CultureInfo.InvariantCulture)}}"} }]}
        """);

    private static string ForOthers(int number) => Consent($$"""
        {"type":"permit","actor":[{{Actor("Organization/o" + number.ToString(CultureInfo.InvariantCulture))}}],"provision":[
         {"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"{{number}}-1"}]}]},{"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"{{number}}-3"}]}]},
         {"type":"deny","securityLabel":[{"system":"{{Vocabulary.ActCodeSystem}}","code":"PSY"}]},{"type":"deny","data":[{"meaning":"dependents","reference":{"reference":"Encounter/e{{number}}"} }]}]}
        """);

    private static string Consent(string provision) => $$"""
        {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/p"},"policy":[{"uri":"urn:example:policy"}],"provision":{{provision}} }
        """;

    private static string Actor(string reference) =>
        $$$"""{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"{{{reference}}}"}}""";

    /// <summary>An observation of some visit, one of ten labelled.</summary>
    private static Known KnownOf(int number)
    {
        string labels = number % 10 == 0 ? $$""","meta":{"security":[{"system":"{{Vocabulary.ActCodeSystem}}","code":"{{(number % 20 == 0 ? "PSY" : "SUD")}}"}]}""" : "";
        Element resource = Read($$"""
            {"resourceType":"Observation","id":"o{{number}}"{{labels}},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
             "code":{"coding":[{"system":"http://loinc.org","code":"{{number * 7}}-1"},{"system":"http://snomed.info/sct","code":"{{number}}"}]},"subject":{"reference":"Patient/p"},
             "encounter":{"reference":"Encounter/e{{number + 500}}"},"performer":[{"reference":"Practitioner/x"}],"effectiveDateTime":"2024-03-05T10:00:00Z","valueQuantity":{"value":{{number}} } }
            """);
        var values = new IndexValues();
        new SearchExtractor(Parameters).Extract(resource, values);
        var keys = new List<IndexKey>();
        new IndexKeyWriter(Hasher).Write(values, keys);
        return new Known("Observation", Hasher.Reference(new ResourceKey("Observation", resource.Child("id").Text!)), [.. keys]);
    }

    private static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    private sealed record Known(string Type, long Id, IndexKey[] Keys);
}
