using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.FhirServer.Server;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>What a registry is told of consents: each once, in their order, and nothing that tells whose they are.</summary>
public sealed class ConsentRegisterTests : IAsyncDisposable
{
    private readonly ServerFactory _server = new();
    private readonly HttpClient _client;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-consents");
    private readonly MemoryRegistrar _registrar = new();

    public ConsentRegisterTests() => _client = _server.CreateClient();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Stores Stores => _server.Services.GetRequiredService<Stores>();

    private RegistryConsent[] Said => [.. _registrar.All.OfType<ConsentStatement>().Select(statement => statement.Consent)];

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Giving_and_taking_back_are_told_with_the_ledgers_commitments_after_the_patient()
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        string consent = await _client.CreateAsync(Consent(patient, "proposed"));
        await FinishAsync();
        Assert.Empty(_registrar.All);

        await _client.ReplaceAsync(consent, Consent(patient, "active"));
        await FinishAsync();
        IdentityStatement identity = Assert.IsType<IdentityStatement>(_registrar.All[0]);
        Assert.Equal((RegistryRole.Patient, RegistryStatus.Verified), (identity.Role, identity.Status));
        RegistryConsent given = Assert.Single(Said);
        Assert.Equal((identity.Subject, true), (given.Patient, given.IsGranted));
        Assert.Equal(await Stores.Resources.CommitmentAsync(consent, 2), given.Commitment);

        await _client.ReplaceAsync(consent, Consent(patient, "inactive"));
        await FinishAsync();
        Assert.Equal(3, _registrar.All.Count);
        Assert.Equal(given with { IsGranted = false, Commitment = await Stores.Resources.CommitmentAsync(consent, 3) }, Said[^1]);

        await _client.ReplaceAsync(consent, Consent(patient, "inactive", ",\"language\":\"en\""));
        await FinishAsync();
        Assert.Equal(3, _registrar.All.Count);
    }

    [Fact]
    public async Task A_deletion_takes_back_as_well_and_each_consent_has_a_place_of_its_own()
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}"""), other = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        string first = await _client.CreateAsync(Consent(patient, "active"));
        _ = await _client.CreateAsync(Consent(patient, "active"));
        _ = await _client.CreateAsync(Consent(other, "active"));
        (await _client.DeleteAsync("/fhir/" + first, Cancel)).EnsureSuccessStatusCode();
        await FinishAsync();

        Assert.Equal([true, true, true, false], Said.Select(said => said.IsGranted));
        Assert.Equal((3, 2), (Said.Select(said => said.Grantee).Distinct().Count(), Said.Select(said => said.Patient).Distinct().Count()));
        Assert.Equal((Said[0].Patient, Said[0].Grantee), (Said[3].Patient, Said[3].Grantee));
        Assert.Equal(2, _registrar.Said.Count);
    }

    /// <summary>The process ends at each call of the chain in turn, before or after the chain did what it was asked.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wherever_the_process_ends_everything_is_told_once_and_in_order(bool isDone)
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        string consent = await _client.CreateAsync(Consent(patient, "proposed"));
        for (int call = 1; call <= 8; call++)
        {
            await _client.ReplaceAsync(consent, Consent(patient, call % 2 == 1 ? "active" : "inactive"));
            _registrar.FailAt(call, isDone);
            await FinishAsync();

            Assert.Equal(call, Said.Length);
            Assert.Equal(call % 2 == 1, Said[^1].IsGranted);
        }
    }

    [Fact]
    public async Task What_happens_while_the_chain_is_away_is_told_later()
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        string consent = await _client.CreateAsync(Consent(patient, "active"));
        _registrar.IsAway = true;
        await Assert.ThrowsAsync<AnchorUnavailableException>(async () => await Register().GoOnAsync(0, Cancel));

        await _client.ReplaceAsync(consent, Consent(patient, "inactive"));
        await _client.ReplaceAsync(consent, Consent(patient, "active"));
        _registrar.IsAway = false;
        await FinishAsync();

        Assert.Equal([true, false, true], Said.Select(said => said.IsGranted));
    }

    [Fact]
    public async Task Of_an_erased_patient_nothing_is_told_any_more()
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        await _client.CreateAsync(Consent(patient, "active"));
        _ = (await Stores.Resources.EraseAsync(AccessScope.System("tests"), new ResourceKey("Patient", patient.Split('/')[1]), "test"u8.ToArray(), Cancel)).Value;

        await FinishAsync();

        Assert.Empty(_registrar.All);
    }

    [Fact]
    public async Task After_a_backup_was_put_back_what_comes_is_told_all_the_same()
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        ConsentOutbox.Open(_folder.FullName, _registrar.Name).Add([], scanned: 1_000_000);
        await FinishAsync();
        Assert.Empty(_registrar.All);

        await _client.CreateAsync(Consent(patient, "active"));
        await FinishAsync();

        Assert.True(Assert.Single(Said).IsGranted);
    }

    [Fact]
    public async Task Many_are_told_in_their_order_whatever_was_written_between_them()
    {
        string patient = await _client.CreateAsync("""{"resourceType":"Patient"}""");
        var commitments = new List<Hash256>();
        for (int number = 0; number < 150; number++)
        {
            string consent = await _client.CreateAsync(Consent(patient, "active"));
            commitments.Add(await Stores.Resources.CommitmentAsync(consent, 1));
            _ = await _client.CreateAsync("""{"resourceType":"Basic","code":{"text":"something else"}}""");
        }

        await FinishAsync();

        Assert.Equal(commitments, Said.Select(said => said.Commitment));
    }

    private static string Consent(string patient, string status, string more = "") => $$"""
        {"resourceType":"Consent","status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"{{patient}}"},"policy":[{"uri":"urn:example:policy"}],
         "provision":{"type":"permit"}{{more}} }
        """;

    /// <summary>As a new process would have it.</summary>
    private ConsentRegister Register()
    {
        var names = new RegistryNames(Stores.Resources, Stores.Keys);
        return new ConsentRegister(Stores.Resources, names, new Wallets(Stores.Resources, names), _registrar, ConsentOutbox.Open(_folder.FullName, _registrar.Name), null, TimeProvider.System);
    }

    private async Task FinishAsync()
    {
        ConsentRegister register = Register();
        for (int step = 0; step < 600; step++)
        {
            try
            {
                if (await register.SettleAsync(Cancel) && await register.GoOnAsync(0, Cancel))
                {
                    return;
                }
            }
            catch (AnchorUnavailableException)
            {
                register = Register();
            }
        }

        Assert.Fail("It does not finish.");
    }
}
