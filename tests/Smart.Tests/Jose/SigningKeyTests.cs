using System.Text;
using System.Text.Json;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class SigningKeyTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "healthchain-signing-" + Path.GetRandomFileName());
    private readonly TestClock _clock = new();
    private readonly SigningKeyOptions _options;

    public SigningKeyTests() => _options = new SigningKeyOptions { Folder = _folder };

    private string FilePath => Path.Combine(_folder, "smart-signing.keys");

    [Fact]
    public void What_is_signed_is_checked_with_what_is_published()
    {
        SigningKeys keys = Open();

        foreach (JoseAlgorithm algorithm in (JoseAlgorithm[])[JoseAlgorithm.Rs256, JoseAlgorithm.Es384])
        {
            string token = Sign(keys, algorithm);
            Assert.True(IsPublished(keys, token));
        }

        Assert.Equal(2, Published(keys).Count);
    }

    [Fact]
    public void Nothing_secret_is_published_and_the_file_is_for_its_owner_alone()
    {
        SigningKeys keys = Open();

        using JsonDocument json = JsonDocument.Parse(keys.PublicKeys);
        foreach (JsonElement key in json.RootElement.GetProperty("keys").EnumerateArray())
        {
            Assert.All(key.EnumerateObject(), member => Assert.Contains(member.Name, new[] { "kty", "n", "e", "crv", "x", "y", "kid", "alg", "use" }));
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        }
    }

    [Fact]
    public void Keys_stay_the_same_over_a_restart()
    {
        string before = Encoding.UTF8.GetString(Open().PublicKeys.Span);

        Assert.Equal(before, Encoding.UTF8.GetString(Open().PublicKeys.Span));
    }

    [Fact]
    public void Keys_change_by_schedule_and_are_known_before_they_sign()
    {
        SigningKeys keys = Open();
        string first = Sign(keys);

        _clock.Now += _options.Signs - _options.Ahead;
        Assert.Equal(4, Published(keys).Count);
        Assert.Equal(KidOf(first), KidOf(Sign(keys)));
        IReadOnlyList<string> ahead = Published(keys);

        _clock.Now += _options.Ahead;
        string second = Sign(keys);
        Assert.NotEqual(KidOf(first), KidOf(second));
        Assert.Contains(KidOf(second), ahead);
        Assert.True(IsPublished(keys, first));

        _clock.Now += _options.Behind;
        Assert.False(IsPublished(keys, first));
        Assert.True(IsPublished(keys, second));
        Assert.Equal(2, Published(keys).Count);
    }

    [Fact]
    public void A_server_that_was_off_for_long_signs_with_a_new_key()
    {
        string first = Sign(Open());
        _clock.Now += _options.Signs * 3;

        SigningKeys keys = Open();

        Assert.NotEqual(KidOf(first), KidOf(Sign(keys)));
        Assert.True(IsPublished(keys, Sign(keys)));
        Assert.False(IsPublished(keys, first));
    }

    [Fact]
    public void A_command_changes_keys_and_leaves_what_was_signed_valid()
    {
        SigningKeys keys = Open();
        string first = Sign(keys);

        keys.Rotate(forget: false);

        string second = Sign(keys);
        Assert.NotEqual(KidOf(first), KidOf(second));
        Assert.True(IsPublished(keys, first));
        _clock.Now += _options.Behind;
        Assert.False(IsPublished(keys, first));
        Assert.True(IsPublished(keys, second));
    }

    [Fact]
    public void A_key_that_somebody_may_have_is_forgotten_at_once()
    {
        SigningKeys keys = Open();
        string first = Sign(keys);

        keys.Rotate(forget: true);

        Assert.False(IsPublished(keys, first));
        Assert.True(IsPublished(keys, Sign(keys)));
        Assert.Equal(2, Published(keys).Count);
    }

    [Fact]
    public void A_command_of_another_process_is_seen()
    {
        SigningKeys server = Open();
        string first = Sign(server);

        SigningKeys command = Open();
        command.Rotate(forget: true);
        File.SetLastWriteTimeUtc(FilePath, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _clock.Now += TimeSpan.FromSeconds(5);

        Assert.NotEqual(KidOf(first), KidOf(Sign(server)));
        Assert.Equal(Published(command), Published(server));
    }

    [Fact]
    public void A_file_that_others_can_read_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes of files.");
        _ = Open();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }

        Assert.Contains("0600", Assert.Throws<IOException>(Open).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"format":2,"keys":[]}""")]
    [InlineData("""{"format":1,"keys":[{"alg":"RS256","signsFrom":0,"signsUntil":1,"retires":2,"secret":"U0VDUkVU"}]}""")]
    [InlineData("""{"format":1,"keys":[{"alg":"none"}]}""")]
    public void A_damaged_file_stops_the_start_and_tells_nothing_of_its_content(string content)
    {
        _ = Open();
        File.WriteAllText(FilePath, content);

        var refused = Assert.Throws<IOException>(Open);

        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("U0VDUkVU", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_kind_than_its_algorithm_is_damage()
    {
        _ = Open();
        File.WriteAllText(FilePath, File.ReadAllText(FilePath).Replace("ES384", "RS256", StringComparison.Ordinal));

        Assert.Throws<IOException>(Open);
    }

    [Fact]
    public void An_id_token_tells_who_signed_in()
    {
        SigningKeys keys = Open();
        var tokens = new IdTokens("https://fhir.example.org", "https://fhir.example.org/fhir", keys, _clock);

        string token = tokens.Sign(new IdToken
        {
            Subject = "a1b2",
            Audience = "app",
            SignedIn = _clock.Now - TimeSpan.FromMinutes(3),
            Nonce = "n-0S6_WzA2Mj",
            Acr = "2",
            Amr = ["pwd", "otp"],
            FhirUser = "Practitioner/7",
            Session = "s1",
            AccessToken = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
        });

        Assert.True(Jws.TryRead(token, [JoseAlgorithm.Rs256], out Jws? jws, out _));
        Assert.True(IsPublished(keys, token));
        long now = _clock.Now.ToUnixTimeSeconds();
        // at_hash of the example of https://openid.net/specs/openid-connect-core-1_0.html#id_token-tokenExample
        Assert.Equal(
            $$"""{"iss":"https://fhir.example.org","sub":"a1b2","aud":"app","iat":{{now}},"exp":{{now + 300}},"auth_time":{{now - 180}},"nonce":"n-0S6_WzA2Mj","acr":"2","fhirUser":"https://fhir.example.org/fhir/Practitioner/7","sid":"s1","at_hash":"77QmUPtjPfzWtF2AnpK9RQ","amr":["pwd","otp"]}""",
            jws.Claims.Json.GetRawText());
    }

    [Fact]
    public void An_id_token_says_no_more_than_it_knows()
    {
        SigningKeys keys = Open();
        var tokens = new IdTokens("https://fhir.example.org", "https://fhir.example.org/fhir", keys, _clock);

        string token = tokens.Sign(new IdToken { Subject = "a", Audience = "app", SignedIn = _clock.Now }, JoseAlgorithm.Es384);

        Assert.True(Jws.TryRead(token, [JoseAlgorithm.Es384], out Jws? jws, out _));
        Assert.Equal(["iss", "sub", "aud", "iat", "exp", "auth_time"], jws.Claims.Json.EnumerateObject().Select(member => member.Name));
        Assert.Throws<ArgumentException>(() => tokens.Sign(new IdToken { Subject = new string('x', 256), Audience = "app", SignedIn = _clock.Now }));
        Assert.Throws<ArgumentException>(() => tokens.Sign(new IdToken { Subject = "J\u00f6rg", Audience = "app", SignedIn = _clock.Now }));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private SigningKeys Open() => SigningKeys.Open(_options, _clock);

    private static string Sign(SigningKeys keys, JoseAlgorithm algorithm = JoseAlgorithm.Rs256) => keys.Sign(algorithm, "JWT", writer => writer.WriteString("sub"u8, "x"));

    private static string KidOf(string token)
    {
        Assert.True(Jws.TryRead(token, JoseAlgorithms.All, out Jws? jws, out _));
        return jws.Kid!;
    }

    private static IReadOnlyList<string> Published(SigningKeys keys) => [.. JwkSet.Read(keys.PublicKeys).Value.Keys.Select(key => key.Kid!)];

    private static bool IsPublished(SigningKeys keys, string token) =>
        Jws.TryRead(token, JoseAlgorithms.All, out Jws? jws, out _)
        && JwkSet.Read(keys.PublicKeys).Value.TryChoose(jws.Kid!, jws.Algorithm, out Jwk? key)
        && jws.IsSignedBy(key);
}
