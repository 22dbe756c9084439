using System.Globalization;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>A server on which nobody else works.</summary>
public sealed class LonelyServerFixture() : FhirServerFixture(new ServerOptions { Development = true, AccessLog = false });

/// <summary>Another, whose searches may look at a few records only.</summary>
public sealed class NarrowServerFixture() : FhirServerFixture(new ServerOptions { Development = true, AccessLog = false, Limits = new LimitOptions { Search = new SearchLimits { MaxRecords = 7 } } });

/// <summary>Who finds what in the access log: each what she may know, as if nothing else were in it.</summary>
public sealed class AuditEventScopeTests(QuietServerFixture server, LonelyServerFixture lonely, NarrowServerFixture narrow)
    : AuditEventTest(server), IClassFixture<LonelyServerFixture>, IClassFixture<NarrowServerFixture>
{
    private const int Seed = 20261121;

    /// <summary>A patient's: her own AuditEvents and records.</summary>
    private sealed class PatientScope(IndexHasher hasher, string id) : AccessScope
    {
        private readonly long _patient = hasher.Reference(new ResourceKey("Patient", id));

        public override string Requester => "patient";

        public bool SeesType { get; init; } = true;

        public override bool MaySee(string type) => type == "AuditEvent" && SeesType;

        public override bool Sees(in ResourceFacts facts)
        {
            foreach (IndexKey key in facts.Keys)
            {
                if (key.Kind == IndexKeyKind.Reference && key.Hash == _patient)
                {
                    return true;
                }
            }

            return false;
        }

        public override bool SeesRecord(in RecordFacts facts) => facts.Patients.Contains(_patient);
    }

    [Fact]
    public async Task A_patient_finds_herself_alone_in_a_record_about_several()
    {
        (string own, _) = await PatientAsync();
        (string other, long patientSequence) = await PatientAsync();
        (string ownObservation, long ownSequence) = await ObservationAsync(own);
        (string otherObservation, long otherSequence) = await ObservationAsync(other);
        string id = await Server.RecordAsync(Searching("Observation", $"patient={own},{other}"), [own, other], ownSequence, otherSequence, patientSequence);
        var store = Server.Part<IResourceStore>();
        var scope = new PatientScope(Server.Part<IndexHasher>(), own);

        StoredVersion seen = (await store.ReadAsync(scope, new ResourceKey("AuditEvent", id), Cancel))!;
        string text = Encoding.UTF8.GetString(seen.Json.Span);

        Assert.Contains($"Patient/{own}", text, StringComparison.Ordinal);
        Assert.Contains($"Observation/{ownObservation}/_history/1", text, StringComparison.Ordinal);
        Assert.DoesNotContain(other, text, StringComparison.Ordinal);
        Assert.DoesNotContain(otherObservation, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"Observation?patient={own},{other}")), text, StringComparison.Ordinal);
        Assert.Equal([Server.Part<IndexHasher>().Reference(new ResourceKey("Patient", own))], seen.Patients);
        Assert.Contains("PatientQuery", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_she_may_not_know_does_not_exist()
    {
        (string own, _) = await PatientAsync();
        (string other, _) = await PatientAsync();
        string foreign = await Server.RecordAsync(Reading($"Patient/{other}"), [other]);
        string nobodys = await Server.RecordAsync(Reading("Practitioner/1"), []);
        string mine = await Server.RecordAsync(Reading($"Patient/{own}"), [own]);
        var scope = new PatientScope(Server.Part<IndexHasher>(), own);

        foreach (string id in new[] { foreign, nobodys })
        {
            await AssertAbsentAsync(scope, id);
        }

        await AssertAbsentAsync(new PatientScope(Server.Part<IndexHasher>(), own) { SeesType = false }, mine);
        Assert.NotNull(await Server.Part<IResourceStore>().OpenLeafAsync(scope, new ResourceKey("AuditEvent", mine), 1, Cancel));
    }

    private async Task AssertAbsentAsync(AccessScope scope, string id)
    {
        var store = Server.Part<IResourceStore>();
        var key = new ResourceKey("AuditEvent", id);
        Assert.Null(await store.ReadAsync(scope, key, Cancel));
        Assert.Null(await store.ReadVersionAsync(scope, key, 1, Cancel));
        Assert.Null(await store.OpenLeafAsync(scope, key, 1, Cancel));
        Assert.Empty((await store.HistoryAsync(scope, new HistoryRequest { Type = "AuditEvent", Id = id, Count = 10 }, Cancel)).Versions);
        Assert.DoesNotContain((await store.HistoryAsync(scope, new HistoryRequest { Type = "AuditEvent", Count = 1000 }, Cancel)).Versions, version => version.Key == key);
        Assert.Empty((await SearchAllAsync(Server, scope, $"_id={id}", 10)).Ids);
    }

    /// <summary>The plain meaning of a search: read every AuditEvent that there is for the requester, ask each, sort.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Any_search_finds_what_reading_everything_and_asking_each_finds(bool isNarrow)
    {
        FhirServerFixture asked = isNarrow ? narrow : lonely;
        World world = await World.MakeAsync(asked, Seed);
        var random = new Random(Seed);
        AccessScope[] scopes = [AccessScope.System("tests"), new PatientScope(asked.Part<IndexHasher>(), world.Patients[0]), new PatientScope(asked.Part<IndexHasher>(), world.Patients[1])];
        int found = 0;
        for (int round = 0; round < 400; round++)
        {
            AccessScope scope = scopes[random.Next(scopes.Length)];
            bool isAscending = !isNarrow && random.Next(2) == 0;
            string query = $"_lastUpdated=ge{world.Begin}&" + string.Join('&', Enumerable.Range(0, random.Next(3)).Select(_ => world.Parameter(random))) + (isAscending ? "&_sort=date" : "");
            List<string> expected = await world.ExpectAsync(asked, scope, query, isAscending);
            (List<string> ids, long? total) = await SearchAllAsync(asked, scope, query, random.Next(1, 12));
            Assert.True(expected.SequenceEqual(ids), $"{scope.Requester} {query}: expected {string.Join(' ', expected)}, found {string.Join(' ', ids)}");
            Assert.True(total == expected.Count || (isNarrow && total is null), $"{query}: total {total}");
            found += ids.Count;
        }

        Assert.True(found > 1000, $"{found} found");
    }

    [Fact]
    public async Task A_total_that_is_not_known_is_not_given_and_that_is_said()
    {
        using var client = new HttpClient { BaseAddress = narrow.Base };
        for (int i = 0; i < 10; i++)
        {
            await narrow.RecordAsync(Reading("Practitioner/1"), []);
        }

        string page = await client.GetStringAsync(new Uri("AuditEvent?_count=3", UriKind.Relative), Cancel);
        using HttpResponseMessage count = await client.GetAsync(new Uri("AuditEvent?_summary=count", UriKind.Relative), Cancel);
        using HttpResponseMessage oldest = await client.GetAsync(new Uri("AuditEvent?_sort=date&_total=none", UriKind.Relative), Cancel);

        Assert.DoesNotContain("\"total\"", page, StringComparison.Ordinal);
        Assert.Contains("There is no total", page, StringComparison.Ordinal);
        Assert.Equal(422, (int)count.StatusCode);
        Assert.Equal(422, (int)oldest.StatusCode);
        Assert.Contains("too-costly", await oldest.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    /// <summary>All pages of a search.</summary>
    private static async Task<(List<string> Ids, long? Total)> SearchAllAsync(FhirServerFixture asked, AccessScope scope, string query, int count)
    {
        SearchRequest request = RequestOf(asked, query) with { Count = count, CountTotal = true };
        var ids = new List<string>();
        long? total = null;
        for (int pages = 0; ; pages++)
        {
            Assert.True(pages < 500, "Pages without end.");
            SearchPage page = (await asked.Part<IResourceStore>().SearchAsync(scope, request, Cancel)).Value;
            ids.AddRange(page.Matches.Select(match => match.Key.Id));
            total = page.Total;
            if (page.Next is null)
            {
                return (ids, total);
            }

            request = request with { After = page.Next };
        }
    }

    private static SearchRequest RequestOf(FhirServerFixture asked, string query)
    {
        QueryParameter[] parameters = [.. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)).Select(part => new QueryParameter(part[0], part[1]))];
        return asked.Part<SearchReader>().Read(new SearchContext { Types = [ResourceTypes.Find("AuditEvent")!], Handling = SearchHandling.Strict }, parameters).Value.Request;
    }

    private sealed class World(string[] patients, string[] observations, List<string> ids, string begin)
    {
        public string[] Patients => patients;

        public string Begin => begin;

        public static async Task<World> MakeAsync(FhirServerFixture asked, int seed)
        {
            var random = new Random(seed);
            string begin = Text(TimeProvider.System.GetUtcNow());
            string[] patients = [Unique("a"), Unique("b"), Unique("c")];
            string[] observations = [.. patients.Select(patient => "o" + patient)];
            var sequences = new List<long>();
            for (int i = 0; i < patients.Length; i++)
            {
                sequences.Add((await asked.StoreAsync("Patient", patients[i], $$"""{"resourceType":"Patient","id":"{{patients[i]}}"}""")).Sequence);
                sequences.Add((await asked.StoreAsync("Observation", observations[i], $$"""{"subject":{"reference":"Patient/{{patients[i]}}"},"resourceType":"Observation","id":"{{observations[i]}}","status":"final","code":{"text":"x"} }""")).Sequence);
            }

            var ids = new List<string>();
            for (int i = 0; i < 60; i++)
            {
                ids.Add(random.Next(5) == 0 ? await StoreEventAsync(asked, random, patients, i) : await RecordAsync(asked, random, patients, observations, sequences));
            }

            return new World(patients, observations, ids, begin);
        }

        public string Parameter(Random random)
        {
            string patient = patients[random.Next(patients.Length)];
            string day = Text(TimeProvider.System.GetUtcNow().AddMilliseconds(random.Next(-3000, 10)));
            string[] all =
            [
                $"patient={patient}", $"patient={patient},{patients[0]}", $"entity=Patient/{patient}", $"agent=Patient/{patient}", $"entity=Observation/{observations[random.Next(observations.Length)]}",
                "action=R", "action:not=R", "outcome=4", "subtype=disclose", "agent=Practitioner/7", "entity-type=2", "patient:missing=false", "date=ge2090", "date=lt2090",
                $"date=gt{day}", $"date=le{day}", $"_lastUpdated=lt{day}", $"_lastUpdated={day}", $"_id={ids[random.Next(ids.Count)]},{ids[random.Next(ids.Count)]}",
                "_profile=https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery",
            ];
            return all[random.Next(all.Length)];
        }

        public async Task<List<string>> ExpectAsync(FhirServerFixture asked, AccessScope scope, string query, bool isAscending)
        {
            Criterion criterion = RequestOf(asked, query).Criterion;
            var met = new List<(string Id, string Recorded, bool IsRecord, long Sequence)>();
            foreach (string id in ids)
            {
                if (await asked.Part<IResourceStore>().ReadAsync(scope, new ResourceKey("AuditEvent", id), Cancel) is { } read
                    && FhirJson.Read(read.Json).Root is var resource
                    && LocalMatch.Meets(asked.Part<LocalMatch>().ValuesOf(resource), criterion) == true)
                {
                    met.Add((id, resource.Child("recorded").Text!, AuditEvents.SequenceOf(read.Key) is not null, read.Sequence));
                }
            }

            var sorted = isAscending ? met.OrderBy(one => one.Recorded, StringComparer.Ordinal) : met.OrderByDescending(one => one.Recorded, StringComparer.Ordinal);
            return [.. sorted.ThenBy(one => one.IsRecord).ThenBy(one => one.IsRecord && !isAscending ? -one.Sequence : one.Sequence).Select(one => one.Id)];
        }

        private static async Task<string> RecordAsync(FhirServerFixture asked, Random random, string[] patients, string[] observations, List<long> sequences)
        {
            string[] some = [.. patients.Where(_ => random.Next(2) == 0)];
            long[] accessed = [.. sequences.Where((_, index) => some.Contains(patients[index / 2]) && random.Next(2) == 0)];
            string target = random.Next(2) == 0 ? $"Observation/{observations[random.Next(observations.Length)]}" : "Observation";
            AccessEvent happened = random.Next(2) == 0 ? Reading(target) : Searching("Observation", $"patient={string.Join(',', patients)}");
            Role role = random.Next(4) == 0 ? Role.Patient : Role.Practitioner;
            string user = role == Role.Patient ? $"Patient/{patients[0]}" : "Practitioner/7";
            AccessOutcome outcome = random.Next(4) == 0 ? AccessOutcome.MinorFailure : AccessOutcome.Success;

            // Who asks about herself is among those whom it concerns.
            string[] concerned = role == Role.Patient ? [.. some.Append(patients[0]).Distinct()] : some;
            return await asked.RecordAsync(happened with { Role = role, FhirUser = user, Outcome = outcome }, concerned, accessed);
        }

        private static async Task<string> StoreEventAsync(FhirServerFixture asked, Random random, string[] patients, int number)
        {
            string id = Unique("stored");
            DateTimeOffset recorded = random.Next(3) == 0 ? new DateTimeOffset(2100, 1, 1, 0, 0, 0, number, TimeSpan.Zero) : TimeProvider.System.GetUtcNow();
            await asked.StoreAsync("AuditEvent", id, $$$"""
                {"resourceType":"AuditEvent","id":"{{{id}}}","type":{"code":"rest"},"action":"{{{"RE"[random.Next(2)]}}}","recorded":"{{{Text(recorded)}}}",
                "agent":[{"who":{"reference":"Practitioner/7"},"requestor":true}],"source":{"observer":{"display":"feed"}},"entity":[{"what":{"reference":"Patient/{{{patients[random.Next(patients.Length)]}}}"}}]}
                """);
            return id;
        }

        private static string Text(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }
}
