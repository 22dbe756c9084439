using System.Net;
using System.Net.Http.Json;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.FhirServer.Server;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>A patient with a wallet signs for herself what is entered of her Consents.</summary>
public sealed class ConsentSignatureTests : IAsyncDisposable
{
    private const string Patient = "Patient/signs";
    private const string Token = "a-fixed-token-of-her";
    private const string OtherToken = "a-fixed-token-of-another";

    private static readonly BigInteger _order = BigInteger.Parse("0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", System.Globalization.NumberStyles.HexNumber);

    private readonly SigningServer _server = new();
    private readonly HttpClient _client;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-signatures");
    private readonly MemoryRegistrar _memory = new();
    private readonly LocalSigner _wallet = LocalSigner.Create();
    private readonly Clock _clock = new();
    private IIdentityRegistrar _registrar;
    private ConsentRegister _register = null!;

    public ConsentSignatureTests()
    {
        _registrar = _memory;
        _client = _server.CreateClient();
        Restart();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Stores Stores => _server.Services.GetRequiredService<Stores>();

    private SignedConsentStatement[] Signed => [.. _memory.All.OfType<SignedConsentStatement>()];

    private RegistryConsent[] Unsigned => [.. _memory.All.OfType<ConsentStatement>().Select(statement => statement.Consent)];

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _wallet.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Grant_and_revocation_are_entered_by_her_signatures_alone()
    {
        string consent = await GrantAsync();
        await FinishAsync();
        Assert.Equal(_wallet.Address, Assert.IsType<IdentityStatement>(Assert.Single(_memory.All)).Subject);

        await SignAsync(consent);
        await FinishAsync();
        await RevokeAsync(consent);
        await FinishAsync();
        await SignAsync(consent);
        await FinishAsync();

        Assert.Empty(Unsigned);
        Assert.Equal([(true, 0L), (false, 1L)], Signed.Select(said => (said.Consent.IsGranted, said.Nonce)));
        Assert.All(Signed, said => Assert.Equal(_wallet.Address, EthereumSignature.Recover(HealthRegistryContract.ConsentToSign(_registrar.Domain, said.Consent, said.Nonce, said.Deadline).Hash(), said.Signature)));
        Assert.Equal(Signed[0].Consent.Grantee, Signed[1].Consent.Grantee);
        Assert.Equal(await Stores.Resources.CommitmentAsync(consent, 2), Signed[1].Consent.Commitment);
        Assert.Equal(0, _register.Waiting);
    }

    [Fact]
    public async Task Only_her_wallets_signature_of_exactly_that_counts_and_once()
    {
        string consent = await GrantAsync();
        await FinishAsync();
        TypedData data = await AskAsync(consent);
        using LocalSigner stranger = LocalSigner.Create();
        Secp256k1Signature good = await _wallet.SignAsync(data, Cancel);
        var twin = new Secp256k1Signature(good.R, NegativeOf(good.S), !good.IsOdd);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, await BringAsync(consent, await stranger.SignAsync(data, Cancel)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await BringAsync(consent, twin));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await BringAsync(consent, good with { IsOdd = !good.IsOdd }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await CallAsync(consent + "/$sign", Text("signature", "0xno"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await CallAsync(consent + "/$sign", OtherToken, Text("signature", Digits(good)))).Status);
        Assert.Equal(HttpStatusCode.OK, await BringAsync(consent, good));
        Assert.Equal(HttpStatusCode.Conflict, await BringAsync(consent, good));
        await FinishAsync();
        Assert.Equal(HttpStatusCode.Conflict, await BringAsync(consent, good));

        Assert.Equal(good, Assert.Single(Signed).Signature);
    }

    [Fact]
    public async Task Who_does_not_sign_within_an_hour_is_spoken_for_under_the_same_address()
    {
        string consent = await GrantAsync();
        await FinishAsync();
        TypedData data = await AskAsync(consent);
        _clock.Advance(TimeSpan.FromMinutes(61));

        Assert.Equal(HttpStatusCode.Conflict, await BringAsync(consent, await _wallet.SignAsync(data, Cancel)));
        await FinishAsync();

        Assert.Equal((_wallet.Address, true), (Assert.Single(Unsigned).Patient, Unsigned[0].IsGranted));
        Assert.Empty(Signed);
    }

    [Fact]
    public async Task A_chain_that_is_away_gets_the_signature_later_and_after_its_deadline_the_servers_word()
    {
        string first = await GrantAsync(), second = await GrantAsync();
        await FinishAsync();
        TypedData ofFirst = await AskAsync(first);
        await BringAsync(first, await _wallet.SignAsync(ofFirst, Cancel));
        TypedData ofSecond = await AskAsync(second);
        _memory.IsAway = true;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await CallAsync(second + "/$signature-request")).Status);
        Assert.Equal(HttpStatusCode.OK, await BringAsync(second, await _wallet.SignAsync(ofSecond, Cancel)));
        await Assert.ThrowsAsync<AnchorUnavailableException>(async () => await _register.GoOnAsync(0, Cancel));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.InRange(_register.WaitingTime, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(55));
        Restart();
        _memory.IsAway = false;
        await FinishAsync();
        Assert.Equal([0L, 1L], Signed.Select(said => said.Nonce));
        Assert.Equal(TimeSpan.Zero, _register.WaitingTime);

        await RevokeAsync(first);
        await FinishAsync();
        await SignAsync(first);
        _clock.Advance(TimeSpan.FromDays(1));
        await FinishAsync();
        Assert.Equal(2, Signed.Length);
        Assert.False(Assert.Single(Unsigned).IsGranted);
    }

    /// <summary>The process ends at each call of the chain in turn, before or after the chain did what it was asked.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wherever_the_process_ends_a_signature_is_used_once(bool isDone)
    {
        string consent = await GrantAsync();
        for (int call = 1; call <= 6; call++)
        {
            await FinishAsync();
            await SignAsync(consent);
            _memory.FailAt(call, isDone);
            await FinishAsync();
            Assert.Equal(call, Signed.Length);
            await (call % 2 == 1 ? RevokeAsync(consent) : _client.ReplaceAsync(consent, Consent("active")));
        }

        Assert.Equal(Enumerable.Range(0, 6).Select(static number => (long)number), Signed.Select(said => said.Nonce));
        Assert.Empty(Unsigned);
    }

    [Fact]
    public async Task A_signature_that_the_contract_refuses_holds_up_nobody()
    {
        string first = await GrantAsync(), second = await GrantAsync();
        await FinishAsync();
        _memory.Refuses = statement => statement is SignedConsentStatement { Nonce: 0 };
        await SignAsync(first);
        await FinishAsync();

        Assert.Equal((await Stores.Resources.CommitmentAsync(first, 1), true), (Assert.Single(Unsigned).Commitment, Unsigned[0].IsGranted));
        _memory.Refuses = static _ => false;
        await SignAsync(second);
        await FinishAsync();
        Assert.Equal(await Stores.Resources.CommitmentAsync(second, 1), Assert.Single(Signed).Consent.Commitment);
    }

    [Fact]
    public async Task What_was_overtaken_is_not_signed_any_more()
    {
        string consent = await GrantAsync();
        await FinishAsync();
        Secp256k1Signature ofGrant = await _wallet.SignAsync(await AskAsync(consent), Cancel);

        await RevokeAsync(consent);
        Assert.Equal(HttpStatusCode.Conflict, await BringAsync(consent, ofGrant));
        await FinishAsync();
        Assert.Equal(HttpStatusCode.Conflict, await BringAsync(consent, ofGrant));
        TypedData ofRevocation = await AskAsync(consent);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await BringAsync(consent, ofGrant));
        await BringAsync(consent, await _wallet.SignAsync(ofRevocation, Cancel));
        await FinishAsync();

        Assert.True(Assert.Single(Unsigned).IsGranted);
        Assert.False(Assert.Single(Signed).Consent.IsGranted);
        Assert.IsType<SignedConsentStatement>(_memory.All[^1]);
    }

    [Fact]
    public async Task Signatures_are_entered_in_the_order_in_which_they_were_given()
    {
        string first = await GrantAsync(), second = await GrantAsync();
        await FinishAsync();
        Secp256k1Signature ofFirst = await _wallet.SignAsync(await AskAsync(first), Cancel);
        await SignAsync(second);

        // Both were asked for with the same number.
        Assert.Equal(HttpStatusCode.Conflict, await BringAsync(first, ofFirst));
        await SignAsync(first);
        await FinishAsync();

        Hash256[] commitments = [await Stores.Resources.CommitmentAsync(second, 1), await Stores.Resources.CommitmentAsync(first, 1)];
        Assert.Equal(commitments, Signed.Select(said => said.Consent.Commitment));
    }

    [Fact]
    public async Task What_was_given_before_the_wallet_came_ends_under_the_old_address()
    {
        await _client.ReplaceAsync(Patient, """{"resourceType":"Patient"}""");
        string consent = await _client.CreateAsync(Consent("active"));
        await FinishAsync();
        await RegisterAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await CallAsync(consent + "/$signature-request")).Status);
        await RevokeAsync(consent);
        await FinishAsync();

        Assert.Equal([true, false], Unsigned.Select(said => said.IsGranted));
        Assert.Equal(Unsigned[0].Patient, Unsigned[1].Patient);
        Assert.NotEqual(_wallet.Address, Unsigned[0].Patient);
    }

    [Fact]
    public async Task A_deletion_is_nobodys_to_sign_and_another_accounts_patient_is_not_spoken_for()
    {
        string consent = await GrantAsync(), other = await GrantAsync();
        await FinishAsync();
        await SignAsync(consent);
        await FinishAsync();
        (await _client.DeleteAsync("/fhir/" + consent, Cancel)).EnsureSuccessStatusCode();
        await FinishAsync();
        Assert.False(Assert.Single(Unsigned).IsGranted);

        _memory.Others.Add(_wallet.Address);
        _clock.Advance(TimeSpan.FromHours(2));
        await FinishAsync();
        Assert.Single(Unsigned);
        Assert.Equal(HttpStatusCode.Conflict, (await CallAsync(other + "/$signature-request")).Status);
        Assert.Equal(0, _register.Waiting);
    }

    [Fact]
    public async Task A_wallet_is_registered_by_who_has_it_and_in_time()
    {
        await _client.ReplaceAsync(Patient, """{"resourceType":"Patient"}""");
        (TypedData data, string deadline) = await ProofAsync();
        using LocalSigner stranger = LocalSigner.Create();
        string good = Digits(await _wallet.SignAsync(data, Cancel));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await RegisterAsync(_wallet, deadline, Digits(await stranger.SignAsync(data, Cancel)))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await RegisterAsync(stranger, deadline, Digits(await stranger.SignAsync(data, Cancel)))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await RegisterAsync(_wallet, "2099-01-01T00:00:00Z", good)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await RegisterAsync(_wallet, "2099-12-31T23:59:60Z", good)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await CallAsync(Patient + "/$register-wallet", OtherToken, Text("address", _wallet.Address.ToString()))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await CallAsync(Patient + "/$register-wallet", Text("address", "0x12"))).Status);
        _memory.Others.Add(_wallet.Address);
        Assert.Equal(HttpStatusCode.Conflict, (await RegisterAsync(_wallet, deadline, good)).Status);
        _memory.Others.Clear();
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await RegisterAsync(_wallet, deadline, good)).Status);
    }

    /// <summary>Nobody reads the address out of the resource, puts another there, or finds it after the patient was erased.</summary>
    [Fact]
    public async Task What_keeps_the_address_is_the_servers_to_read_and_make()
    {
        await _client.ReplaceAsync(Patient, """{"resourceType":"Patient"}""");
        JsonNode basic = await RegisterAsync();
        Assert.DoesNotContain(Convert.ToHexString(_wallet.Address.ToArray()), basic.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        Wallets wallets = Wallets();
        var patient = new ResourceKey("Patient", Patient.Split('/')[1]);
        Assert.Equal(_wallet.Address, await wallets.FindAsync(patient, long.MaxValue, Cancel));

        basic["identifier"]![0]!["value"] = Convert.ToBase64String(new byte[48]);
        basic.AsObject().Remove("meta");
        await _client.ReplaceAsync("Basic/" + basic["id"], basic.ToJsonString());
        Assert.Null(await wallets.FindAsync(patient, long.MaxValue, Cancel));
        await RegisterAsync();
        Assert.Equal(_wallet.Address, await wallets.FindAsync(patient, long.MaxValue, Cancel));

        _ = (await Stores.Resources.EraseAsync(AccessScope.System("tests"), patient, "test"u8.ToArray(), Cancel)).Value;
        Assert.Null(await wallets.FindAsync(patient, long.MaxValue, Cancel));
        Assert.Null(await Stores.Resources.ReadAsync(AccessScope.System("tests"), new ResourceKey("Basic", (string)basic["id"]!), Cancel));
    }

    [Fact]
    public async Task Each_step_is_on_record_as_a_change_of_consent()
    {
        string consent = await GrantAsync();
        await FinishAsync();
        await SignAsync(consent);

        JsonNode found = (await _client.GetFromJsonAsync<JsonNode>("/fhir/AuditEvent?subtype=http://dicom.nema.org/resources/ontology/DCM|110135&_total=accurate", Cancel))!;

        // The wallet's proof is asked for and brought, and so is the signature.
        Assert.Equal(4, (int)found["total"]!);
    }

    /// <summary>Nothing of ours signs here: whatever wallet she has, it works by EIP-712 alone.</summary>
    [Fact]
    public async Task What_a_wallet_of_ethers_signs_is_taken()
    {
        using NodeProgram? ethers = NodeProgram.TryStart("conformance/ledger/ethers", "oracle.mjs");
        Assert.SkipUnless(ethers is not null, "Node.js, or npm's registry to install ethers from, is not to be had.");
        string secret = "0x" + Convert.ToHexStringLower(Keccak256.Of("a wallet of ethers"u8).ToArray());
        string address = ethers.Ask(new JsonObject { ["kind"] = "key", ["secret"] = secret, ["nonce"] = 0 }).GetProperty("address").GetString()!;
        string SignedBy(JsonNode asked)
        {
            JsonElement said = ethers.Ask(new JsonObject { ["kind"] = "wallet", ["secret"] = secret, ["text"] = (string)asked["parameter"]![0]!["valueString"]! });
            Assert.True(said.TryGetProperty("signature", out JsonElement signature), said.GetRawText());
            Assert.Equal(("name version chainId verifyingContract", true), (string.Join(' ', said.GetProperty("domain").EnumerateArray()), said.GetProperty("isPrimary").GetBoolean()));
            return signature.GetString()!;
        }

        await _client.ReplaceAsync(Patient, """{"resourceType":"Patient"}""");
        JsonNode proof = (await CallAsync(Patient + "/$register-wallet", Text("address", address))).Answer;
        string deadline = $$"""{"name":"deadline","valueInstant":"{{proof["parameter"]![1]!["valueInstant"]}}"}""";
        (HttpStatusCode status, JsonNode answer) = await CallAsync(Patient + "/$register-wallet", Text("address", address), deadline, Text("signature", SignedBy(proof)));
        Assert.True((int)status is 200 or 201, answer.ToJsonString());

        string consent = await _client.CreateAsync(Consent("active"));
        await FinishAsync();
        string ofGrant = SignedBy((await CallAsync(consent + "/$signature-request")).Answer);
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(consent + "/$sign", Text("signature", ofGrant))).Status);
        await FinishAsync();
        await RevokeAsync(consent);
        await FinishAsync();
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(consent + "/$sign", Text("signature", SignedBy((await CallAsync(consent + "/$signature-request")).Answer)))).Status);
        await FinishAsync();

        Assert.Equal([true, false], Signed.Select(said => said.Consent.IsGranted));
        Assert.All(Signed, said => Assert.Equal(EthereumAddress.Parse(address), said.Consent.Patient));
        Assert.Equal(ofGrant, Digits(Signed[0].Signature));
        Assert.Empty(Unsigned);
    }

    [Fact]
    public async Task The_contract_takes_what_she_signed()
    {
        string anvil = Repository.PathOf("artifacts/development-chain/anvil");
        Assert.SkipUnless(File.Exists(anvil), "anvil was not restored: npm is not reachable, or has none for this platform");
        await using var chain = new DevelopmentChain(new DevelopmentChainOptions { Folder = Path.Combine(_folder.FullName, "chain"), Executable = anvil }, "signed.example/ledger", TimeProvider.System);
        chain.Start();
        await chain.WaitUntilUpAsync(Cancel).WaitAsync(TimeSpan.FromMinutes(3), Cancel);
        _registrar = chain;
        Restart();
        string consent = await GrantAsync();
        await FinishAsync();
        await SignAsync(consent);
        await FinishAsync();
        Assert.Equal(new PatientAccount(1, IsKnown: true, IsOurs: true), await chain.PatientAsync(_wallet.Address, Cancel));
        await RevokeAsync(consent);
        await FinishAsync();
        await SignAsync(consent);
        await FinishAsync();

        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = chain.Endpoint! });
        var registry = new HealthRegistryContract(client, chain.Registry, DevelopmentChainOptions.ChainId);
        var changes = new List<RegistryConsent>();
        await foreach (RegistryEvent one in registry.EventsAsync(0, await client.BlockNumberAsync(Cancel), Cancel))
        {
            if (one is ConsentChanged changed)
            {
                changes.Add(changed.Consent);
            }
        }

        Assert.Equal([(_wallet.Address, true), (_wallet.Address, false)], changes.Select(change => (change.Patient, change.IsGranted)));
        Hash256[] commitments = [await Stores.Resources.CommitmentAsync(consent, 1), await Stores.Resources.CommitmentAsync(consent, 2)];
        Assert.Equal(commitments, changes.Select(change => change.Commitment));
        Assert.Equal(2, (await chain.PatientAsync(_wallet.Address, Cancel)).Nonce);
    }

    private static string Consent(string status) => $$"""
        {"resourceType":"Consent","status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"{{Patient}}"},"policy":[{"uri":"urn:example:policy"}],
         "provision":{"type":"permit"} }
        """;

    private static string Text(string name, string value) => $$"""{"name":"{{name}}","valueString":"{{value}}"}""";

    private static string Digits(Secp256k1Signature signature) => "0x" + Convert.ToHexStringLower(EthereumSignature.ToBytes(signature));

    private static Hash256 NegativeOf(Hash256 s)
    {
        byte[] bytes = (_order - new BigInteger(s.ToArray(), isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        return new Hash256([.. new byte[Hash256.Bytes - bytes.Length], .. bytes]);
    }

    private Wallets Wallets() => new(Stores.Resources, new RegistryNames(Stores.Resources, Stores.Keys));

    /// <summary>As a new process would have it.</summary>
    private void Restart()
    {
        var names = new RegistryNames(Stores.Resources, Stores.Keys);
        var outbox = ConsentOutbox.Open(_folder.FullName, _registrar.Name);
        _register = new ConsentRegister(Stores.Resources, names, Wallets(), _registrar, outbox, null, _clock);
        _server.Signatures = new WalletSignatures(names, Wallets(), _registrar, outbox, _clock);
    }

    private async Task FinishAsync()
    {
        long begun = Environment.TickCount64;
        while (Environment.TickCount64 - begun < 120_000)
        {
            try
            {
                if (await _register.SettleAsync(Cancel) && await _register.GoOnAsync(0, Cancel))
                {
                    return;
                }
            }
            catch (AnchorUnavailableException)
            {
                Restart();
            }
        }

        Assert.Fail("It does not finish.");
    }

    /// <summary>A Consent of a patient who has registered her wallet.</summary>
    private async Task<string> GrantAsync()
    {
        await _client.ReplaceAsync(Patient, """{"resourceType":"Patient"}""");
        await RegisterAsync();
        return await _client.CreateAsync(Consent("active"));
    }

    private async Task<JsonNode> RegisterAsync()
    {
        (TypedData data, string deadline) = await ProofAsync();
        (HttpStatusCode status, JsonNode answer) = await RegisterAsync(_wallet, deadline, Digits(await _wallet.SignAsync(data, Cancel)));
        Assert.True((int)status is 200 or 201, answer.ToJsonString());
        return answer;
    }

    private Task<(HttpStatusCode Status, JsonNode Answer)> RegisterAsync(LocalSigner wallet, string deadline, string signature) => CallAsync(
        Patient + "/$register-wallet", Text("address", wallet.Address.ToString()), $$"""{"name":"deadline","valueInstant":"{{deadline}}"}""", Text("signature", signature));

    private async Task<(TypedData Data, string Deadline)> ProofAsync()
    {
        (HttpStatusCode status, JsonNode answer) = await CallAsync(Patient + "/$register-wallet", Text("address", _wallet.Address.ToString()));
        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        return (Data(answer), (string)answer["parameter"]![1]!["valueInstant"]!);
    }

    private async Task SignAsync(string consent) =>
        Assert.Equal(HttpStatusCode.OK, await BringAsync(consent, await _wallet.SignAsync(await AskAsync(consent), Cancel)));

    private async Task<TypedData> AskAsync(string consent)
    {
        (HttpStatusCode status, JsonNode answer) = await CallAsync(consent + "/$signature-request");
        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        return Data(answer);
    }

    private static TypedData Data(JsonNode answer)
    {
        using var json = JsonDocument.Parse((string)answer["parameter"]![0]!["valueString"]!);
        return TypedData.Parse(json.RootElement);
    }

    private async Task<HttpStatusCode> BringAsync(string consent, Secp256k1Signature signature) => (await CallAsync(consent + "/$sign", Text("signature", Digits(signature)))).Status;

    private async Task RevokeAsync(string consent) => Assert.Equal(HttpStatusCode.OK, (await CallAsync(consent + "/$revoke")).Status);

    private Task<(HttpStatusCode Status, JsonNode Answer)> CallAsync(string path, params string[] parameters) => CallAsync(path, Token, parameters);

    private async Task<(HttpStatusCode Status, JsonNode Answer)> CallAsync(string path, string token, string[] parameters)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/" + path);
        request.Headers.Add("Authorization", "Bearer " + token);
        if (parameters.Length > 0)
        {
            request.Content = Body($$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', parameters)}}]}""");
        }

        using HttpResponseMessage answer = await _client.SendAsync(request, Cancel);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!);
    }

    private Task<(HttpStatusCode Status, JsonNode Answer)> CallAsync(string path, string token, string parameter) => CallAsync(path, token, [parameter]);

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    private sealed class Clock : TimeProvider
    {
        private TimeSpan _ahead;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _ahead;

        public void Advance(TimeSpan by) => _ahead += by;
    }

    private sealed class SigningServer : ServerFactory
    {
        public SigningServer()
        {
            foreach ((int at, string token, string patient) in new[] { (0, Token, Patient), (1, OtherToken, "Patient/other") })
            {
                Settings[$"HealthChain:Tokens:{at}:Token"] = token;
                Settings[$"HealthChain:Tokens:{at}:Name"] = "patient" + at;
                Settings[$"HealthChain:Tokens:{at}:Role"] = "patient";
                Settings[$"HealthChain:Tokens:{at}:FhirUser"] = patient;
            }
        }

        public WalletSignatures? Signatures { get; set; }

        protected override IHost CreateHost(IHostBuilder builder)
        {
            builder.ConfigureServices(services => services.AddSingleton<Func<WalletSignatures?>>(() => Signatures));
            return base.CreateHost(builder);
        }
    }
}
