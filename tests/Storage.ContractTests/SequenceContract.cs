using System.Globalization;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.ContractTests.Model;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>Random sequences of operations, done to the store and to the model side by side: every answer must be the same.</summary>
public abstract class SequenceContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    private const int Steps = 150;
    private const int Resources = 5;

    private static readonly (string Type, string Query)[] Queries =
    [
        ("Patient", ""), ("Patient", "gender=male"), ("Patient", "gender:not=male"), ("Patient", "family=a"), ("Patient", "family:exact=Ab"),
        ("Patient", "family:contains=b"), ("Patient", "birthdate=ge1990"), ("Patient", "birthdate:missing=true"), ("Patient", "_id=r1,r3"),
        ("Patient", "_has:Observation:subject:code=c1"), ("Patient", "family=b&gender=female"), ("Observation", "code=http://x.org|c1"),
        ("Observation", "subject=Patient/r1"), ("Observation", "subject:Patient.family=a"), ("Observation", "value-quantity=gt1.5"),
        ("Observation", "code-value-quantity=c1$le2"), ("Observation", "subject:Patient.gender=male&code=c0"),
    ];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task The_store_answers_as_the_model_does(int seed)
    {
        await using var model = new ModelStore(Setup);
        AccessScope[] scopes = [Everything, new TestScope(Setup.Hasher).WithoutCode("R"), new TestScope(Setup.Hasher).Without(Key("Patient/r1"))];
        var random = new Random(seed);
        for (int step = 0; step < Steps; step++)
        {
            Clock.Move(TimeSpan.FromMilliseconds(random.Next(3000)));
            (string text, Func<IResourceStore, Task<string>> ask) = Operation(random, scopes[random.Next(scopes.Length)]);
            string expected = await ask(model);
            string actual = await ask(Store);
            Assert.True(expected == actual, $"Seed {seed}, step {step}, {text}\nexpected: {expected}\nactual:   {actual}");
        }
    }

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(1, 12)];

    private (string Text, Func<IResourceStore, Task<string>> Ask) Operation(Random random, AccessScope scope)
    {
        int kind = random.Next(41) / 4;
        if (kind == 10)
        {
            var patient = Key("Patient/r" + (1 + random.Next(Resources)));
            return ($"erase {patient}", EraseAsync);

            async Task<string> EraseAsync(IResourceStore store)
            {
                Result<Erasure> erased = await store.EraseAsync(scope, patient, "test"u8.ToArray(), Cancel);
                return $"{erased.Error?.Kind}, {(erased.IsOk ? erased.Value : null)}, {await store.ReindexAsync(scope, null, Cancel)}";
            }
        }

        if (random.Next(5) == 0)
        {
            return AnyRecord(random, scope);
        }

        if (kind < 5)
        {
            Transaction transaction = AnyTransaction(random);
            return ($"commit {transaction}", async store => Shown(await store.CommitAsync(scope, transaction, Cancel)));
        }

        if (kind < 8)
        {
            (string text, SearchRequest request) = AnySearch(random);
            return (text, store => AllPagesAsync(store, scope, request));
        }

        ResourceKey key = AnyKey(random);
        int version = random.Next(1, 5);
        HistoryRequest history = new()
        {
            Type = random.Next(2) == 0 ? null : key.Type,
            Since = random.Next(2) == 0 ? null : Clock.GetUtcNow().AddSeconds(-random.Next(60)),
            Count = 1 + random.Next(20),
        };
        return kind == 8
            ? ($"read {key} {version}", async store => Shown(await store.ReadAsync(scope, key, Cancel)) + Shown(await store.ReadVersionAsync(scope, key, version, Cancel))
                + await LeafOfAsync(store, scope, key, version))
            : ($"history {history}", async store => await HistoryAsync(store, scope, history)
                + Shown(await store.ChangesAsync(scope, 0, Cancel).ToListAsync(Cancel)));
    }

    /// <summary>Appends a record or reads one, with what opens its leaf.</summary>
    private (string Text, Func<IResourceStore, Task<string>> Ask) AnyRecord(Random random, AccessScope scope)
    {
        LedgerRecord record = AnyRecord(random);
        long sequence = 1 + random.Next(120);
        if (random.Next(4) == 0)
        {
            var query = new RecordQuery
            {
                Patient = random.Next(3) == 0 ? null : Key("Patient/r" + random.Next(Resources + 1)),
                Before = random.Next(3) == 0 ? sequence : null,
                From = random.Next(3) == 0 ? Clock.GetUtcNow().AddSeconds(-random.Next(60)) : null,
                Until = random.Next(3) == 0 ? Clock.GetUtcNow().AddSeconds(-random.Next(30)) : null,
                Kind = random.Next(6) == 0 ? StatementKind.Event : null,
                Count = 1 + random.Next(5),
            };
            return ($"records {query}", async store =>
            {
                RecordPage page = await store.RecordsAsync(scope, query, Cancel);
                return string.Join(", ", page.Records.Select(Shown)) + " next " + page.Next;
            }
            );
        }

        return random.Next(3) != 0
            ? ($"record {record}", async store => Shown(await store.AppendRecordAsync(Everything, record, Cancel)) + " of " + store.Newest)
            : ($"read record {sequence}", async store =>
            {
                StoredRecord? read = await store.ReadRecordAsync(scope, sequence, Cancel);
                LeafOpening? opening = await store.OpenRecordLeafAsync(scope, sequence, Cancel);
                await CheckLeafAsync(store, opening);
                return read is null
                    ? $"none {opening}"
                    : $"{Shown(read)} {Convert.ToHexString(opening!.Statement.Span)}";
            }
        );
    }

    private LedgerRecord AnyRecord(Random random) => new(BitConverter.GetBytes(random.Next()))
    {
        Kind = random.Next(8) == 0 ? StatementKind.Event : StatementKind.Access,
        Patients = [.. Enumerable.Range(0, random.Next(4)).Select(_ => HashOf("Patient/r" + random.Next(Resources + 1)))],
        Accessed = [.. Enumerable.Range(0, random.Next(4)).Select(_ => 1L + random.Next(60))],
        Consent = random.Next(3) == 0 ? random.Next(60) : 0,
    };

    /// <summary>What the leaf of a version says, but for the hash of its content: stores may choose the order of members.</summary>
    private static async Task<string> LeafOfAsync(IResourceStore store, AccessScope scope, ResourceKey key, long version)
    {
        LeafOpening? opening = await store.OpenLeafAsync(scope, key, version, Cancel);
        await CheckLeafAsync(store, opening);
        if (opening is null)
        {
            return "no leaf";
        }

        var statement = (VersionStatement)Statement.Read(opening.Statement.Span)!;
        StoredVersion? content = await store.ReadVersionAsync(scope, key, version, Cancel);
        Assert.NotNull(content);
        Assert.Equal(content.IsDeleted ? default : Hash256.Of(content.Json.Span), statement.Content);
        return (statement with { Content = default }).ToString();
    }

    private static async Task CheckLeafAsync(IResourceStore store, LeafOpening? opening)
    {
        byte[] leaf = new byte[Hash256.Bytes];
        if (opening is not null)
        {
            Assert.Equal(1, await store.ReadLeavesAsync(Everything, opening.Sequence - 1, leaf, Cancel));
            Assert.Equal(opening.Commitment, new Hash256(leaf));
        }
    }

    private Transaction AnyTransaction(Random random)
    {
        Write[] writes = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => AnyWrite(random)).DistinctBy(write => write.Key)];
        (string type, string query) = Queries[random.Next(Queries.Length)];
        Guard[] guards = random.Next(4) switch
        {
            0 => [new AtVersion(writes[0].Key, random.Next(4))],
            1 => [new Finds(type, Query(type, query), random.Next(2) == 0 ? [] : [new ResourceKey(type, "r1")])],
            _ => [],
        };
        LedgerRecord? record = random.Next(3) == 0 ? AnyRecord(random) : null;
        return new Transaction(writes, guards) { Record = record };
    }

    private static Write AnyWrite(Random random)
    {
        ResourceKey key = AnyKey(random);
        if (random.Next(4) == 0)
        {
            return new Delete(key);
        }

        string label = random.Next(5) == 0 ? ""","meta":{"security":[{"code":"R"}]}""" : "";
        string family = random.Next(4) switch { 0 => "Ab", 1 => "ab", 2 => "Bab", _ => "Álbum" };
        string name = random.Next(4) == 0 ? "" : $$""","name":[{"family":"{{family}}"}]""";
        string gender = random.Next(3) switch { 0 => "", 1 => ""","gender":"male" """, _ => ""","gender":"female" """ };
        string born = random.Next(3) == 0 ? "" : $$""","birthDate":"{{random.Next(1985, 1995)}}" """;
        string value = (random.Next(40) / 10m).ToString(CultureInfo.InvariantCulture);
        return PutOf(key.Type == "Patient"
            ? $$"""{"resourceType":"Patient","id":"{{key.Id}}"{{label}}{{name}}{{gender}}{{born}}}"""
            : $$"""{"resourceType":"Observation","id":"{{key.Id}}"{{label}},"code":{"coding":[{"system":"http://x.org","code":"c{{random.Next(3)}}"}]},"subject":{"reference":"Patient/r{{random.Next(Resources)}}"},"valueQuantity":{"value":{{value}},"unit":"mg"},"status":"final"}""");
    }

    private static ResourceKey AnyKey(Random random) => new(random.Next(2) == 0 ? "Patient" : "Observation", "r" + random.Next(Resources));

    private (string Text, SearchRequest Request) AnySearch(Random random)
    {
        (string type, string query) = Queries[random.Next(Queries.Length)];
        string sort = type == "Patient" ? (random.Next(2) == 0 ? "family" : "birthdate") : (random.Next(2) == 0 ? "code" : "value-quantity");
        bool descending = random.Next(2) == 0;
        var subject = new Include(TypeOf("Observation"), Parameter("Observation", "subject"), null, IsReverse: type == "Patient", Iterates: random.Next(2) == 0);
        SearchRequest request = Request(type, query, 1 + random.Next(4)) with
        {
            Sort = random.Next(3) == 0 ? [] : [new SortKey(Parameter(type, sort), descending), new SortKey(Parameter(type, "_lastUpdated"), true)],
            Includes = random.Next(2) == 0 ? [] : [subject, subject with { IsReverse = !subject.IsReverse }],
        };
        return ($"search {type}?{query} sort {sort} {descending} count {request.Count}", request);
    }

    private static async Task<string> AllPagesAsync(IResourceStore store, AccessScope scope, SearchRequest request)
    {
        string text = "";
        SearchPosition? next;
        int pages = 0;
        do
        {
            Assert.True(++pages <= 2 * Resources, "There are more pages than resources.");
            SearchPage page = (await store.SearchAsync(scope, request, Cancel)).Value;
            text += $"{page.Total}: {Shown(page.Matches)} + {Shown(page.Included.OrderBy(version => version.Sequence))}; ";
            next = page.Next;
            request = request with { After = next };
        }
        while (next is not null);
        return text;
    }

    private static async Task<string> HistoryAsync(IResourceStore store, AccessScope scope, HistoryRequest request)
    {
        HistoryPage page = await store.HistoryAsync(scope, request, Cancel);
        return $"{page.Total}: {Shown(page.Versions)} next {page.Next}; ";
    }

    private static string Shown(Result<CommitResult> result) => result switch
    {
        { Error: { } error } => error.Kind.ToString(),
        { Value: Committed committed } => string.Join(", ", committed.Versions.Select(Shown)) + " record " + committed.Record,
        _ => "guard failed",
    };

    private static string Shown(Result<long> result) => result.Error is { } error ? error.Kind.ToString() : result.Value.ToString(CultureInfo.InvariantCulture);

    private static string Shown(StoredRecord record) =>
        $"#{record.Sequence} {record.Kind} {record.Instant:O} {string.Join(' ', record.Patients)} {string.Join(' ', record.Accessed)} {record.Consent} {Convert.ToHexString(record.Body.Span)}";

    private static string Shown(IEnumerable<StoredVersion> versions) => string.Join(", ", versions.Select(Shown));

    private static string Shown(StoredVersion? version) => version is null
        ? "none"
        : $"{version.Key}/{version.Version} #{version.Sequence} {version.Change} {version.LastUpdated:O} {string.Join(' ', version.Patients.Order())} {(version.Json.IsEmpty ? "" : Sorted(Json(version)))}";

    /// <summary>JSON with its members in one order, which stores may choose.</summary>
    private static string Sorted(JsonNode? node) => node switch
    {
        JsonObject members => "{" + string.Join(',', members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => member.Key + ":" + Sorted(member.Value))) + "}",
        JsonArray items => "[" + string.Join(',', items.Select(Sorted)) + "]",
        _ => node?.ToJsonString() ?? "null",
    };
}
