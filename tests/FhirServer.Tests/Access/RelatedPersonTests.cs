using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access;

/// <summary>A related person sees the patient's record as long as the RelatedPerson says so, and not a moment longer.</summary>
public sealed class RelatedPersonTests : IAsyncDisposable
{
    private const string Token = "related-person-of-these-tests";

    private readonly Clock _clock = new();
    private readonly ServerFactory _server = new()
    {
        Settings =
        {
            ["HealthChain:Consent:Policy"] = "https://profiles.ihe.net/ITI/PCF/Policy-all-normal",
            ["HealthChain:Tokens:0:Token"] = Token,
            ["HealthChain:Tokens:0:Name"] = "wife",
            ["HealthChain:Tokens:0:Role"] = "related-person",
            ["HealthChain:Tokens:0:FhirUser"] = "RelatedPerson/wife",
        },
    };

    private readonly WebApplicationFactory<Program> _timed;
    private readonly HttpClient _operator;
    private readonly HttpClient _wife;

    public RelatedPersonTests()
    {
        _timed = _server.WithWebHostBuilder(builder => builder.ConfigureTestServices(services => services.AddSingleton<TimeProvider>(_clock)));
        _operator = _timed.CreateClient();
        _wife = _timed.CreateClient();
        _wife.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _operator.Dispose();
        _wife.Dispose();
        await _timed.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("""{"end":"2026-11-30"}""", "2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00Z")]
    [InlineData("""{"end":"2026-11"}""", "2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00Z")]
    [InlineData("""{"start":"2020","end":"2026-11-30T12:00:00+01:00"}""", "2026-11-30T11:00:00.999Z", "2026-11-30T11:00:01Z")]
    public async Task At_the_end_of_the_period_access_ends(string period, string last, string after)
    {
        await StoreAsync(period);
        _clock.Now = Time(last);
        await SeesAsync();
        _clock.Now = Time(after);
        await SeesNothingAsync();
    }

    [Fact]
    public async Task Before_its_beginning_there_is_none()
    {
        await StoreAsync("""{"start":"2026-11-30T12:00:00Z"}""");
        _clock.Now = Time("2026-11-30T11:59:59.999Z");
        await SeesNothingAsync();
        _clock.Now = Time("2026-11-30T12:00:00Z");
        await SeesAsync();
    }

    [Fact]
    public async Task Who_is_made_inactive_or_somebody_elses_or_is_deleted_sees_nothing_from_then_on()
    {
        await StoreAsync("{}");
        await SeesAsync();
        await StoreAsync("{}", isActive: false);
        await SeesNothingAsync();
        await StoreAsync("{}");
        await SeesAsync();
        await StoreAsync("{}", patient: "other");
        await SeesNothingAsync(HttpStatusCode.NotFound);
        await StoreAsync("{}");
        await SeesAsync();
        (await _operator.DeleteAsync("/fhir/RelatedPerson/wife", Cancel)).EnsureSuccessStatusCode();
        await SeesNothingAsync();
    }

    [Fact]
    public async Task Nobody_prolongs_the_own_time()
    {
        await StoreAsync("""{"end":"2026-11-30"}""");
        _clock.Now = Time("2026-11-30T12:00:00Z");

        using HttpResponseMessage prolonged = await _wife.PutAsync("/fhir/RelatedPerson/wife", Body(Wife("{}", isActive: true, "ill")), Cancel);
        using HttpResponseMessage made = await _wife.PostAsync("/fhir/RelatedPerson", Body(Wife("{}", isActive: true, "ill")), Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (prolonged.StatusCode, made.StatusCode));
        _clock.Now = Time("2026-12-01T00:00:00Z");
        await SeesNothingAsync();
    }

    private async Task SeesAsync()
    {
        foreach (string url in new[] { "Patient/ill", "Observation/pulse", "Observation/pulse/_history/1" })
        {
            using HttpResponseMessage answer = await _wife.GetAsync("/fhir/" + url, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Contains("\"total\":1", await _wife.GetStringAsync("/fhir/Observation?_total=accurate", Cancel));
    }

    private async Task SeesNothingAsync(HttpStatusCode status = HttpStatusCode.Forbidden)
    {
        foreach (string url in new[] { "Patient/ill", "Patient/ill/$everything", "Observation/pulse", "Observation/pulse/_history/1" })
        {
            using HttpResponseMessage answer = await _wife.GetAsync("/fhir/" + url, Cancel);
            Assert.Equal(status, answer.StatusCode);
        }

        using HttpResponseMessage found = await _wife.GetAsync("/fhir/Observation?_total=accurate", Cancel);
        Assert.DoesNotContain("pulse", await found.Content.ReadAsStringAsync(Cancel));
    }

    private async Task StoreAsync(string period, bool isActive = true, string patient = "ill")
    {
        foreach ((string url, string json) in new[]
        {
            ("Patient/ill", """{"resourceType":"Patient","id":"ill"}"""),
            ("Patient/other", """{"resourceType":"Patient","id":"other"}"""),
            ("Observation/pulse", """{"resourceType":"Observation","id":"pulse","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ill"}}"""),
            ("RelatedPerson/wife", Wife(period, isActive, patient)),
        })
        {
            using HttpResponseMessage stored = await _operator.PutAsync("/fhir/" + url, Body(json), Cancel);
            Assert.True(stored.IsSuccessStatusCode, await stored.Content.ReadAsStringAsync(Cancel));
        }
    }

    private static string Wife(string period, bool isActive, string patient) => $$$"""
        {"resourceType":"RelatedPerson","id":"wife","active":{{{(isActive ? "true" : "false")}}},"patient":{"reference":"Patient/{{{patient}}}"}{{{(period == "{}" ? "" : $",\"period\":{period}")}}}}
        """;

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
