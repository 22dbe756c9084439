using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace HealthChain.FhirServer.Tests.Server;

public sealed class SettingsReaderTests
{
    private const string Base = "HealthChain:BaseUrl=https://fhir.example.org/fhir";
    private const string Token = "abcdefghijklmnop";

    private static (ServerOptions Options, IReadOnlyList<string> Problems) Read(params string[] settings) =>
        SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(Pair)).Build());

    private static KeyValuePair<string, string?> Pair(string setting) =>
        new(setting[..setting.IndexOf('=', StringComparison.Ordinal)], setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    [Fact]
    public void Without_settings_the_defaults_hold()
    {
        var (options, problems) = Read();

        Assert.Empty(problems);
        Assert.Equal(new ServerOptions() with { Tokens = options.Tokens }, options);
        Assert.Empty(options.Tokens);
    }

    [Fact]
    public void Every_setting_takes_the_value_that_it_shows_for_its_default()
    {
        var defaults = new ServerOptions();
        foreach (var setting in Settings.All.Where(setting => setting.Show(defaults).Length > 0))
        {
            Assert.Equal(setting.Show(defaults), setting.Show(setting.Apply(defaults, setting.Show(defaults))!));
        }
    }

    [Fact]
    public void Settings_are_read_into_their_options()
    {
        var (options, problems) = Read(
            "urls=http://localhost:1;http://[::1]:2", "HealthChain:BaseUrl=https://fhir.example.org/fhir/", "HealthChain:Limits:BodyBytes=2 MB", "HealthChain:Limits:MaxCount=77",
            "HealthChain:Limits:Depth=32", "healthchain:validation=Base", "HealthChain:ClientIds=false", "HealthChain:ShutdownTimeout=5", "HealthChain:Development=true");

        Assert.Empty(problems);
        Assert.Equal("https://fhir.example.org/fhir", options.BaseUrl);
        Assert.Equal(2 << 20, options.Limits.BodyBytes);
        Assert.Equal(77, options.Limits.Search.MaxCount);
        Assert.Equal(32, options.Limits.Reading.MaxDepth);
        Assert.Equal(ValidationLevel.Base, options.Validation);
        Assert.False(options.ClientIds);
        Assert.Equal(TimeSpan.FromSeconds(5), options.ShutdownTimeout);
        Assert.True(options.Development);
    }

    [Theory]
    [InlineData("urls=8080", "'8080'")]
    [InlineData("HealthChain:BaseUrl=fhir.example.org", "http or https")]
    [InlineData("HealthChain:Limits:BodyBytes=1", "from 1 KB")]
    [InlineData("HealthChain:Limits:BodyBytes=9999999999 GB", "from 1 KB")]
    [InlineData("HealthChain:Limits:MaxCount=many", "a whole number from 1 to 10000")]
    [InlineData("HealthChain:Engine=postgres", "one of sqlite, cosmos")]
    [InlineData("HealthChain:Development=yes", "true or false")]
    [InlineData("HealthChain:ShutdownTimeout=-1", "seconds")]
    [InlineData("HealthChain:Tls:Certificate=/nowhere/x.pem", "PEM")]
    [InlineData("HealthChain:Limits:BodySize=1", "beside it are BodyBytes")]
    [InlineData("HealthChain:Colour=blue", "no such setting")]
    [InlineData("HealthChain:Tokens:first:Token=abcdefghijklmnop", "no such setting")]
    public void A_wrong_setting_is_named_with_what_is_allowed(string setting, string allowed)
    {
        var (_, problems) = Read(setting);

        Assert.Contains(problems, problem => problem.StartsWith(Pair(setting).Key + ": ", StringComparison.Ordinal) && problem.Contains(allowed, StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_are_told_at_once()
    {
        Assert.Equal(3, Read("HealthChain:Engine=x", "HealthChain:Limits:Depth=x", "HealthChain:X=x").Problems.Count);
    }

    [Fact]
    public void What_opens_a_door_is_not_repeated_in_a_problem()
    {
        var problem = Assert.Single(Read("HealthChain:Tokens:0:Token=too-short", "HealthChain:Tokens:0:Name=a", "HealthChain:Tokens:0:Role=patient").Problems);

        Assert.StartsWith("HealthChain:Tokens:0:Token: ", problem);
        Assert.DoesNotContain("too-short", problem);
    }

    [Fact]
    public void Without_the_authorisation_server_nobody_need_know_the_address() => Assert.Empty(Read("urls=http://*:80", "HealthChain:Smart:Enabled=false").Problems);

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://+:8080")]
    [InlineData("http://127.0.0.1:8080;http://192.168.1.7:8080")]
    [InlineData("http://fhir.example.org")]
    [InlineData("http://127.0.0.1.example.org")]
    public void Open_access_and_fixed_tokens_are_refused_where_others_can_reach_them(string urls)
    {
        Assert.StartsWith("HealthChain:Development: ", Assert.Single(Read("urls=" + urls, Base, "HealthChain:Development=true").Problems));
        Assert.StartsWith("HealthChain:Demo: ", Assert.Single(Read("urls=" + urls, Base, "HealthChain:Demo=true").Problems));
        Assert.StartsWith("HealthChain:Tokens: ", Assert.Single(Read("urls=" + urls, Base, $"HealthChain:Tokens:0:Token={Token}", "HealthChain:Tokens:0:Name=a", "HealthChain:Tokens:0:Role=backend").Problems));
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://127.7.7.7:80")]
    [InlineData("http://[::1]:8080")]
    [InlineData("http://localhost:8080;http://127.0.0.1:8081")]
    public void Open_access_is_for_loopback_addresses(string urls) => Assert.Empty(Read("urls=" + urls, "HealthChain:Development=true").Problems);

    [Fact]
    public void A_pre_registration_file_is_checked_before_anything_starts()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, """{"organisations":[{"id":"a b","name":""}],"users":[{"name":"x","role":"auditor"}]}""");

        IReadOnlyList<string> problems = Read("HealthChain:Smart:PreRegistration=" + file).Problems;

        Assert.Equal(["organisations[0].id:", "organisations[0].name:", "users[0].passwordHash, oneTimePassword:"], problems.Select(problem => problem[(file.Length + 2)..].Split(':')[0] + ":"));
        Assert.StartsWith("HealthChain:Smart:Enabled: ", Assert.Single(Read("HealthChain:Demo=true", "HealthChain:Smart:Enabled=false").Problems));
        Assert.Contains("a JSON file that is there", Assert.Single(Read("HealthChain:Smart:PreRegistration=/nowhere.json").Problems));
        File.Delete(file);
    }

    [Fact]
    public void What_others_ask_is_on_record()
    {
        Assert.StartsWith("HealthChain:AccessLog: ", Assert.Single(Read("urls=http://0.0.0.0:8080", Base, "HealthChain:AccessLog=false").Problems));
        Assert.Empty(Read("urls=http://localhost:8080", "HealthChain:AccessLog=false").Problems);
        Assert.True(Read("urls=http://0.0.0.0:8080").Options.AccessLog);
    }

    [Theory]
    [InlineData("HealthChain:Sample=5", "HealthChain:Sample")]
    [InlineData("HealthChain:Engine=cosmos", "HealthChain:Engine")]
    [InlineData("urls=https://localhost", "HealthChain:Tls:Certificate")]
    [InlineData("HealthChain:Limits:MaxCount=3", "HealthChain:Limits:DefaultCount")]
    [InlineData("Kestrel:Endpoints:Any:Url=http://*:80", "Kestrel:Endpoints")]
    [InlineData("urls=http://*:80", "HealthChain:BaseUrl")]
    [InlineData("HealthChain:Smart:Registration=guarded", "HealthChain:Smart:RegistrationToken")]
    public void Settings_that_contradict_another_are_refused(string setting, string named)
    {
        Assert.StartsWith(named + ": ", Assert.Single(Read(setting).Problems));
    }

    [Fact]
    public void A_token_is_read_with_all_that_it_stands_for()
    {
        var (options, problems) = Read(
            $"HealthChain:Tokens:0:Token={Token}", "HealthChain:Tokens:0:Name=ward-7", "HealthChain:Tokens:0:Role=related-person", "HealthChain:Tokens:0:FhirUser=RelatedPerson/7",
            "HealthChain:Tokens:0:Organisation=Organization/1", "HealthChain:Tokens:0:Purpose=TREAT", "HealthChain:Tokens:0:Scopes=patient/*.rs openid");

        Assert.Empty(problems);
        Assert.Equal(
            new TokenOptions
            {
                Token = Token,
                Name = "ward-7",
                Role = Role.RelatedPerson,
                FhirUser = "RelatedPerson/7",
                Organisation = "Organization/1",
                Purpose = "TREAT",
                Scopes = "patient/*.rs openid",
            },
            Assert.Single(options.Tokens));
    }

    [Fact]
    public void A_token_needs_a_name_and_a_role()
    {
        Assert.Equal("HealthChain:Tokens:0: a token needs Token, Name and Role", Assert.Single(Read($"HealthChain:Tokens:0:Token={Token}").Problems));
    }

    [Fact]
    public void Two_tokens_cannot_be_the_same()
    {
        string[] Of(int n) => [$"HealthChain:Tokens:{n}:Token={Token}", $"HealthChain:Tokens:{n}:Name=n{n}", $"HealthChain:Tokens:{n}:Role=patient"];

        Assert.Equal("HealthChain:Tokens: two tokens are the same", Assert.Single(Read([.. Of(0), .. Of(1)]).Problems));
    }

    [Fact]
    public void The_help_explains_every_setting_with_its_default()
    {
        var help = SettingsHelp.Text();

        Assert.All(Settings.All, setting => Assert.Contains($"  {setting.Option}", help));
        Assert.All(Settings.OfTokens, setting => Assert.Contains(setting.Key, help));
        Assert.Contains("(default http://127.0.0.1:8080)", help);
    }

    [Fact]
    public void Names_on_the_command_line_are_unique() => Assert.Equal(Settings.All.Count, Settings.All.Select(setting => setting.Option).Distinct().Count());
}
