using System.Globalization;
using HealthChain.Storage.ContractTests.Model;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>
/// Random conditions, orders, pages and includes over a random clinic that changes now and then: the store and the model must answer the
/// same, for whoever asks.
/// </summary>
public abstract class QueryContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    private const int Changes = 90;
    private const int Searches = 120;
    private const int EachType = 8;

    // Who changes the order between pages may make a search see a resource again, though not for ever.
    private const int MaxPages = 100;

    private static readonly string[] Types = ["Patient", "Observation", "Encounter", "Location", "Practitioner", "ValueSet"];

    private static readonly Dictionary<string, string[]> Conditions = new()
    {
        ["Patient"] =
        [
            "family=a", "family=ab", "family:exact=Ab", "family:contains=b", "family=abcdefghijklmn", "family:missing=true", "name=a,b", "given=jo",
            "gender=male", "gender:not=male", "gender=male,female", "gender:not=male,female", "gender:missing=false", "active=true", "birthdate=1990", "birthdate=ne1990", "birthdate=gt1990-03", "birthdate=le1991",
            "birthdate=sa1990", "birthdate=eb1991", "birthdate=ap1992", "identifier=1", "identifier=http://x.org|1", "identifier=|1", "identifier=http://x.org|",
            "identifier:of-type=http://t.org|MR|1", "general-practitioner=Practitioner/r1", "general-practitioner=r2", "general-practitioner:Practitioner=r1", "_id=r1,r2,r3", "_id=r9",
            "_tag=http://x.org|t", "_tag:not=t", "_security=R", "_lastUpdated=ge2024-05-01", "_lastUpdated=gt2024-05-01T12:00:40Z", "_lastUpdated=lt2024-05-01T12:00:30Z", "_profile=http://x.org/p", "address=main,side", "phone=555",
            "_has:Observation:subject:code=c1", "_has:Observation:patient:_has:Encounter:diagnosis:status=planned", "_has:Encounter:subject:date=ge2024-02", "_has:Observation:subject:value-quantity=gt1",
            "general-practitioner:Practitioner.family=a", "general-practitioner:Practitioner._has:Patient:general-practitioner:gender=male",
        ],
        ["Observation"] =
        [
            "code=c1", "code=http://x.org|c1", "code=http://x.org|", "code=|c1", "code:not=c1", "code:text=some", "code=c0,c2", "status=final", "status:not=final", "date=2024", "date=ge2024-02-10", "date=lt2024-02-10T10:00:00Z",
            "date:missing=true", "subject=Patient/r1", "subject=r1", "subject:Patient=r2", "patient=Patient/r2", "patient=r1", "patient=Patient/r1,Patient/r2", "subject:missing=true", "subject:identifier=http://x.org|1", "performer=Practitioner/r1",
            "encounter=Encounter/r1", "value-quantity=gt1.5", "value-quantity=1", "value-quantity=1.0||mg", "value-quantity=lt0.002|http://unitsofmeasure.org|g", "value-quantity=2|http://unitsofmeasure.org|mg",
            "value-quantity=ne2", "value-quantity=ap2", "code-value-quantity=c1$gt1", "code-value-quantity=http://x.org|c1$le2", "code-value-quantity=c0$1||mg", "combo-code-value-quantity=c2$ge1", "code-value-date=c1$2024",
            "subject:Patient.family=a", "subject:Patient.gender:not=male", "subject:Patient.birthdate:missing=true", "subject:Patient.general-practitioner:Practitioner.family=b", "encounter:Encounter.status=finished",
            "encounter:Encounter.subject:Patient._has:Observation:subject:code=c1", "_id=r1,r4", "subject=http://other.org/fhir/Patient/r1", "subject=Group/r1",
            "focus=Patient/r1", "focus:Patient.gender=male", "performer=Patient/r2",
        ],
        ["Encounter"] =
        [
            "status=finished", "class=AMB", "date=2024-02", "date=ge2024-03", "date=sa2024-02-15", "date=eb2024-03-01", "date=ne2024-02", "subject=Patient/r1", "patient=r3", "location=Location/r1", "length=gt10", "length=30||min",
            "location:Location.name=a", "_has:Observation:encounter:code=c1", "subject:Patient._has:Observation:subject:encounter:Encounter.status=finished", "participant=Practitioner/r1", "diagnosis=Condition/r1",
        ],
        ["Location"] =
        [
            "near=1|1|200|km", "near=1|1|100000|m", "near=0|0", "near=0.5|0.5|60|[mi_us]", "near=0|180|500|km", "name=a", "name:contains=b", "partof=Location/r1", "partof:Location.near=1|1|300", "_has:Encounter:location:status=finished",
        ],
        ["Practitioner"] = ["family=a", "_has:Patient:general-practitioner:gender=male", "_has:Observation:performer:code=c1,c2", "name:missing=true", "_id=r1"],
        ["ValueSet"] =
        [
            "url=http://x.org/a", "url:below=http://x.org", "url:below=http://x.org/a/", "url:above=http://x.org/a/b/c", "version=1", "status=draft", "url:missing=true", "url:below=http://x.org/a/b", "url=http://x.org/a|1",
        ],
    };

    private static readonly Dictionary<string, string[]> Orders = new()
    {
        ["Patient"] = ["family", "given", "birthdate", "gender", "identifier", "general-practitioner", "_id", "_lastUpdated", "active"],
        ["Observation"] = ["code", "date", "value-quantity", "subject", "_lastUpdated", "status", "encounter"],
        ["Encounter"] = ["date", "status", "length", "_id", "subject"],
        ["Location"] = ["name", "partof", "_lastUpdated"],
        ["Practitioner"] = ["family", "_id"],
        ["ValueSet"] = ["url", "version", "_lastUpdated", "status"],
    };

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(1, 8)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Any_search_is_answered_as_the_model_does(int seed)
    {
        await using var model = new ModelStore(Setup);
        var random = new Random(seed);
        AccessScope[] scopes =
        [
            Everything, Everything, new TestScope(Setup.Hasher).WithoutCode("R"), new TestScope(Setup.Hasher) { WithheldType = "Encounter" },
            new TestScope(Setup.Hasher).Without(Key("Patient/r1")).Without(Key("Practitioner/r1")),
        ];
        for (int round = 0; round < 3; round++)
        {
            for (int change = 0; change < Changes; change++)
            {
                await ChangeAsync(model, random);
            }

            for (int search = 0; search < Searches; search++)
            {
                AccessScope scope = scopes[random.Next(scopes.Length)];
                (string text, SearchRequest request) = AnySearch(random);
                await CompareAsync(model, scope, request, random, $"Seed {seed}, round {round}, search {search}: {text}");
            }
        }
    }

    /// <summary>Goes through the pages of both stores; sometimes somebody writes between two pages.</summary>
    private async Task CompareAsync(ModelStore model, AccessScope scope, SearchRequest request, Random random, string text)
    {
        bool isDisturbed = random.Next(2) == 0;
        for (int number = 1; number <= MaxPages; number++)
        {
            SearchPage expected = (await model.SearchAsync(scope, request, Cancel)).Value;
            SearchPage actual = (await Store.SearchAsync(scope, request, Cancel)).Value;
            Assert.True(Shown(expected) == Shown(actual), $"{text}\npage {number}\nexpected: {Shown(expected)}\nactual:   {Shown(actual)}");
            if (actual.Next is null)
            {
                return;
            }

            request = request with { After = actual.Next };
            if (isDisturbed)
            {
                await ChangeAsync(model, random);
            }
        }
    }

    private async Task ChangeAsync(ModelStore model, Random random)
    {
        Transaction transaction = Transaction.Of(AnyWrite(random));
        Clock.Move(TimeSpan.FromMilliseconds(random.Next(800)));
        await model.CommitAsync(Everything, transaction, Cancel);
        await Store.CommitAsync(Everything, transaction, Cancel);
    }

    private (string Text, SearchRequest Request) AnySearch(Random random)
    {
        if (random.Next(8) == 0)
        {
            return AnySearchOfSeveralTypes(random);
        }

        string type = Types[random.Next(Types.Length)];
        var text = new List<string> { type };
        var criteria = new List<Criterion>();
        for (int parts = random.Next(4); parts > 0; parts--)
        {
            criteria.Add(AnyCriterion(random, type, text, depth: 0));
        }

        SortKey[] sort =
        [
            .. Enumerable.Range(0, random.Next(3)).Select(_ => new SortKey(Parameter(type, Orders[type][random.Next(Orders[type].Length)]), random.Next(2) == 0)),
        ];
        SearchRequest request = new()
        {
            Types = [TypeOf(type)],
            Criterion = criteria.Count == 1 ? criteria[0] : new AllOf(criteria),
            Sort = sort,
            Count = random.Next(8) == 0 ? 100 : 1 + random.Next(6),
            CountTotal = random.Next(2) == 0,
            Includes = AnyIncludes(random),
        };
        text.AddRange(sort.Select(key => $"sort {key.Parameters[0].Code} {key.Descending}"));
        text.Add($"count {request.Count} total {request.CountTotal}");
        text.AddRange(request.Includes.Select(include => include.ToString()));
        return (string.Join("; ", text), request);
    }

    /// <summary>What all types have in common, and what some have under one name.</summary>
    private (string Text, SearchRequest Request) AnySearchOfSeveralTypes(Random random)
    {
        string condition = Pick(random, "", "_id=r1,r2", "_tag=t", "_security:not=R", "_lastUpdated=ge2024-05-01T12:00:20Z", "_profile=http://x.org/p");
        string[] types = random.Next(3) == 0 ? [] : ["Observation", "Encounter", "ValueSet"];
        string code = types.Length == 0 ? Pick(random, "_lastUpdated", "_id") : Pick(random, "_lastUpdated", "status", "_id");
        SearchRequest request = new()
        {
            Types = [.. types.Select(TypeOf)],
            Criterion = random.Next(4) == 0 ? new InCompartment("Patient", "r1") : Query("Patient", condition),
            Sort = random.Next(3) == 0
                ? []
                : [new SortKey([.. types.DefaultIfEmpty("Patient").Select(type => Parameter(type, code)).Distinct()], random.Next(2) == 0)],
            Count = 1 + random.Next(9),
            CountTotal = random.Next(2) == 0,
        };
        return ($"{string.Join(',', types)}?{condition}; {request.Criterion}; sort {code} {string.Join(',', request.Sort.Select(key => key.Descending))}", request);
    }

    private Criterion AnyCriterion(Random random, string type, List<string> text, int depth)
    {
        int kind = depth > 1 ? 0 : random.Next(12);
        if (kind == 1)
        {
            text.Add("one of");
            return new OneOf([AnyCriterion(random, type, text, depth + 1), AnyCriterion(random, type, text, depth + 1)]);
        }

        if (kind == 2)
        {
            text.Add("none of");
            return new NoneOf(AnyCriterion(random, type, text, depth + 1));
        }

        if (kind == 3)
        {
            var compartment = new InCompartment(random.Next(3) == 0 ? "Encounter" : "Patient", "r" + random.Next(EachType));
            text.Add(compartment.ToString());
            return compartment;
        }

        if (kind == 4)
        {
            var words = new HasWords(random.Next(2) == 0, [random.Next(2) == 0 ? "well" : "Jo"]);
            text.Add(string.Join(' ', words.Words));
            return words;
        }

        string condition = Conditions[type][random.Next(Conditions[type].Length)];
        text.Add(condition);
        return Query(type, condition);
    }

    private Include[] AnyIncludes(Random random)
    {
        if (random.Next(3) > 0)
        {
            return [];
        }

        (string Type, string? Code)[] references =
        [
            ("Observation", "subject"), ("Observation", "encounter"), ("Observation", "performer"), ("Patient", "general-practitioner"), ("Encounter", "subject"), ("Encounter", "location"), ("Location", "partof"),
            ("Observation", null), ("Patient", null), ("Encounter", null),
        ];
        return
        [
            .. Enumerable.Range(0, 1 + random.Next(3)).Select(_ =>
            {
                (string type, string? code) = references[random.Next(references.Length)];
                return new Include(
                    TypeOf(type), code is null ? null : Parameter(type, code), random.Next(4) == 0 ? TypeOf("Patient") : null, random.Next(2) == 0, random.Next(2) == 0);
            }),
        ];
    }

    private static Write AnyWrite(Random random)
    {
        string type = Types[random.Next(Types.Length)];
        string id = "r" + random.Next(EachType);
        if (random.Next(7) == 0)
        {
            return new Delete(new ResourceKey(type, id));
        }

        string meta = random.Next(4) switch { 0 => ""","meta":{"security":[{"code":"R"}]}""", 1 => ""","meta":{"tag":[{"system":"http://x.org","code":"t"}],"profile":["http://x.org/p"]}""", _ => "" };
        string start = $$"""{"resourceType":"{{type}}","id":"{{id}}"{{meta}}""";
        return PutOf(start + (type switch
        {
            "Patient" => PatientBody(random),
            "Observation" => ObservationBody(random),
            "Encounter" => EncounterBody(random),
            "Location" => LocationBody(random),
            "Practitioner" => Maybe(random, $$""","name":[{"family":"{{Name(random)}}"}]"""),
            _ => Maybe(random, $$""","url":"http://x.org/{{Pick(random, "a", "a/b", "a/b/c", "ab")}}{{Pick(random, "", "", "/")}}" """) + Maybe(random, ""","version":"1" """) + ""","status":"draft" """,
        }) + "}");
    }

    private static string PatientBody(Random random) =>
        Maybe(random, $$""","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{Pick(random, "All <b>well</b>", "unwell")}}</div>"}""")
        + Maybe(random, $$""","name":[{"family":"{{Name(random)}}","given":["{{Pick(random, "Jo", "Jó", "Ann")}}"]}]""")
        + Maybe(random, $$""","gender":"{{Pick(random, "male", "female", "other")}}" """)
        + Maybe(random, $$""","birthDate":"{{Pick(random, "1990", "1990-03", "1990-03-02", "1991-12-31", "1992")}}" """)
        + Maybe(random, $$""","active":{{Pick(random, "true", "false")}}""")
        + Maybe(random, $$""","identifier":[{"type":{"coding":[{"system":"http://t.org","code":"MR"}]}{{Pick(random, "", ",\"system\":\"http://x.org\"")}},"value":"{{random.Next(3)}}"}]""")
        + Maybe(random, $$""","address":[{"line":["{{Pick(random, "Main Street 1", "Side Street")}}"]}],"telecom":[{"system":"phone","value":"555"}]""")
        + Maybe(random, $$""","generalPractitioner":[{"reference":"Practitioner/r{{random.Next(4)}}"}{{Maybe(random, ",{\"reference\":\"Practitioner/r1\"}")}}]""");

    private static string ObservationBody(Random random) =>
        $$""","status":"{{Pick(random, "final", "amended")}}","code":{"coding":[{{Maybe(random, "{\"code\":\"c1\"},")}}{{{Pick(random, "\"system\":\"http://x.org\",", "")}}"code":"c{{random.Next(3)}}","display":"Some test"}]}"""
        + Pick(
            random,
            $$""","subject":{"reference":"Patient/r{{random.Next(EachType)}}"}""",
            $$""","subject":{"reference":"Patient/r{{random.Next(3)}}/_history/1"},"performer":[{"reference":"Patient/r2"}]""",
            ""","subject":{"reference":"Group/r1"},"performer":[{"reference":"Practitioner/r1"}]""",
            ""","subject":{"identifier":{"system":"http://x.org","value":"1"}}""",
            ""","subject":{"reference":"http://other.org/fhir/Patient/r1"}""",
            "")
        + Maybe(random, $$""","encounter":{"reference":"Encounter/r{{random.Next(4)}}"}""")
        + Maybe(random, $$""","focus":[{"reference":"Patient/r{{random.Next(3)}}"}]""")
        + Pick(random, $$""","effectiveDateTime":"{{Pick(random, "2024", "2024-02-10", "2024-02-10T10:00:00Z", "2023-12-31T23:30:00-02:00")}}" """, ""","effectivePeriod":{"start":"2024-02-01"}""", "")
        + Pick(
            random,
            $$""","valueQuantity":{"value":{{Number(random)}},"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}""",
            $$""","valueQuantity":{"value":{{Number(random)}},"comparator":"{{Pick(random, "<", ">", "<=", ">=")}}","unit":"mg"}""",
            $$""","valueQuantity":{"value":{{Number(random)}}}""",
            ""","valueDateTime":"2024-03-01" """,
            "");

    private static string EncounterBody(Random random) =>
        $$""","status":"{{Pick(random, "finished", "planned")}}","class":{"code":"{{Pick(random, "AMB", "IMP")}}"}"""
        + Maybe(random, $$""","subject":{"reference":"Patient/r{{random.Next(EachType)}}"}""")
        + Maybe(random, $$""","period":{"start":"2024-0{{1 + random.Next(3)}}-10"{{Maybe(random, ",\"end\":\"2024-03-05\"")}}}""")
        + Maybe(random, $$""","length":{"value":{{random.Next(60)}},"unit":"min","system":"http://unitsofmeasure.org","code":"min"}""")
        + Maybe(random, $$""","location":[{"location":{"reference":"Location/r{{random.Next(3)}}"} }]""")
        + Maybe(random, ""","diagnosis":[{"condition":{"reference":"Condition/r1"} }]""");

    private static string LocationBody(Random random) =>
        Maybe(random, $$""","name":"{{Name(random)}}" """)
        + Maybe(random, $$""","position":{"latitude":{{Number(random)}},"longitude":{{Pick(random, "0.5", "-179.9", "179.95", "1")}}}""")
        + Maybe(random, $$""","partOf":{"reference":"Location/r{{random.Next(3)}}"}""");

    private static string Name(Random random) => Pick(random, "Ab", "ab", "Álbum", "Bab", "Abcdefghijklmnop", "Abcdefghijklmxyz");

    private static string Number(Random random) => (random.Next(40) / 10m).ToString(CultureInfo.InvariantCulture);

    private static string Maybe(Random random, string text) => random.Next(3) == 0 ? "" : text;

    private static string Pick(Random random, params string[] texts) => texts[random.Next(texts.Length)];

    private static string Shown(SearchPage page) =>
        $"{page.Total}: {Shown(page.Matches)} + {Shown(page.Included.OrderBy(version => version.Sequence))} next {page.Next}";

    private static string Shown(IEnumerable<StoredVersion> versions) => string.Join(' ', versions.Select(version => $"{version.Key}/{version.Version}"));
}
