using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>What a registry is told of organisations, and that it is told once, whatever fails in between.</summary>
public sealed class RegistryWorkerTests : IAsyncDisposable
{
    private readonly ServerFactory _server = new();
    private readonly HttpClient _client;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-registry");
    private readonly MemoryRegistrar _registrar = new();

    public RegistryWorkerTests() => _client = _server.CreateClient();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Stores Stores => _server.Services.GetRequiredService<Stores>();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Verification_suspension_and_the_end_of_it_are_told_with_the_ledgers_commitments()
    {
        string organisation = await _client.CreateAsync(Organization("prov"));
        await FinishAsync();
        Assert.Empty(_registrar.Said);

        string verification = await _client.CreateAsync(Verification(organisation, "validated", ",\"nextScheduled\":\"2099-12-31\""));
        await FinishAsync();
        IdentityStatement said = Assert.Single(_registrar.Said);
        Assert.Equal(RegistryWorker.SubjectOf(Stores.Keys, organisation), said.Subject);
        Assert.Equal((RegistryRole.Hospital, RegistryStatus.Verified), (said.Role, said.Status));
        Assert.Equal(new DateTimeOffset(2099, 12, 31, 23, 59, 59, TimeSpan.Zero), said.ValidUntil);
        Assert.Equal(await CommitmentAsync(verification, 1), said.Commitment);

        await _client.ReplaceAsync(verification, Verification(organisation, "reval-fail"));
        await FinishAsync();
        Assert.Equal((2, RegistryStatus.Suspended), (_registrar.Said.Count, _registrar.Said[^1].Status));
        Assert.Equal(await CommitmentAsync(verification, 2), _registrar.Said[^1].Commitment);

        await _client.ReplaceAsync(verification, Verification(organisation, "validated"));
        await FinishAsync();
        Assert.Equal((3, RegistryStatus.Verified), (_registrar.Said.Count, _registrar.Said[^1].Status));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.MaxValue.ToUnixTimeSeconds()), _registrar.Said[^1].ValidUntil);

        (await _client.DeleteAsync("/fhir/" + verification, Cancel)).EnsureSuccessStatusCode();
        await FinishAsync();
        Assert.Equal((4, RegistryStatus.Suspended), (_registrar.Said.Count, _registrar.Said[^1].Status));
        Assert.Equal(await CommitmentAsync(verification, 4), _registrar.Said[^1].Commitment);

        await FinishAsync();
        Assert.Equal(4, _registrar.Said.Count);
    }

    [Fact]
    public async Task A_closed_organisation_is_suspended_by_its_own_version_and_an_insurer_is_one()
    {
        string organisation = await _client.CreateAsync(Organization("ins"));
        await _client.CreateAsync(Verification(organisation, "validated"));
        await FinishAsync();
        Assert.Equal((1, RegistryRole.Insurer), (_registrar.Said.Count, _registrar.Said[0].Role));

        await _client.ReplaceAsync(organisation, Organization("ins", ",\"active\":false"));
        await FinishAsync();

        Assert.Equal((2, RegistryStatus.Suspended), (_registrar.Said.Count, _registrar.Said[^1].Status));
        Assert.Equal(await CommitmentAsync(organisation, 2), _registrar.Said[^1].Commitment);
    }

    [Fact]
    public async Task Who_never_was_verified_is_not_told_of()
    {
        string organisation = await _client.CreateAsync(Organization("prov"));
        await _client.CreateAsync(Verification(organisation, "val-fail"));
        await _client.CreateAsync(Verification(await _client.CreateAsync(Organization("prov")), "validated", ",\"nextScheduled\":\"2001-01-01\""));

        await FinishAsync();

        Assert.Empty(_registrar.Said);
    }

    [Fact]
    public async Task A_shortened_verification_is_told_of()
    {
        string organisation = await _client.CreateAsync(Organization("prov"));
        string verification = await _client.CreateAsync(Verification(organisation, "validated"));
        await FinishAsync();

        await _client.ReplaceAsync(verification, Verification(organisation, "validated", ",\"nextScheduled\":\"2001-01-01\""));
        await FinishAsync();

        Assert.Equal((2, new DateTimeOffset(2001, 1, 1, 23, 59, 59, TimeSpan.Zero)), (_registrar.Said.Count, _registrar.Said[^1].ValidUntil));
    }

    /// <summary>The process ends at each call of the chain in turn, before or after the chain did what it was asked.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wherever_the_process_ends_everything_is_told_once(bool isDone)
    {
        string organisation = await _client.CreateAsync(Organization("prov"));
        string verification = await _client.CreateAsync(Verification(organisation, "validated"));
        for (int call = 1; call <= 5; call++)
        {
            _registrar.FailAt(call, isDone);
            await _client.ReplaceAsync(verification, Verification(organisation, call % 2 == 1 ? "validated" : "reval-fail", $",\"lastPerformed\":\"200{call}-01-01\""));
            await FinishAsync();

            Assert.Equal(call, _registrar.Said.Count);
            Assert.Equal(call % 2 == 1 ? RegistryStatus.Verified : RegistryStatus.Suspended, _registrar.Said[^1].Status);
        }
    }

    [Fact]
    public async Task What_was_said_while_the_chain_was_away_is_in_the_book_and_said_later()
    {
        string first = await _client.CreateAsync(Organization("prov"));
        string second = await _client.CreateAsync(Organization("prov"));
        await _client.CreateAsync(Verification(first, "validated"));
        await _client.CreateAsync(Verification(second, "validated"));
        _registrar.IsAway = true;

        await Assert.ThrowsAsync<AnchorUnavailableException>(() => Worker().StepAsync(Cancel));
        RegistryWorker anew = Worker();
        Assert.Equal(2, anew.Waiting);

        _registrar.IsAway = false;
        await FinishAsync();
        Assert.Equal(2, _registrar.Said.Select(said => said.Subject).Distinct().Count());
        Assert.Equal(0, Worker().Waiting);
    }

    [Fact]
    public async Task A_chain_that_began_anew_is_told_again()
    {
        await _client.CreateAsync(Verification(await _client.CreateAsync(Organization("prov")), "validated"));
        await FinishAsync();

        _registrar.Forget();
        await FinishAsync();

        Assert.Single(_registrar.Said);
    }

    [Fact]
    public async Task A_worker_follows_what_is_committed()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task running = Worker().RunAsync(stop.Token);

        await _client.CreateAsync(Verification(await _client.CreateAsync(Organization("prov")), "validated"));
        await _registrar.FirstSaid.WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public void A_damaged_book_is_not_taken_for_an_empty_one()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "test-1-0x.json"), "{\"Waiting\":");

        Assert.Throws<InvalidDataException>(() => RegistryBook.Open(_folder.FullName, "test:1:0x"));
    }

    private static string Organization(string type, string members = "") =>
        $$$"""{"resourceType":"Organization","name":"St. Elsewhere","type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/organization-type","code":"{{{type}}}"}]}]{{{members}}}}""";

    private static string Verification(string target, string status, string members = "") =>
        $$"""{"resourceType":"VerificationResult","status":"{{status}}","target":[{"reference":"{{target}}"}]{{members}}}""";

    /// <summary>A worker as a new process would have it.</summary>
    private RegistryWorker Worker() => new(
        _server.Services.GetRequiredService<OrganisationDirectory>(), Stores.Resources, Stores.Keys, _registrar, RegistryBook.Open(_folder.FullName, _registrar.Name), TimeProvider.System, _ => { });

    private async Task FinishAsync()
    {
        RegistryWorker worker = Worker();
        for (int step = 0; step < 30; step++)
        {
            try
            {
                if (await worker.StepAsync(Cancel))
                {
                    return;
                }
            }
            catch (AnchorUnavailableException)
            {
                worker = Worker();
            }
        }

        Assert.Fail("The worker does not finish.");
    }

    /// <summary>What the ledger has of a version, computed from what opens the leaf.</summary>
    private async Task<Hash256> CommitmentAsync(string resource, long version)
    {
        string[] parts = resource.Split('/');
        var opening = await Stores.Resources.OpenLeafAsync(AccessScope.System("tests"), new ResourceKey(parts[0], parts[1]), version, Cancel);
        byte[] commitment = new byte[Hash256.Bytes];
        Commitment.Write(opening!.Statement.Span, opening.Salt.Span, commitment);
        return new Hash256(commitment);
    }
}
