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
    public void Patients_who_signed_the_same_form_share_what_it_says()
    {
        Tell(Patient("a"), Patient("b"), Patient("c", holder: "other"), Signed("1", "a"), Signed("2", "b"), Signed("3", "c"));

        Assert.Same(Of("a"), Of("b"));
        Assert.NotSame(Of("a"), Of("c"));
        Assert.Same(Of("a").Rules![0], Of("c").Rules![0]);

        Tell(Signed("2", "b", type: "permit"));
        Assert.NotSame(Of("a"), Of("b"));
    }

    [Fact]
    public void Of_each_consent_the_newest_version_counts_in_whatever_order_it_is_told_of()
    {
        StoredVersion first = Signed("1", "a");
        StoredVersion moved = Signed("1", "b");
        StoredVersion deleted = Deletion("Consent", "1");

        Tell(moved);
        Tell(first);
        Assert.Empty(Of("a").Rules!);
        Assert.Single(Of("b").Rules!);

        Tell(deleted);
        Tell(moved);
        Assert.Empty(Of("b").Rules!);
    }

    [Fact]
    public void Consents_follow_replacements_over_several_steps_and_circles_end()
    {
        Tell(Patient("a", replacedBy: "b"), Patient("b", replacedBy: "c"), Patient("c"), Signed("1", "a"), Signed("2", "b", "permit"));
        Assert.Single(Of("a").Rules!);
        Assert.Equal(2, Of("b").Rules!.Length);
        Assert.Equal(2, Of("c").Rules!.Length);
        Assert.Contains(HashOf("a"), Of("c").Replaced);

        Tell(Patient("c", replacedBy: "a"));
        Assert.Equal(2, Of("a").Rules!.Length);

        Tell(Patient("b"), Deletion("Consent", "2"));
        Assert.Empty(Of("c").Rules!);
        Assert.Single(Of("b").Rules!);
    }

    [Fact]
    public async Task What_changes_a_consent_never_leaves_a_moment_without_any()
    {
        StoredVersion[] forms = [.. Enumerable.Range(0, 200).Select(i => Signed("1", "a", period: $"20{i % 50:00}"))];
        Tell(Patient("a"), forms[0], Signed("2", "a", period: "1999"));
        using var stop = new CancellationTokenSource();
        var looks = new TaskCompletionSource();
        int fewest = int.MaxValue;

        // On a thread of its own: one of the pool may be had only when all is over.
        Task looking = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    fewest = Math.Min(fewest, Of("a").Rules!.Length);
                    looks.TrySetResult();
                }
            },
            Cancel,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await looks.Task.WaitAsync(Cancel);
        foreach (StoredVersion form in forms)
        {
            Tell(form);
        }

        // One is ended and another begun by the same commit.
        Tell(Deletion("Consent", "2"), Signed("3", "a", period: "1998"));
        await stop.CancelAsync();
        await looking;
        Assert.Equal(2, fewest);
    }

    [Fact]
    public void Of_an_erased_patient_nothing_is_known_and_the_id_can_be_used_again()
    {
        Tell(Patient("a", replacedBy: "b"), Patient("b"), Signed("1", "a"), Signed("2", "b"), Version("RelatedPerson", "r", "\"identifier\":[{\"value\":\"17\"}]"));
        Assert.Equal(2, Of("b").Rules!.Length);
        Assert.NotEmpty(_directory.Actors.NamesOf("RelatedPerson/r", null, 0).Identifiers);
        int generation = _directory.Generation;
        int forgotten = 0;
        _directory.Erased = () => forgotten++;

        _directory.Forget(new HashSet<long> { HashOf("a"), Hasher.Reference(new ResourceKey("Consent", "1")), Hasher.Reference(new ResourceKey("RelatedPerson", "r")) });

        Assert.Empty(Of("a").Rules!);
        Assert.Equal(0, Of("a").Holder);
        Assert.Single(Of("b").Rules!);
        Assert.Empty(Of("b").Replaced);
        Assert.Empty(_directory.Actors.NamesOf("RelatedPerson/r", null, 0).Identifiers);
        Assert.NotEqual(generation, _directory.Generation);
        Assert.Equal(1, forgotten);

        Tell(Patient("a"), Signed("1", "a"));
        Assert.Single(Of("a").Rules!);
        Assert.NotEqual(0, Of("a").Holder);
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
                directory.Note([Patient(i.ToString()), Signed(i.ToString(), i.ToString())], _ => null);
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

    private void Tell(params StoredVersion[] versions) => _directory.Note(versions, _ => null);

    private StoredVersion Patient(string id, string holder = "one", string? replacedBy = null) => Version("Patient", id, $$"""
        "managingOrganization":{"reference":"Organization/{{holder}}"}{{(replacedBy is null ? "" : $",\"link\":[{{\"other\":{{\"reference\":\"Patient/{replacedBy}\"}},\"type\":\"replaced-by\"}}]")}}
        """);

    private StoredVersion Signed(string id, string patient, string type = "deny", string period = "2000") => Version("Consent", id, $$"""
        "status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
        "patient":{"reference":"Patient/{{patient}}"},"policy":[{"uri":"urn:example:form"}],"provision":{"type":"{{type}}","period":{"start":"{{period}}"} }
        """);

    private StoredVersion Version(string type, string id, string members) => new(
        new ResourceKey(type, id), 1, DateTimeOffset.UnixEpoch, ++_sequence, ChangeKind.Update, Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}} }"""));

    private StoredVersion Deletion(string type, string id) => new(new ResourceKey(type, id), 2, DateTimeOffset.UnixEpoch, ++_sequence, ChangeKind.Delete, default);
}
