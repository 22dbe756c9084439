using System.Text.Json;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Upkeep;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>What operators do at the command line, and that it is on record.</summary>
public sealed class SmartAdministrationTests : IAsyncDisposable
{
    private const string Lab = """
        {
          "client_id": "lab", "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
          "jwks_uri": "https://lab.example.org/jwks", "scope": "system/Observation.c", "organisation": "Organization/hospital"
        }
        """;

    private readonly ServerFactory _server = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-keys");
    private readonly SmartState _state = SmartState.InMemory(new SmartStateOptions(), TimeProvider.System);
    private readonly AccountBook _accounts;
    private readonly SigningKeys _keys;
    private readonly SmartAdministration _administration;
    private readonly IResourceStore _store;

    public SmartAdministrationTests()
    {
        _server.CreateClient().Dispose();
        _store = _server.Services.GetRequiredService<IResourceStore>();
        _accounts = new AccountBook(_state, new PasswordOptions { HashKibiBytes = 64, HashPasses = 1 }, TimeProvider.System);
        _keys = SigningKeys.Open(new SigningKeyOptions { Folder = _folder.FullName }, TimeProvider.System);
        _administration = new SmartAdministration(_state, _accounts, _keys, _store, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _accounts.Dispose();
        _state.Dispose();
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_account_is_added_with_a_password_for_one_login_and_reset_and_disabled()
    {
        var user = new RegisteredUser { Name = "Meyer", Role = Role.Practitioner, FhirUser = "Practitioner/7", Organisation = "Organization/hospital" };

        string[] added = Assert.Single((await DoAsync(new SmartOrder("accounts add", User: user))).Lines!).Split('\t');
        Assert.Equal("Meyer", added[0]);
        Assert.Equal(PasswordVerdict.Right, await VerifyAsync(added[1]));
        Assert.Equal((AccessAction.AccountChanged, "account added for Practitioner/7"), await NewestRecordAsync());
        Assert.Equal("Meyer\tpractitioner\tPractitioner/7\tOrganization/hospital\thas a one-time password", Assert.Single((await DoAsync(new SmartOrder("accounts list"))).Lines!));

        string reset = Assert.Single((await DoAsync(new SmartOrder("accounts reset", "meyer"))).Lines!).Split('\t')[1];
        Assert.Equal((PasswordVerdict.Wrong, PasswordVerdict.Right), (await VerifyAsync(added[1]), await VerifyAsync(reset)));

        await DoAsync(new SmartOrder("accounts disable", "meyer"));
        Assert.True(_state.FindAccountByName("meyer")!.IsDisabled);
        await DoAsync(new SmartOrder("accounts enable", "meyer"));
        Assert.False(_state.FindAccountByName("meyer")!.IsDisabled);
        Assert.StartsWith("accounts enable: ", (await NewestRecordAsync()).Detail);
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_and_leaves_no_record()
    {
        long newest = _store.Newest;
        foreach (SmartOrder order in new[]
        {
            new SmartOrder("accounts add", User: new RegisteredUser { Name = "x", Role = Role.Practitioner }),
            new SmartOrder("accounts reset", "nobody"),
            new SmartOrder("accounts disable", "nobody"),
            new SmartOrder("clients revoke", "none"),
            new SmartOrder("clients add", Client: JsonDocument.Parse("{}").RootElement),
            new SmartOrder("clients dance"),
            new SmartOrder("accounts add"),
        })
        {
            Assert.NotNull((await _administration.DoAsync(order, Cancel)).Error);
        }

        Assert.Equal(newest, _store.Newest);
    }

    [Fact]
    public async Task A_client_is_added_revoked_and_added_again()
    {
        JsonElement lab = JsonDocument.Parse(Lab).RootElement;
        await DoAsync(new SmartOrder("clients add", Client: lab));
        Assert.Equal("lab\tkeys\tOrganization/hospital\tactive\tsystem/Observation.c", Assert.Single((await DoAsync(new SmartOrder("clients list"))).Lines!));
        OAuthResult<IssuedTokens> tokens = await _state.IssueForSystemAsync(new SystemRequest("lab", ScopeSet.Parse("system/Observation.c")));
        Assert.NotNull(_state.FindToken(tokens.Value.AccessToken));

        await DoAsync(new SmartOrder("clients revoke", "lab"));
        Assert.Null(_state.FindToken(tokens.Value.AccessToken));
        Assert.Equal((AccessAction.Revoked, "client lab blocked"), await NewestRecordAsync());

        await DoAsync(new SmartOrder("clients add", Client: lab));
        Assert.False(_state.FindClient("lab")!.IsBlocked);
        Assert.Null(_state.FindToken(tokens.Value.AccessToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rotated_keys_sign_and_old_ones_are_published_unless_they_are_forgotten(bool forget)
    {
        string[] before = KeyIds();

        await DoAsync(new SmartOrder("keys rotate", Forget: forget));

        Assert.NotEmpty(KeyIds().Except(before));
        Assert.Equal(!forget, KeyIds().Intersect(before).Any());
    }

    [Fact]
    public void An_order_survives_the_socket()
    {
        var user = new RegisteredUser { Name = "Meyer", Role = Role.RelatedPerson };
        var request = new ControlRequest("clients add", Smart: new SmartOrder("clients add", "n", user, JsonDocument.Parse(Lab).RootElement, Forget: true));

        ControlRequest read = JsonSerializer.Deserialize(JsonSerializer.Serialize(request, ControlJson.Default.ControlRequest), ControlJson.Default.ControlRequest)!;

        Assert.Equal(user, read.Smart!.User);
        Assert.Equal(request.Smart! with { Client = null }, read.Smart with { Client = null });
        Assert.Equal("lab", RegisteredClient.IdOf(read.Smart.Client!.Value));
    }

    private string[] KeyIds() => [.. JsonDocument.Parse(_keys.PublicKeys).RootElement.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];

    private async Task<ControlAnswer> DoAsync(SmartOrder order)
    {
        ControlAnswer answer = await _administration.DoAsync(order, Cancel);
        Assert.Null(answer.Error);
        return answer;
    }

    private ValueTask<PasswordVerdict> VerifyAsync(string password) => _accounts.Hasher.VerifyAsync(password, _state.FindAccountByName("meyer")!.Password, Cancel);

    private async Task<(AccessAction Action, string? Detail)> NewestRecordAsync()
    {
        var record = await _store.ReadRecordAsync(AccessScope.System("tests"), _store.Newest, Cancel);
        AccessEvent happened = AccessCodec.Read(record!.Body.Span)!;
        Assert.Equal("command-line", happened.Who);
        return (happened.Action, happened.Detail);
    }
}
