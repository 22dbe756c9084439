using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>Searches over one small clinic.</summary>
public abstract class SearchContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    [Theory]
    [InlineData("Patient", "", "p1 p2 p3")]
    [InlineData("Patient", "_id=p2,p3,p9", "p2 p3")]
    [InlineData("Patient", "_lastUpdated=gt2024-05-01", "")]
    [InlineData("Patient", "_lastUpdated=2024-05-01", "p1 p2 p3")]
    [InlineData("Patient", "family=mul", "p1")]
    [InlineData("Patient", "family=MÜLLER", "p1")]
    [InlineData("Patient", "family:exact=müller", "")]
    [InlineData("Patient", "family:exact=Müller", "p1")]
    [InlineData("Patient", "family:contains=ull", "p1")]
    [InlineData("Patient", "family=Featherstonehaugh-Cholmondeley", "p2")]
    [InlineData("Patient", "family=Featherstonehaugh-Chomley", "")]
    [InlineData("Patient", "family:missing=true", "p3")]
    [InlineData("Patient", "family:missing=false&gender:not=male", "p2")]
    [InlineData("Patient", "gender=male,female", "p1 p2")]
    [InlineData("Patient", "gender:not=male", "p2 p3")]
    [InlineData("Patient", "identifier=http://x.org/mrn|1", "p1")]
    [InlineData("Patient", "identifier=1", "p1 p2")]
    [InlineData("Patient", "identifier=|1", "p2")]
    [InlineData("Patient", "identifier=http://x.org/mrn|", "p1")]
    [InlineData("Patient", "birthdate=1980", "p1")]
    [InlineData("Patient", "birthdate=ne1980", "p2")]
    [InlineData("Patient", "birthdate=ge1980-03&birthdate=lt1990", "p1")]
    [InlineData("Patient", "birthdate=sa1980-03-02", "p2")]
    [InlineData("Patient", "birthdate=eb1980-03-02", "")]
    [InlineData("Observation", "code=8480-6", "o1 o2")]
    [InlineData("Observation", "code=http://loinc.org|8462-4", "o3")]
    [InlineData("Observation", "code:text=syst", "o1")]
    [InlineData("Observation", "subject=Patient/p1", "o1 o3")]
    [InlineData("Observation", "subject=p1", "o1 o3")]
    [InlineData("Observation", "subject:Patient=p2", "o2")]
    [InlineData("Observation", "subject:identifier=http://x.org/mrn|7", "o4")]
    [InlineData("Observation", "value-quantity=gt100", "o1 o2")]
    [InlineData("Observation", "value-quantity=5|http://unitsofmeasure.org|mg", "o4")]
    [InlineData("Observation", "value-quantity=0.005|http://unitsofmeasure.org|g", "o4")]
    [InlineData("Observation", "code-value-quantity=8480-6$gt130", "o2")]
    [InlineData("RiskAssessment", "probability=0.8", "r1")]
    [InlineData("RiskAssessment", "probability=gt0.8", "")]
    [InlineData("ValueSet", "url=http://x.org/vs/a", "v1")]
    [InlineData("ValueSet", "url:below=http://x.org/vs", "v1 v2")]
    [InlineData("ValueSet", "url:above=http://x.org/vs/a/b", "v1 v2")]
    [InlineData("Observation", "subject:Patient.family=mul", "o1 o3")]
    [InlineData("Observation", "subject:Patient.general-practitioner:Practitioner.family=who", "o1 o3")]
    [InlineData("Patient", "_has:Observation:subject:code=8462-4", "p1")]
    [InlineData("Practitioner", "_has:Patient:general-practitioner:_has:Observation:subject:code=8462-4", "d1")]
    [InlineData("Observation", "subject:Patient._has:Observation:subject:code=8462-4", "o1 o3")]
    public async Task A_query_finds(string type, string query, string ids)
    {
        await GivenAClinicAsync();
        Assert.Equal(ids, await FindAsync(type, query));
    }

    [Fact]
    public async Task Updates_and_deletions_change_what_is_found()
    {
        await GivenAClinicAsync();
        await CommitAsync(new Transaction([PatientOf("p1", ""","gender":"female" """), new Delete(Key("Patient/p2"))], []));
        Assert.Equal("p1", await FindAsync("Patient", "gender=female"));
        Assert.Equal("", await FindAsync("Patient", "family=mul"));
        Assert.Equal("", await FindAsync("Observation", "subject:Patient.family=fea"));
        Assert.Equal("o2", await FindAsync("Observation", "subject=Patient/p2"));
    }

    [Fact]
    public async Task Compartments_and_words()
    {
        await GivenAClinicAsync();
        Assert.Equal("o1 o3", await WithAsync("Observation", new InCompartment("Patient", "p1")));
        Assert.Equal("p1", await WithAsync("Patient", new InCompartment("Patient", "p1")));
        Assert.Equal("p3", await WithAsync("Patient", new HasWords(true, ["good", "health"])));
        Assert.Equal("", await WithAsync("Patient", new HasWords(true, ["goo"])));
        Assert.Equal("", await WithAsync("Patient", new HasWords(true, ["muller"])));
        Assert.Equal("p1", await WithAsync("Patient", new HasWords(false, ["Müller"])));
        Assert.Equal("p2 p3", await WithAsync("Patient", new OneOf([new NoneOf(Query("Patient", "birthdate:missing=false")), Query("Patient", "_id=p2")])));
    }

    [Fact]
    public async Task A_linked_patient_is_in_the_compartment_of_the_other_with_none_of_their_data()
    {
        static string Link(string other) => $$""","link":[{"other":{"reference":"Patient/{{other}}"},"type":"seealso"}]""";
        static Put Of(string id, string patient) => PutOf($$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{patient}}"} }""");
        await CommitAsync(new Transaction([PatientOf("a", Link("b")), PatientOf("b", Link("a")), PatientOf("c", Link("b")), PatientOf("d"), Of("oa", "a"), Of("ob", "b"), Of("oc", "c")], []));

        Assert.Equal("a b", await WithAsync("Patient", new InCompartment("Patient", "a")));
        Assert.Equal("a b c", await WithAsync("Patient", new InCompartment("Patient", "b")));
        Assert.Equal("c", await WithAsync("Patient", new InCompartment("Patient", "c")));
        Assert.Equal("oa", await WithAsync("Observation", new InCompartment("Patient", "a")));
        Assert.Equal("ob", await WithAsync("Observation", new InCompartment("Patient", "b")));
        Assert.Equal("a c", await FindAsync("Patient", "link=Patient/b"));
        Assert.Equal("oa oc", await FindAsync("Observation", "subject:Patient.link=Patient/b"));
        Assert.Equal("a b", await FindAsync("Patient", "_has:Patient:link:_has:Observation:subject:status=final"));

        // A link that is taken back, and one to a patient who is deleted.
        await CommitAsync(new Transaction([PatientOf("a"), new Delete(Key("Patient/c"))], []));
        Assert.Equal("a b", await WithAsync("Patient", new InCompartment("Patient", "a")));
        Assert.Equal("b", await WithAsync("Patient", new InCompartment("Patient", "b")));
    }

    [Theory]
    [InlineData("medication:Medication.code=A", "own r1 r3")]
    [InlineData("medication:Medication.code=B", "r1")]
    [InlineData("medication:Medication.code=A&status=active", "own r1")]
    [InlineData("medication:Medication.code=C", "")]
    [InlineData("medication:Medication.code:not=A", "r2")]
    [InlineData("medication:Medication.manufacturer:Organization.name=Works", "r1")]
    [InlineData("medication:Medication.manufacturer=Organization/works", "r1")]
    [InlineData("medication:Medication.status:missing=true", "own r1 r2 r3")]
    [InlineData("subject=Patient/p&medication:Medication.code=A", "r1")]
    public async Task A_chain_leads_into_contained_resources(string query, string found)
    {
        static string Medication(string id, string code, string more = "") => $$"""{"resourceType":"Medication","id":"{{id}}","code":{"coding":[{"code":"{{code}}"}]}{{more}} }""";
        static Put Request(string id, string status, string reference, params string[] contained) => PutOf(
            $$"""{"resourceType":"MedicationRequest","id":"{{id}}","status":"{{status}}","intent":"order","subject":{"reference":"Patient/{{(id == "r1" ? "p" : "q")}}"},"medicationReference":{"reference":"{{reference}}"},"contained":[{{string.Join(',', contained)}}]}"""
                .Replace(",\"contained\":[]", "", StringComparison.Ordinal));
        await CommitAsync(new Transaction(
            [
                PatientOf("p"), PatientOf("q"), PutOf("""{"resourceType":"Organization","id":"works","name":"Works"}"""), PutOf(Medication("m", "A")),
                Request("own", "active", "Medication/m"),
                PutOf("""
                    {"resourceType":"MedicationRequest","id":"r1","status":"active","intent":"order","subject":{"reference":"Patient/p"},"medicationReference":{"reference":"#a"},
                     "contained":[{"resourceType":"Medication","id":"a","code":{"coding":[{"code":"A"},{"code":"B"}]},"manufacturer":{"reference":"Organization/works"}}]}
                    """),
                Request("r2", "active", "#x", Medication("x", "X"), Medication("unused", "C")),
                Request("r3", "stopped", "#a", Medication("a", "A"), """{"resourceType":"Organization","id":"o","name":"Works"}"""),
            ],
            []));

        Assert.Equal(found, await FindAsync("MedicationRequest", query));
    }

    [Fact]
    public async Task Includes_and_chains_follow_canonicals()
    {
        await CommitAsync(new Transaction(
            [
                PutOf("""{"resourceType":"Questionnaire","id":"q","url":"http://x.org/q","version":"1","status":"active"}"""),
                PutOf("""{"resourceType":"Questionnaire","id":"other","url":"http://x.org/other","status":"active"}"""),
                PutOf("""{"resourceType":"QuestionnaireResponse","id":"r1","status":"completed","questionnaire":"http://x.org/q"}"""),
                PutOf("""{"resourceType":"QuestionnaireResponse","id":"r2","status":"completed","questionnaire":"http://x.org/q|1"}"""),
                PutOf("""{"resourceType":"QuestionnaireResponse","id":"r3","status":"completed","questionnaire":"http://x.org/absent"}"""),
            ],
            []));
        var questionnaire = new Include(TypeOf("QuestionnaireResponse"), Parameter("QuestionnaireResponse", "questionnaire"), null, IsReverse: false, Iterates: false);

        Assert.Equal(["q"], Ids((await SearchAsync(Request("QuestionnaireResponse") with { Includes = [questionnaire] })).Included));
        Assert.Equal(["q"], Ids((await SearchAsync(Request("QuestionnaireResponse", "_id=r2") with { Includes = [questionnaire with { Reference = null }] })).Included));
        Assert.Empty((await SearchAsync(Request("QuestionnaireResponse", "_id=r3") with { Includes = [questionnaire] })).Included);
        Assert.Equal(["r1", "r2"], Ids((await SearchAsync(Request("Questionnaire", "_id=q") with { Includes = [questionnaire with { IsReverse = true }] })).Included).Order());
        Assert.Empty((await SearchAsync(Request("Questionnaire", "_id=other") with { Includes = [questionnaire with { IsReverse = true }] })).Included);
        Assert.Equal("r1 r2", await FindAsync("QuestionnaireResponse", "questionnaire:Questionnaire.status=active"));
        Assert.Equal("r2", await FindAsync("QuestionnaireResponse", "_id=r2,r3&questionnaire:Questionnaire.version=1"));
        Assert.Equal("", await FindAsync("QuestionnaireResponse", "questionnaire:Questionnaire.version=2"));
        Assert.Equal("q", await FindAsync("Questionnaire", "_has:QuestionnaireResponse:questionnaire:status=completed"));
        Assert.Equal("", await FindAsync("Questionnaire", "_has:QuestionnaireResponse:questionnaire:_id=r3"));
    }

    [Fact]
    public async Task Included_resources_come_once_and_only_as_asked()
    {
        await GivenAClinicAsync();
        var subject = new Include(TypeOf("Observation"), Parameter("Observation", "subject"), null, IsReverse: false, Iterates: false);
        var doctor = new Include(TypeOf("Patient"), Parameter("Patient", "general-practitioner"), null, IsReverse: false, Iterates: false);
        var observations = subject with { IsReverse = true };
        Assert.Equal("p1", await IncludedAsync("Observation", "subject=p1", subject));
        Assert.Equal("p1", await IncludedAsync("Observation", "subject=p1", subject, doctor));
        Assert.Equal("d1 p1", await IncludedAsync("Observation", "subject=p1", subject, doctor with { Iterates = true }));
        Assert.Equal("", await IncludedAsync("Observation", "subject=p1", subject with { Target = TypeOf("Group") }));
        Assert.Equal("p1", await IncludedAsync("Observation", "_id=o1", subject with { Reference = null }));
        Assert.Equal("o1 o3", await IncludedAsync("Patient", "_id=p1", observations));
        Assert.Equal("o1 o3 p1", await IncludedAsync("Practitioner", "", doctor with { IsReverse = true }, observations with { Iterates = true }));
        SearchPage cut = await SearchAsync(Request("Patient", "_id=p1") with { Includes = [observations], MaxIncluded = 1 });
        Assert.Equal((1, true), (cut.Included.Count, cut.IncludesTruncated));
    }

    [Fact]
    public async Task What_points_back_at_a_patient_is_found_among_much_of_other_types_and_when_it_is_of_several_patients()
    {
        await GivenAClinicAsync();
        await CommitAsync(new Transaction(
            [.. Enumerable.Range(0, 40).Select(number => PutOf($$"""{"resourceType":"Observation","id":"many{{number}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"} }""")),
                PutOf("""{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"} }"""),
                PutOf("""{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/p2"} }"""),
                PutOf("""{"resourceType":"Condition","id":"both","subject":{"reference":"Patient/p1"},"asserter":{"reference":"Patient/p2"} }"""),
                PutOf("""{"resourceType":"Condition","id":"other","subject":{"reference":"Patient/p2"},"asserter":{"reference":"Patient/p1"} }""")],
            []));
        var back = new Include(TypeOf("Condition"), Parameter("Condition", "patient"), null, IsReverse: true, Iterates: false);
        var asserted = back with { Reference = Parameter("Condition", "asserter") };
        Assert.Equal("both c1", await IncludedAsync("Patient", "_id=p1", back));
        Assert.Equal("c2 other", await IncludedAsync("Patient", "_id=p2", back));
        Assert.Equal("other", await IncludedAsync("Patient", "_id=p1", asserted));
        Assert.Equal("both c1 other", await IncludedAsync("Patient", "_id=p1", back with { Reference = null }));
    }

    [Theory]
    [InlineData("birthdate", false, "p1 p2 p3")]
    [InlineData("birthdate", true, "p2 p1 p3")]
    [InlineData("family", false, "p2 p1 p3")]
    [InlineData("family", true, "p1 p2 p3")]
    [InlineData("address-city", true, "p1 p2 p3")]
    public async Task Missing_values_are_last_whatever_the_direction(string code, bool descending, string ids)
    {
        await GivenAClinicAsync();
        SearchPage page = await SearchAsync(Request("Patient") with { Sort = [new SortKey(Parameter("Patient", code), descending)] });
        Assert.Equal(ids, string.Join(' ', Ids(page.Matches)));
    }

    [Fact]
    public async Task Pages_by_several_keys_are_stable_while_others_write()
    {
        string[] families = ["Ash", "Birch", "Ash", "", "Birch", "Ash", ""];
        for (int i = 0; i < families.Length; i++)
        {
            string name = families[i].Length == 0 ? "" : $$""","name":[{"family":"{{families[i]}}"}]""";
            await CommitAsync(Transaction.Of(PatientOf("p" + i, name + $$""","birthDate":"200{{i}}" """)));
        }

        SearchRequest request = Request("Patient", count: 2) with
        {
            Sort = [new SortKey(Parameter("Patient", "family"), true), new SortKey(Parameter("Patient", "birthdate"), true)],
        };
        List<string> found = [];
        SearchPage page;
        do
        {
            page = await SearchAsync(request);
            Assert.Equal(7, page.Total);
            found.AddRange(Ids(page.Matches));
            await CommitAsync(Transaction.Of(PatientOf("new" + found.Count, ""","name":[{"family":"Ash"}]""")));
            request = request with { After = page.Next };
        }
        while (page.Next is not null);
        Assert.Equal(["p4", "p1", "p5", "p2", "p0", "p6", "p3"], found);
    }

    [Fact]
    public async Task A_count_of_zero_gives_the_total_alone()
    {
        await GivenAClinicAsync();
        SearchPage page = await SearchAsync(Request("Patient", count: 0));
        Assert.Equal((3L, null), (page.Total, page.Next));
        Assert.Empty(page.Matches);
        Assert.Null((await SearchAsync(Request("Patient") with { CountTotal = false })).Total);
        Assert.Equal(11, (await SearchAsync(new SearchRequest { Types = [], Count = 0, CountTotal = true })).Total);
    }

    private async Task<string> WithAsync(string type, Criterion criterion) =>
        string.Join(' ', Ids((await SearchAsync(Request(type) with { Criterion = criterion })).Matches));

    private async Task<string> IncludedAsync(string type, string query, params Include[] includes)
    {
        SearchPage page = await SearchAsync(Request(type, query) with { Includes = includes });
        Assert.False(page.IncludesTruncated);
        return string.Join(' ', Ids(page.Included).Order(StringComparer.Ordinal));
    }

    private Task<IReadOnlyList<StoredVersion?>> GivenAClinicAsync() => CommitAsync(new Transaction([.. Clinic.Resources.Select(PutOf)], []));
}
