using System.Text;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.State;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>What the operator's file does, and what it never undoes.</summary>
public sealed class PreRegistrationTests : IAsyncDisposable
{
    private const string Hash = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private const string Example = """
        {
          "organisations": [
            { "id": "hospital", "name": "St. Elsewhere", "type": "prov", "verified": { "since": "2026-01-01", "until": "2099-12-31", "by": "Ministry of Health" } },
            { "id": "ward", "name": "Ward 7", "partOf": "Organization/hospital" }
          ],
          "users": [
            { "name": "meyer", "role": "practitioner", "fhirUser": "Practitioner/7", "organisation": "Organization/hospital", "oneTimePassword": "change me at once" },
            { "name": "audit", "role": "auditor", "passwordHash": "HASH" }
          ],
          "clients": [
            {
              "client_id": "chart", "client_name": "Growth chart", "token_endpoint_auth_method": "none",
              "grant_types": ["authorization_code"], "redirect_uris": ["https://chart.example.org/back"], "scope": "launch/patient patient/*.rs"
            },
            {
              "client_id": "lab", "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
              "jwks_uri": "https://lab.example.org/jwks", "scope": "system/Observation.c", "organisation": "Organization/hospital", "trusted": true
            }
          ]
        }
        """;

    private readonly ServerFactory _server = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-bootstrap");
    private readonly SmartState _state = SmartState.InMemory(new SmartStateOptions(), TimeProvider.System);
    private readonly AccountBook _accounts;
    private readonly PreRegistration _registration;
    private readonly ConfiguredResources _resources;
    private readonly HttpClient _client;

    public PreRegistrationTests()
    {
        _client = _server.CreateClient();
        _accounts = new AccountBook(_state, new PasswordOptions { HashKibiBytes = 64, HashPasses = 1 }, TimeProvider.System);
        _resources = new ConfiguredResources(_server.Services.GetRequiredService<IResourceStore>());
        _registration = new PreRegistration(_state, _accounts, _resources, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private OrganisationDirectory Organisations => _server.Services.GetRequiredService<OrganisationDirectory>();

    public async ValueTask DisposeAsync()
    {
        _accounts.Dispose();
        _state.Dispose();
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Everything_in_the_file_is_there_afterwards_and_a_second_time_changes_nothing()
    {
        await ApplyAsync(Example);
        Account[] accounts = [.. _state.Accounts];
        Client[] clients = [.. _state.Clients];

        Assert.True(Organisations.IsCurrent("Organization/hospital"));
        Assert.True(Organisations.IsCurrent("Organization/ward"));
        JsonNode verification = JsonNode.Parse(await _client.GetStringAsync("/fhir/VerificationResult/verification-hospital", Cancel))!;
        Assert.Equal(("validated", "2026-01-01", "2099-12-31", "Ministry of Health"), ((string)verification["status"]!, (string)verification["statusDate"]!, (string)verification["nextScheduled"]!, (string)verification["attestation"]!["who"]!["display"]!));
        Account meyer = _state.FindAccountByName("Meyer")!;
        Assert.Equal((Role.Practitioner, "Practitioner/7", "Organization/hospital", true), (meyer.Role, meyer.FhirUser, meyer.Organisation, meyer.MustChangePassword));
        Assert.Equal(Hash, Encoding.ASCII.GetString(_state.FindAccountByName("audit")!.Password!));
        Assert.False(_state.FindAccountByName("audit")!.MustChangePassword);
        Assert.Equal((ClientKind.Public, "Growth chart", "https://chart.example.org"), (_state.FindClient("chart")!.Kind, _state.FindClient("chart")!.Name, _state.FindClient("chart")!.Origins.Single()));
        Assert.Equal((ClientKind.ConfidentialAsymmetric, Role.Backend, true), (_state.FindClient("lab")!.Kind, _state.FindClient("lab")!.Role, _state.FindClient("lab")!.IsTrusted));

        long newest = _server.Services.GetRequiredService<IResourceStore>().Newest;
        await ApplyAsync(Example);

        Assert.Equal(newest, _server.Services.GetRequiredService<IResourceStore>().Newest);
        Assert.Equal(accounts, _state.Accounts);
        Assert.Equal(clients, _state.Clients);
    }

    [Fact]
    public async Task Who_logs_in_at_another_provider_is_known_by_the_file_and_has_no_password()
    {
        const string Issuer = "https://login.example.org";
        const string File = """
            { "users": [
                { "name": "anna", "role": "patient", "fhirUser": "Patient/anna", "externalIssuer": "https://login.example.org", "externalSubject": "8f14e45f" },
                { "name": "root", "role": "administrator", "externalIssuer": "https://login.example.org", "externalSubject": "c9f0f895", "passwordHash": "HASH" }
            ] }
            """;

        await ApplyAsync(File);
        Account anna = _state.FindAccountByExternal(Issuer, "8f14e45f")!;
        Assert.Equal(("anna", Role.Patient, "Patient/anna", false), (anna.Name, anna.Role, anna.FhirUser, anna.MustChangePassword));
        Assert.Null(anna.Password);
        Assert.Equal(PasswordVerdict.Wrong, await _accounts.Hasher.VerifyAsync("", anna.Password, Cancel));
        Assert.Equal("root", _state.FindAccountByExternal(Issuer, "c9f0f895")!.Name);
        Assert.Null(_state.FindAccountByExternal("https://elsewhere.example.org", "8f14e45f"));

        await ApplyAsync(File.Replace("8f14e45f", "1679091c", StringComparison.Ordinal));
        Assert.Null(_state.FindAccountByExternal(Issuer, "8f14e45f"));
        Assert.Equal(anna.Id, _state.FindAccountByExternal(Issuer, "1679091c")!.Id);

        Assert.Contains("users[0].externalIssuer, externalSubject: they go together", ProblemsOf(File.Replace("\"externalIssuer\": \"https://login.example.org\", \"externalSubject\": \"8f14e45f\"", "\"externalSubject\": \"8f14e45f\"", StringComparison.Ordinal)));
        Assert.Contains($"users: there are two with the externalSubject c9f0f895 at {Issuer}", ProblemsOf(File.Replace("8f14e45f", "c9f0f895", StringComparison.Ordinal)));
    }

    private static IReadOnlyList<string> ProblemsOf(string file) => PreRegistrationFile.Read(Bytes(file)).Problems;

    [Fact]
    public async Task What_the_file_makes_is_valid()
    {
        await ApplyAsync(Example);
        foreach (string resource in new[] { "Organization/hospital", "Organization/ward", "VerificationResult/verification-hospital" })
        {
            string outcome = await _client.GetStringAsync($"/fhir/{resource}/$validate", Cancel);

            Assert.DoesNotContain("\"error\"", outcome);
        }
    }

    [Fact]
    public async Task A_suspension_is_not_undone_by_the_next_start_and_a_changed_entry_counts()
    {
        await ApplyAsync(Example);
        JsonNode verification = JsonNode.Parse(await _client.GetStringAsync("/fhir/VerificationResult/verification-hospital", Cancel))!;
        verification["status"] = "reval-fail";
        (await _client.PutAsync("/fhir/VerificationResult/verification-hospital", Body(verification), Cancel)).EnsureSuccessStatusCode();

        await ApplyAsync(Example);
        Assert.Equal(OrganisationStanding.Suspended, Organisations.StandingOf("Organization/hospital"));

        (await _client.DeleteAsync("/fhir/VerificationResult/verification-hospital", Cancel)).EnsureSuccessStatusCode();
        await ApplyAsync(Example);
        Assert.Equal(OrganisationStanding.Unverified, Organisations.StandingOf("Organization/hospital"));

        // Another name of the organisation is no new verification.
        await ApplyAsync(Example.Replace("St. Elsewhere", "St. Eligius", StringComparison.Ordinal));
        Assert.Equal(OrganisationStanding.Unverified, Organisations.StandingOf("Organization/hospital"));
        Assert.Contains("St. Eligius", await _client.GetStringAsync("/fhir/Organization/hospital", Cancel));

        await ApplyAsync(Example.Replace("2099", "2098", StringComparison.Ordinal));
        Assert.True(Organisations.IsCurrent("Organization/hospital"));
    }

    [Fact]
    public async Task A_resource_that_somebody_else_made_is_left_alone()
    {
        (await _client.PutAsync("/fhir/Organization/hospital", Body(JsonNode.Parse("""{"resourceType":"Organization","id":"hospital","name":"Mine"}""")!), Cancel)).EnsureSuccessStatusCode();

        await ApplyAsync(Example);

        Assert.Contains("Mine", await _client.GetStringAsync("/fhir/Organization/hospital", Cancel));
    }

    [Fact]
    public async Task Passwords_blocks_and_disabled_accounts_stay_and_the_rest_follows_the_file()
    {
        await ApplyAsync(Example);
        Account meyer = _state.FindAccountByName("meyer")!;
        Assert.Null(await _accounts.SetPasswordAsync(meyer, "a sentence that I chose", Cancel));
        await _state.ChangeAccountAsync(_state.FindAccountByName("audit")!.Id, account => account with { IsDisabled = true });
        await _state.RegisterAsync(_state.FindClient("lab")! with { IsBlocked = true });
        byte[] chosen = _state.FindAccountByName("meyer")!.Password!;

        await ApplyAsync(Example.Replace("Practitioner/7", "Practitioner/8", StringComparison.Ordinal).Replace("Observation.c", "Observation.cu", StringComparison.Ordinal));

        Assert.Equal("Practitioner/8", _state.FindAccountByName("meyer")!.FhirUser);
        Assert.Equal(chosen, _state.FindAccountByName("meyer")!.Password!);
        Assert.False(_state.FindAccountByName("meyer")!.MustChangePassword);
        Assert.True(_state.FindAccountByName("audit")!.IsDisabled);
        Assert.Equal((true, "system/Observation.cu"), (_state.FindClient("lab")!.IsBlocked, _state.FindClient("lab")!.AllowedScopes));

        await ApplyAsync("{}");
        Assert.Equal((2, 2), (_state.Accounts.Count, _state.Clients.Count));
    }

    [Theory]
    [InlineData("\"id\": \"hospital\"", "\"id\": \"St. Elsewhere\"", "organisations[0].id:")]
    [InlineData("\"id\": \"ward\"", "\"id\": \"hospital\"", "organisations: there are two with the id hospital")]
    [InlineData("St. Elsewhere", " ", "organisations[0].name:")]
    [InlineData("\"prov\"", "\"hospital\"", "organisations[0].type:")]
    [InlineData("2099-12-31", "2025-12-31", "organisations[0].verified.until:")]
    [InlineData("Organization/hospital\" }", "hospital\" }", "organisations[1].partOf:")]
    [InlineData("\"audit\"", "\"MEYER\"", "users: there are two with the name MEYER")]
    [InlineData("\"practitioner\"", "\"doctor\"", "$.users[0].role")]
    [InlineData("\"auditor\"", "\"backend\"", "users[1].role:")]
    [InlineData("\"auditor\"", "4", "$.users[1].role")]
    [InlineData("Practitioner/7", "Patient/7", "users[0].fhirUser:")]
    [InlineData("\"organisation\": \"Organization/hospital\", \"oneTime", "\"oneTime", "users[0].organisation:")]
    [InlineData("\"oneTimePassword\": \"change me at once\"", "\"displayName\": \"Dr. Meyer\"", "users[0].passwordHash, oneTimePassword:")]
    [InlineData("\"passwordHash\": \"HASH\"", "\"passwordHash\": \"$2a$12$abc\"", "users[1].passwordHash:")]
    [InlineData("\"passwordHash\"", "\"password\"", "$.users[1].password")]
    [InlineData("\"client_id\": \"lab\"", "\"client_id\": \"chart\"", "clients: there are two with the client_id chart")]
    [InlineData("https://chart.example.org/back", "http://chart.example.org/back", "clients[0]:")]
    [InlineData("\"scope\": \"launch/patient patient/*.rs\"", "\"scope\": \"everything\"", "clients[0]: scope:")]
    [InlineData(", \"scope\": \"system/Observation.c\"", "", "clients[1]: scope:")]
    [InlineData("\"trusted\": true", "\"trusted\": \"yes\"", "clients[1]: trusted:")]
    [InlineData("\"trusted\": true", "\"role\": \"administrator\"", "clients[1]: role:")]
    [InlineData("\"trusted\": true", "\"role\": \"6\"", "clients[1]: role:")]
    [InlineData("\"trusted\": true", "\"secret_sha256\": \"00\"", "clients[1]: secret_sha256:")]
    [InlineData("\"trusted\": true", "\"origins\": [\"https://lab.example.org/x\"]", "clients[1]: origins:")]
    [InlineData("\"trusted\": true", "\"secret\": \"x\"", "clients[1]: there is no member secret")]
    [InlineData("\"organisation\": \"Organization/hospital\", \"trusted\": true", "\"trusted\": true", "clients[1]: organisation:")]
    [InlineData("\"jwks_uri\": \"https://lab.example.org/jwks\"", "\"jwks\": {\"keys\":[]}", "clients[1]:")]
    [InlineData("\"jwks_uri\": \"https://lab.example.org/jwks\"", "\"jwks_uri\": \"http://lab.example.org/jwks\"", "clients[1]:")]
    [InlineData("\"clients\"", "\"apps\"", "$.apps")]
    public void A_mistake_is_named_with_its_place(string right, string wrong, string problem)
    {
        Assert.Contains(right, Example);

        (PreRegistrationFile? file, IReadOnlyList<string> problems) = PreRegistrationFile.Read(Bytes(Example.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.Null(file);
        Assert.Contains(problems, one => one.StartsWith(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void All_mistakes_are_told_at_once_and_what_is_no_JSON_too()
    {
        Assert.True(PreRegistrationFile.Read(Bytes(Example.Replace("\"id\": \"ward\"", "\"id\": \"\"", StringComparison.Ordinal).Replace("HASH", "x", StringComparison.Ordinal))).Problems.Count >= 2);
        Assert.Single(PreRegistrationFile.Read("{"u8).Problems);
        Assert.Single(PreRegistrationFile.Read("null"u8).Problems);
        Assert.Single(PreRegistrationFile.Read("/there/is/no/such.file").Problems);
        Assert.Empty(PreRegistrationFile.Read(Bytes(Example)).Problems);
    }

    [Fact]
    public async Task Demo_has_somebody_for_each_role_and_what_belongs_to_them()
    {
        await new DemoPeople(_registration, _resources).ApplyAsync(Cancel);

        Assert.Equal(Enum.GetValues<Role>().Except([Role.Backend]), _state.Accounts.Select(account => account.Role).Order());
        foreach (Account account in _state.Accounts)
        {
            Assert.Equal(PasswordVerdict.RightButOld, await _accounts.Hasher.VerifyAsync(DemoPassword, account.Password, Cancel));
            foreach (string reference in new[] { account.FhirUser, account.Organisation }.OfType<string>())
            {
                Assert.DoesNotContain("\"error\"", await _client.GetStringAsync($"/fhir/{reference}/$validate", Cancel));
            }
        }

        Assert.True(Organisations.IsCurrent("Organization/demo-ward"));
        JsonNode everything = JsonNode.Parse(await _client.GetStringAsync("/fhir/Patient/demo-patient/$everything", Cancel))!;
        Assert.True(everything["entry"]!.AsArray().Count >= 5);
        foreach (JsonNode? entry in everything["entry"]!.AsArray())
        {
            Assert.DoesNotContain("\"error\"", await _client.GetStringAsync($"/fhir/{entry!["resource"]!["resourceType"]}/{entry["resource"]!["id"]}/$validate", Cancel));
        }
    }

    [Fact]
    public async Task The_first_administrator_is_told_once_on_the_terminal()
    {
        var terminal = new StringWriter();
        var options = new ServerOptions();
        for (int start = 0; start < 2; start++)
        {
            await new Starter(_state, _accounts, _registration, new DemoPeople(_registration, _resources), options, NullLogger<Starter>.Instance) { Terminal = terminal }.StartAsync(Cancel);
        }

        Account administrator = Assert.Single(_state.Accounts);
        Assert.Equal((Starter.FirstAdministrator, Role.Administrator, true), (administrator.Name, administrator.Role, administrator.MustChangePassword));
        string password = Assert.Single(terminal.ToString().Split('\n'), line => line.Contains("password  ", StringComparison.Ordinal)).Split("password  ")[1].Trim();
        Assert.Equal(PasswordVerdict.Right, await _accounts.Hasher.VerifyAsync(password, administrator.Password, Cancel));
    }

    [Fact]
    public async Task After_a_restore_nothing_is_given_any_more_and_accounts_of_erased_patients_go()
    {
        var options = new ServerOptions { Data = _folder.FullName };
        (await _client.PutAsync("/fhir/Patient/here", Body(JsonNode.Parse("""{"resourceType":"Patient","id":"here"}""")!), Cancel)).EnsureSuccessStatusCode();
        foreach (NewAccount made in new[]
        {
            new NewAccount("here", Role.Patient) { FhirUser = "Patient/here" },
            new NewAccount("erased", Role.Patient) { FhirUser = "Patient/erased" },
            new NewAccount("auditor", Role.Auditor),
        })
        {
            Assert.True((await _accounts.CreateAsync(made, Cancel)).IsOk);
        }

        string cookie = (await _state.StartSessionAsync(_state.FindAccountByName("here")!.Id, ["pwd"]))!;
        await Restored(options).CleanAsync(Cancel);
        Assert.NotNull(_state.FindSession(cookie));

        _folder.CreateSubdirectory("smart");
        RestoredState.Mark(options);
        await Restored(options).CleanAsync(Cancel);

        Assert.Equal(["auditor", "here"], _state.Accounts.Select(account => account.Name).Order());
        Assert.Null(_state.FindSession(cookie));

        cookie = (await _state.StartSessionAsync(_state.FindAccountByName("here")!.Id, ["pwd"]))!;
        await Restored(options).CleanAsync(Cancel);
        Assert.NotNull(_state.FindSession(cookie));
    }

    [Fact]
    public async Task Development_and_a_file_with_users_make_no_administrator()
    {
        string path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, Bytes(Example), Cancel);
        var terminal = new StringWriter();
        foreach (ServerOptions options in new[] { new ServerOptions { Development = true }, new ServerOptions { Bootstrap = new BootstrapOptions { PreRegistration = path } } })
        {
            await new Starter(_state, _accounts, _registration, new DemoPeople(_registration, _resources), options, NullLogger<Starter>.Instance) { Terminal = terminal }.StartAsync(Cancel);
        }

        Assert.Equal(2, _state.Accounts.Count);
        Assert.Equal("", terminal.ToString());
        File.Delete(path);
    }

    private const string DemoPassword = "try-healthchain-out";

    private RestoredState Restored(ServerOptions options) => new(_state, _server.Services.GetRequiredService<IResourceStore>(), options with { Data = _folder.FullName });

    private static byte[] Bytes(string file) => Encoding.UTF8.GetBytes(file.Replace("HASH", Hash, StringComparison.Ordinal));

    private static StringContent Body(JsonNode json) => new(json.ToJsonString(), Encoding.UTF8, "application/fhir+json");

    private async Task ApplyAsync(string file)
    {
        (PreRegistrationFile? read, IReadOnlyList<string> problems) = PreRegistrationFile.Read(Bytes(file));
        Assert.Empty(problems);
        await _registration.ApplyAsync(read!, Cancel);
    }
}
