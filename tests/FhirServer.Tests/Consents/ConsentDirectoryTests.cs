using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>Tests that look at the memory of the whole process, and so run when no other does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class ConsentDirectoryTests : IAsyncLifetime
{
    /// <summary>Of a patient whose record somebody holds and who signed a form that others signed too.</summary>
    private const int MostBytes = 300;

    private static readonly Vocabulary Vocabulary = new(new TerminologyService(DefinitionSet.R4));
    private static readonly IndexHasher Hasher = new(new byte[IndexHasher.KeyBytes]);

    private readonly ServerFactory _server = new();
    private ConsentDirectory _directory = null!;
    private long _sequence;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _directory = new ConsentDirectory(_server.Services.GetRequiredService<IResourceStore>(), Vocabulary, Hasher, new ServerOptions());
        Assert.Same(PatientConsents.Unknown, _directory.Of(1));
        await _directory.StartAsync(Cancel);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Patients_who_signed_the_same_form_share_what_it_says()
    {
        await TellAsync(Patient("a"), Patient("b"), Patient("c", holder: "other"), Signed("1", "a"), Signed("2", "b"), Signed("3", "c"));

        Assert.Same(Of("a"), Of("b"));
        Assert.NotSame(Of("a"), Of("c"));
        Assert.Same(Of("a").Rules![0], Of("c").Rules![0]);

        await TellAsync(Signed("2", "b", type: "permit"));
        Assert.NotSame(Of("a"), Of("b"));
    }

    [Fact]
    public async Task Of_each_consent_the_newest_version_counts_in_whatever_order_it_is_told_of()
    {
        StoredVersion first = Signed("1", "a");
        StoredVersion moved = Signed("1", "b");
        StoredVersion deleted = Deletion("Consent", "1");

        await TellAsync(moved);
        await TellAsync(first);
        Assert.Empty(Of("a").Rules!);
        Assert.Single(Of("b").Rules!);

        await TellAsync(deleted);
        await TellAsync(moved);
        Assert.Empty(Of("b").Rules!);
    }

    [Fact]
    public async Task Consents_follow_replacements_over_several_steps_and_circles_end()
    {
        await TellAsync(Patient("a", replacedBy: "b"), Patient("b", replacedBy: "c"), Patient("c"), Signed("1", "a"), Signed("2", "b", "permit"));
        Assert.Single(Of("a").Rules!);
        Assert.Equal(2, Of("b").Rules!.Length);
        Assert.Equal(2, Of("c").Rules!.Length);
        Assert.Contains(HashOf("a"), Of("c").Replaced);

        await TellAsync(Patient("c", replacedBy: "a"));
        Assert.Equal(2, Of("a").Rules!.Length);

        await TellAsync(Patient("b"), Deletion("Consent", "2"));
        Assert.Empty(Of("c").Rules!);
        Assert.Single(Of("b").Rules!);
    }

    [Fact]
    public async Task A_patient_with_a_consent_takes_few_bytes()
    {
        const int Patients = 50_000;
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > MostBytes; attempt++)
        {
            // Servers of other tests go when they like, so one look may find what is theirs.
            long before = Settled();
            var directory = new ConsentDirectory(_server.Services.GetRequiredService<IResourceStore>(), Vocabulary, Hasher, new ServerOptions());
            await directory.StartAsync(Cancel);
            for (int i = 0; i < Patients; i++)
            {
                await directory.ApplyAsync([Patient(i.ToString()), Signed(i.ToString(), i.ToString())], Cancel);
            }

            long each = (Settled() - before) / Patients;
            TestContext.Current.TestOutputHelper!.WriteLine($"{each} bytes");
            Assert.Same(directory.Of(HashOf("7")), directory.Of(HashOf("49999")));
            least = each > 0 ? Math.Min(least, each) : least;
        }

        Assert.InRange(least, 0, MostBytes);
    }

    private static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private PatientConsents Of(string patient) => _directory.Of(HashOf(patient));

    private static long HashOf(string patient) => Hasher.Reference(new ResourceKey("Patient", patient));

    private ValueTask TellAsync(params StoredVersion[] versions) => _directory.ApplyAsync(versions, Cancel);

    private StoredVersion Patient(string id, string holder = "one", string? replacedBy = null) => Version("Patient", id, $$"""
        "managingOrganization":{"reference":"Organization/{{holder}}"}{{(replacedBy is null ? "" : $",\"link\":[{{\"other\":{{\"reference\":\"Patient/{replacedBy}\"}},\"type\":\"replaced-by\"}}]")}}
        """);

    private StoredVersion Signed(string id, string patient, string type = "deny") => Version("Consent", id, $$"""
        "status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
        "patient":{"reference":"Patient/{{patient}}"},"policy":[{"uri":"urn:example:form"}],"provision":{"type":"{{type}}"}
        """);

    private StoredVersion Version(string type, string id, string members) => new(
        new ResourceKey(type, id), 1, DateTimeOffset.UnixEpoch, ++_sequence, ChangeKind.Update, Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}} }"""));

    private StoredVersion Deletion(string type, string id) => new(new ResourceKey(type, id), 2, DateTimeOffset.UnixEpoch, ++_sequence, ChangeKind.Delete, default);
}
