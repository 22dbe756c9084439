using HealthChain.Fhir;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>After an erasure nothing of the patient is left for anybody, and everything else is as it was.</summary>
public abstract class EraseContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    private static string Observation(string id, string patient, string more = "") =>
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{patient}}"}{{more}}}""";

    [Fact]
    public async Task Of_an_erased_patient_nothing_is_found_in_any_way()
    {
        await CommitAsync(new Transaction([PatientOf("a", ""","gender":"male" """), PatientOf("b"), PutOf(Observation("o", "a")), PutOf(Observation("q", "b"))], []));
        await PutAsync(Observation("o", "a", ""","valueString":"second" """));
        await CommitAsync(Transaction.Of(new Delete(Key("Observation/o"))));

        Erasure erased = (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value;

        Assert.Equal(new Erasure(Resources: 2, Versions: 4), erased);
        foreach (string reference in new[] { "Patient/a", "Observation/o" })
        {
            Assert.Null(await ReadAsync(reference));
            Assert.Null(await Store.ReadVersionAsync(Everything, Key(reference), 1, Cancel));
            Assert.Equal(0, (await Store.HistoryAsync(Everything, new HistoryRequest { Type = Key(reference).Type, Id = Key(reference).Id, Count = 9 }, Cancel)).Total);
        }

        Assert.Equal("b", await FindAsync("Patient", ""));
        Assert.Equal("", await FindAsync("Patient", "gender=male"));
        Assert.Equal("q", await FindAsync("Observation", ""));
        Assert.Equal("", await FindAsync("Observation", "subject=Patient/a"));
        HistoryPage all = await Store.HistoryAsync(Everything, new HistoryRequest { Count = 9 }, Cancel);
        Assert.Equal((2, "q b"), (all.Total, string.Join(' ', Ids(all.Versions))));
        Assert.Equal([2L, 4], (await Store.ChangesAsync(Everything, 0, Cancel).ToListAsync(Cancel)).Select(version => version.Sequence));
    }

    [Fact]
    public async Task Sequence_numbers_go_on_and_the_id_can_be_used_again()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PutOf(Observation("o", "a"))], []));
        await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel);
        StoredVersion again = (await CommitAsync(Transaction.Of(PatientOf("a"), new AtVersion(Key("Patient/a"), 0))))[0]!;
        Assert.Equal((1, 4, ChangeKind.Create), (again.Version, again.Sequence, again.Change));
        await PutAsync(Observation("o", "a"));
        Assert.Equal("o", await FindAsync("Observation", "subject=Patient/a"));
        Assert.Equal(new Erasure(2, 2), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
    }

    [Fact]
    public async Task What_belongs_to_several_patients_or_to_nobody_stays()
    {
        await CommitAsync(new Transaction(
            [
                PatientOf("a"), PatientOf("b"),
                PutOf("""{"resourceType":"Organization","id":"h","name":"Hospital"}"""),
                PutOf("""{"resourceType":"Appointment","id":"t","status":"booked","participant":[{"actor":{"reference":"Patient/a"},"status":"accepted"},{"actor":{"reference":"Patient/b"},"status":"accepted"}]}"""),
            ],
            []));
        Assert.Equal(new Erasure(1, 1), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
        Assert.NotNull(await ReadAsync("Organization/h"));
        Assert.Equal("t", await FindAsync("Appointment", "patient=Patient/b"));
        Assert.Equal("t", await FindAsync("Appointment", "patient=Patient/a"));
    }

    [Theory]
    [InlineData(true, """{"resource":{"resourceType":"Patient","id":"a"}}""")]
    [InlineData(true, """{"fullUrl":"urn:uuid:8f5e7e2c-0001-4a6b-9c55-111111111111","resource":{"resourceType":"Patient","id":"a"}}""")]
    [InlineData(true, """{"resource":{"resourceType":"Composition","status":"final","type":{"text":"x"},"date":"2024","title":"x","author":[{"reference":"Practitioner/p"}],"subject":{"reference":"Patient/a"}}}""", """{"resource":{"resourceType":"Practitioner","id":"p"}}""")]
    [InlineData(true, """{"resource":{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a"}}]}}""")]
    [InlineData(true, """{"resource":{"resourceType":"Binary","contentType":"text/plain","securityContext":{"reference":"Patient/a"}}}""")]
    [InlineData(false, """{"resource":{"resourceType":"Patient","id":"a"}}""", """{"resource":{"resourceType":"Patient","id":"b"}}""")]
    [InlineData(false, """{"resource":{"resourceType":"Patient","id":"a"}}""", """{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/b"}}}""")]
    [InlineData(false, """{"fullUrl":"http://other.example/fhir/Patient/a","resource":{"resourceType":"Patient","id":"a"}}""")]
    [InlineData(false, """{"fullUrl":"http://other.example/fhir/Observation/1","resource":{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}}""")]
    [InlineData(false, """{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"http://other.example/fhir/Patient/a"}}}""")]
    [InlineData(false, """{"resource":{"resourceType":"Practitioner","id":"p"}}""")]
    public async Task A_bundle_goes_with_the_patient_whose_alone_its_entries_are(bool goes, params string[] entries)
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        await PutAsync($$"""{"resourceType":"Bundle","id":"d","type":"collection","entry":[{{string.Join(',', entries)}}]}""");
        Assert.Equal(new Erasure(goes ? 2 : 1, goes ? 2 : 1), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
        Assert.Equal(goes, await ReadAsync("Bundle/d") is null);
        Assert.Equal(goes ? "" : "d", await FindAsync("Bundle", ""));
    }

    [Fact]
    public async Task A_binary_goes_with_the_patient_who_stands_for_it()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        await PutAsync("""{"resourceType":"Binary","id":"x","contentType":"text/plain","securityContext":{"reference":"Patient/a"},"data":"eA=="}""");
        await PutAsync("""{"resourceType":"Binary","id":"y","contentType":"text/plain","securityContext":{"reference":"Patient/b"},"data":"eQ=="}""");
        Assert.Equal(new Erasure(2, 2), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
        Assert.Null(await ReadAsync("Binary/x"));
        Assert.NotNull(await ReadAsync("Binary/y"));
    }

    [Fact]
    public async Task Who_is_linked_to_the_patient_stays()
    {
        await CommitAsync(new Transaction(
            [PatientOf("a"), PatientOf("b", ""","link":[{"other":{"reference":"Patient/a"},"type":"replaces"}]"""), PutOf(Observation("o", "a")), PutOf(Observation("q", "b"))], []));
        Assert.Equal(new Erasure(2, 2), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
        Assert.Equal("b", await FindAsync("Patient", "link=Patient/a"));
        Assert.Equal("q", await FindAsync("Observation", ""));
    }

    [Fact]
    public async Task A_resource_that_moved_loses_the_versions_of_the_erased_patient_only()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        await PutAsync(Observation("o", "a"));
        await PutAsync(Observation("o", "b"));
        Assert.Equal(new Erasure(1, 2), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
        Assert.Null(await Store.ReadVersionAsync(Everything, Key("Observation/o"), 1, Cancel));
        Assert.Equal(2, (await ReadAsync("Observation/o"))!.Version);
        Assert.Equal("o", await FindAsync("Observation", "subject=Patient/b"));
        Assert.Equal(new Erasure(2, 2), (await Store.EraseAsync(Everything, Key("Patient/b"), "test"u8.ToArray(), Cancel)).Value);
        Assert.Equal(0, (await Store.HistoryAsync(Everything, new HistoryRequest { Count = 9 }, Cancel)).Total);
    }

    [Fact]
    public async Task Who_is_mentioned_only_is_no_patient_and_a_deleted_one_still_is()
    {
        await PutAsync(Observation("o", "a"));
        Assert.Equal(ErrorKind.NotFound, (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Error?.Kind);
        Assert.Equal(ErrorKind.NotFound, (await Store.EraseAsync(Everything, Key("Observation/o"), "test"u8.ToArray(), Cancel)).Error?.Kind);
        await CommitAsync(Transaction.Of(PatientOf("a")));
        await CommitAsync(Transaction.Of(new Delete(Key("Patient/a"))));
        Assert.Equal(new Erasure(2, 3), (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Value);
        Assert.Equal(ErrorKind.NotFound, (await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Error?.Kind);
    }

    [Fact]
    public async Task A_withheld_patient_cannot_be_erased()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        AccessScope scope = new TestScope(Setup.Hasher).Without(Key("Patient/a"));
        Assert.Equal(ErrorKind.NotFound, (await Store.EraseAsync(scope, Key("Patient/a"), "test"u8.ToArray(), Cancel)).Error?.Kind);
        Assert.NotNull(await ReadAsync("Patient/a"));
    }
}
