using System.Diagnostics;
using System.Globalization;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;
using SortKey = HealthChain.Storage.SortKey;

namespace HealthChain.Micro;

/// <summary>
/// What consents add to a search: one store with 10,000 patients and mixed consents, the rules of a practitioner with the one about consents and without it,
/// in turns; a patient with a thousand consents beside one with a single one; and what it takes to know the consents of very many patients.
/// </summary>
internal sealed class ConsentSearching
{
    private const int Rounds = 21;
    private const int ConsentsOfOne = 1_000;
    private const int ObservationsOfOne = 400;

    // The JIT replaces its first code in the background.
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(80);

    private readonly SyntheticClinic _clinic;
    private readonly ConsentDirectory _directory;
    private readonly RuledScope _enforced;
    private readonly RuledScope _unenforced;

    private ConsentSearching(SyntheticClinic clinic)
    {
        _clinic = clinic;
        var options = new ServerOptions { ConsentPolicy = "https://profiles.ihe.net/ITI/PCF/Policy-all-normal" };
        var terminology = new TerminologyService(DefinitionSet.R4);
        var vocabulary = new Vocabulary(terminology);
        IndexHasher hasher = clinic.Store.Hasher;
        _directory = new ConsentDirectory(clinic.Store, vocabulary, hasher, options);
        var views = new ConsentViews(_directory, new ConsentKeys(clinic.Parameters, hasher, vocabulary, serverBase: null), vocabulary, options, TimeProvider.System);
        var reach = new RoleReach(clinic.Parameters);
        var scopes = new ScopeRules(new SearchReader(clinic.Parameters, terminology, TimeProvider.System, new SearchLimits()), reach, hasher, options);
        ScopeSet granted = ScopeSet.Parse("user/*.cruds");
        var party = new Party(Role.Practitioner, HasOrganisation: true, IsCurrent: true);
        var rules = new AccessRules(reach, scopes, party, granted);
        var requester = new Requester("practitioner", SyntheticClinic.Everything)
        {
            Role = Role.Practitioner,
            FhirUser = "Practitioner/d0",
            Organisation = ConsentMix.Hospital,
            Purpose = "TREAT",
        };
        var holder = new Holder(0, 0, hasher.Reference(new ResourceKey("Organization", "hospital")), views.Of(requester));
        _enforced = new RuledScope("practitioner", rules.Seen(Permissions.Search), rules, RecordReach.Nobodys, holder);
        var unenforced = new TypeRules(type => FactRule.All(reach.Reads(party, type), scopes.Of(granted, Permissions.Search, type, hasContext: false)));
        _unenforced = new RuledScope("practitioner", unenforced, rules, RecordReach.Nobodys, holder);
    }

    public static void Run()
    {
        int patients = Environment.GetEnvironmentVariable("MICRO_PATIENTS") is { } asked ? int.Parse(asked, CultureInfo.InvariantCulture) : 10_000;
        using var clinic = new SyntheticClinic(patients, new ClinicShape(Observations: 10, Encounters: 2, Conditions: 4, Labelled: 6));
        clinic.Fill();
        int consents = Sign(clinic);
        (int one, int many, int drafts) = (patients, patients + 1, patients + 2);
        SignAlone(clinic, one, active: 1, drafts: 0);
        SignAlone(clinic, many, active: ConsentsOfOne, drafts: 0);
        SignAlone(clinic, drafts, active: 1, drafts: ConsentsOfOne - 1);

        // The index rows in memory move to the tables when nothing is written for a while.
        Thread.Sleep(TimeSpan.FromSeconds(8));
        var searching = new ConsentSearching(clinic);
        long start = Stopwatch.GetTimestamp();
        searching._directory.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        Console.WriteLine($"consent-search: {clinic.Resources} resources, {consents} consents of {patients} patients, read at the start in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        searching.OfAll();
        searching.OfOne(one, many, drafts);
        ConsentFilling.Run(clinic.Store);
    }

    private void OfAll()
    {
        SortKey newest = new(Parameter("Observation", "date"), true);
        Consented("code by date, all patients", random => Search("Observation", Coded(random)) with { Sort = [newest] });
        Consented("chain by gender + code", random => Search("Observation", new AllOf([
            new PointsAt(Parameter("Observation", "subject"), [TypeOf("Patient")], Value("Patient", "gender=male")), Coded(random)])) with
        { Sort = [newest] });
        Consented("_has a code", random => Search("Patient", new PointedAtBy(TypeOf("Observation"), Parameter("Observation", "subject"), Coded(random))));
        Consented("compartment of a patient", random => Search("Observation", new InCompartment("Patient", $"p{random.Next(_clinic.Patients)}")) with { Sort = [newest] });
    }

    /// <param name="drafts">One with a single consent that counts, and so many drafts that the store has as much of this patient.</param>
    private void OfOne(int one, int many, int drafts)
    {
        SortKey newest = new(Parameter("Observation", "date"), true);
        SearchRequest Of(int patient) => Search("Observation", Value("Observation", $"patient=Patient/p{patient}")) with { Sort = [newest] };
        TimeSpan start = ThreadTime.Now;
        Ask(_enforced, Of(many));
        Console.WriteLine($"first search of a patient with {ConsentsOfOne} consents: {(ThreadTime.Now - start).TotalMilliseconds:F1} ms of processor time");
        Compare($"one patient, {ConsentsOfOne} consents to 1", _ => Ask(_enforced, Of(many)), _ => Ask(_enforced, Of(one)));
        Compare("the same two, rules alone", _ => Ask(_unenforced, Of(many)), _ => Ask(_unenforced, Of(one)));
        Compare($"{ConsentsOfOne} consents to 1 and drafts", _ => Ask(_enforced, Of(many)), _ => Ask(_enforced, Of(drafts)));
        Compare($"{ConsentsOfOne} consents to rules alone", _ => Ask(_enforced, Of(many)), _ => Ask(_unenforced, Of(many)));
        Compare("1 consent to rules alone", _ => Ask(_enforced, Of(one)), _ => Ask(_unenforced, Of(one)));
    }

    private void Consented(string name, Func<Random, SearchRequest> next) => Compare(name, random => Ask(_enforced, next(random)), random => Ask(_unenforced, next(random)));

    /// <summary>Rounds of as many of the same searches in turns: the median of what one takes of the other.</summary>
    private static void Compare(string name, Func<Random, SearchPage> one, Func<Random, SearchPage> other)
    {
        int searches = 0;
        var warming = new Random(0);
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Warm; searches++)
        {
            one(warming);
            other(warming);
        }

        int inRound = Math.Max(1, (int)(searches * (Round / Warm)));
        var rounds = new List<(Cost One, Cost Other)>();
        for (int round = 0; round < Rounds; round++)
        {
            // Who is first with some searches finds the caches cold, so each is with some.
            Cost one1 = Time(one, inRound, round);
            Cost other1 = Time(other, inRound, round);
            Cost other2 = Time(other, inRound, round + Rounds);
            Cost one2 = Time(one, inRound, round + Rounds);
            rounds.Add((one1.With(one2), other1.With(other2)));
        }

        double Median(Func<(Cost One, Cost Other), double> figure) => rounds.Select(figure).Order().ElementAt(Rounds / 2);
        (double low, double high) = (rounds.Select(Ratio).Order().ElementAt(Rounds / 4), rounds.Select(Ratio).Order().ElementAt(Rounds * 3 / 4));
        Console.WriteLine(
            $"{name,-44} processor {Median(Ratio):F2} x ({low:F2} to {high:F2}), clock {Median(pair => pair.One.Clock / pair.Other.Clock):F2} x;"
            + $" {Median(pair => pair.One.Processor):F0} to {Median(pair => pair.Other.Processor):F0} us, {one(new Random(1)).Total} of {other(new Random(1)).Total} found");
    }

    private static double Ratio((Cost One, Cost Other) pair) => pair.One.Processor / pair.Other.Processor;

    private static Cost Time(Func<Random, SearchPage> search, int count, int seed)
    {
        var random = new Random(seed);
        long clock = Stopwatch.GetTimestamp();
        TimeSpan processor = ThreadTime.Now;
        for (int i = 0; i < count; i++)
        {
            search(random);
        }

        return new Cost((ThreadTime.Now - processor).TotalMicroseconds / count, Stopwatch.GetElapsedTime(clock).TotalMicroseconds / count);
    }

    private static int Sign(SyntheticClinic clinic)
    {
        clinic.Commit([SyntheticClinic.Put("""{"resourceType":"Organization","id":"hospital","name":"Hospital"}""")]);
        int signed = 0;
        foreach (int[] some in Enumerable.Range(0, clinic.Patients).Chunk(500))
        {
            Put[] consents = [.. some.SelectMany(patient => ConsentMix.Of(patient).Select((consent, number) => Signed($"s{patient}-{number}", consent)))];
            clinic.Commit(consents);
            signed += consents.Length;
        }

        return signed;
    }

    /// <summary>A patient with many Observations and so many consents.</summary>
    private static void SignAlone(SyntheticClinic clinic, int patient, int active, int drafts)
    {
        clinic.Commit([
            SyntheticClinic.Put($$"""{"resourceType":"Patient","id":"p{{patient}}","gender":"other"}"""),
            .. Enumerable.Range(0, ObservationsOfOne).Select(number => SyntheticClinic.Put($$"""
                {"resourceType":"Observation","id":"o{{patient}}-{{number}}","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
                 "code":{"coding":[{"system":"http://loinc.org","code":"{{70000 + (number % 50)}}-1"}]},"subject":{"reference":"Patient/p{{patient}}"},"encounter":{"reference":"Encounter/e0-0"},
                 "effectiveDateTime":"{{new DateTime(2020, 1, 1).AddDays(number).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}}","valueQuantity":{"value":{{number}} } }
                """)),
            .. Enumerable.Range(0, active + drafts).Select(number => Signed($"m{patient}-{number}", ConsentMix.Exception(patient, number, number < active ? "active" : "proposed")))]);
    }

    private static Put Signed(string id, string consent) => SyntheticClinic.Put($$"""{"resourceType":"Consent","id":"{{id}}",{{consent}}""");

    private SearchPage Ask(AccessScope scope, SearchRequest request) =>
        _clinic.Store.SearchAsync(scope, request, CancellationToken.None).AsTask().GetAwaiter().GetResult().Value;

    private static SearchRequest Search(string type, Criterion criterion) => new() { Types = [TypeOf(type)], Criterion = criterion, Count = 20, CountTotal = true };

    private HasValue Coded(Random random) => Value("Observation", $"code=http://loinc.org|{1000 + random.Next(SyntheticClinic.Codes)}-1");

    private HasValue Value(string type, string condition)
    {
        string[] parts = condition.Split('=', 2);
        IndexedParameter parameter = Parameter(type, parts[0]);
        var options = new SearchQueryOptions { Now = DateTimeOffset.UnixEpoch };
        return new HasValue(parameter, SearchModifier.None, SearchQueryReader.Read(parameter, SearchModifier.None, null, parts[1], options).Value);
    }

    private static TypeSchema TypeOf(string name) => FhirSchema.R4.Type(name)!;

    private IndexedParameter Parameter(string type, string code) => _clinic.Parameters.Find(TypeOf(type), code)!;

    /// <summary>Of a search, in microseconds.</summary>
    private readonly record struct Cost(double Processor, double Clock)
    {
        public Cost With(Cost more) => new((Processor + more.Processor) / 2, (Clock + more.Clock) / 2);
    }
}
