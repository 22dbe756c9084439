using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>A server with a patient and others who log in, a doctor who asks for access, and one who breaks the glass.</summary>
public sealed class InboxSite : ServerFactory, IAsyncLifetime
{
    public const string Password = "a long sentence of mine";

    public InboxSite()
    {
        Settings["HealthChain:Smart:PasswordHashMemory"] = "64 KB";
        Settings["HealthChain:Smart:PasswordHashPasses"] = "1";
        AddToken(0, "doctor", "Organization/hospital", mayBreakGlass: false);
        AddToken(1, "emergency", "Organization/clinic", mayBreakGlass: true);
    }

    public static string TokenOf(string name) => $"a-fixed-token-of-{name}";

    public async ValueTask InitializeAsync()
    {
        using HttpClient client = CreateClient();
        foreach (string resource in new[]
        {
            """{"resourceType":"Organization","id":"hospital","name":"Hospital <b>on the hill</b>"}""",
            """{"resourceType":"Practitioner","id":"doctor","name":[{"given":["Grace"],"family":"<i>Hopper</i>"}]}""",
            """{"resourceType":"Patient","id":"ada","birthDate":"1970-03-04","identifier":[{"system":"urn:numbers","value":"no-ada"}]}""",
            """{"resourceType":"Patient","id":"other","birthDate":"1970-03-04","identifier":[{"system":"urn:numbers","value":"no-other"}]}""",
        })
        {
            JsonNode json = JsonNode.Parse(resource)!;
            using var content = new StringContent(resource, Encoding.UTF8, "application/fhir+json");
            using HttpResponseMessage stored = await client.PutAsync(new Uri($"/fhir/{json["resourceType"]}/{json["id"]}", UriKind.Relative), content);
            stored.EnsureSuccessStatusCode();
        }

        var accounts = Services.GetRequiredService<AccountBook>();
        foreach (NewAccount account in new[]
        {
            new NewAccount("ada", Role.Patient) { FhirUser = "Patient/ada" },
            new NewAccount("other", Role.Patient) { FhirUser = "Patient/other" },
            new NewAccount("grace", Role.Practitioner) { FhirUser = "Practitioner/doctor" },
            new NewAccount("root", Role.Administrator),
        })
        {
            Assert.True((await accounts.CreateAsync(account with { Password = Password }, CancellationToken.None)).IsOk);
        }
    }

    private void AddToken(int number, string name, string organisation, bool mayBreakGlass)
    {
        string prefix = $"HealthChain:Tokens:{number}:";
        Settings[prefix + "Token"] = TokenOf(name);
        Settings[prefix + "Name"] = name;
        Settings[prefix + "Role"] = "practitioner";
        Settings[prefix + "FhirUser"] = "Practitioner/" + name;
        Settings[prefix + "Organisation"] = organisation;
        Settings[prefix + "Purpose"] = "TREAT";
        Settings[prefix + "MayBreakGlass"] = mayBreakGlass ? "true" : "false";
    }
}

/// <summary>The page on which patients see who asks for their record, and answer: in the whole server, as a browser sees it.</summary>
public sealed class InboxPageTests(InboxSite site) : IClassFixture<InboxSite>, IDisposable
{
    private const string Inbox = "/auth/inbox";
    private const string Reason = "For <script>alert(1)</script> \"next\" week.";

    private static readonly string[] Usual =
    [
        Parameter("purpose", "\"valueCode\":\"TREAT\""),
        Parameter("period", "\"valuePeriod\":{\"end\":\"2099-12-31\"}"),
        Parameter("class", "\"valueCode\":\"Observation\""),
        Parameter("class", "\"valueCode\":\"Condition\""),
    ];

    private readonly HttpClient _browser = site.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _browser.Dispose();

    [Fact]
    public async Task A_patient_sees_who_asks_in_plain_words_and_nothing_of_it_is_markup()
    {
        string task = await AskAsync("ada", Usual);

        Page page = await LogInAsync("ada");

        Assert.Equal(HttpStatusCode.OK, page.Status);
        string html = OfRequest(page, task);
        foreach (string words in new[] { "Grace", "your treatment", "measurements and laboratory results", "conditions and diagnoses", "2099-12-31", "see it" })
        {
            Assert.Contains(words, html, StringComparison.Ordinal);
        }

        Assert.Contains("For &lt;script&gt;alert(1)&lt;/script&gt; &quot;next&quot; week.", html, StringComparison.Ordinal);
        Assert.Contains("&lt;i&gt;Hopper&lt;/i&gt; (Practitioner/doctor)", html, StringComparison.Ordinal);
        Assert.Contains("Hospital &lt;b&gt;on the hill&lt;/b&gt; (Organization/hospital)", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(task, string.Concat(Regex.Matches(page.Html, "(?:action|href)=\"[^\"]*\"", RegexOptions.None, TimeSpan.FromMinutes(1)).Select(match => match.Value)), StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal(("no-store", "DENY"), (page.Header("Cache-Control"), page.Header("X-Frame-Options")));
        Assert.Contains("href=\"/auth/inbox\"", (await GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approving_gives_what_was_asked_for_and_revoking_takes_it_back_on_record_as_the_patients()
    {
        string task = await AskAsync("ada", Usual);
        Page page = await LogInAsync("ada");

        Page approved = await AnswerAsync(page, task, ("decision", "allow"));

        Assert.Equal((HttpStatusCode.SeeOther, Inbox), (approved.Status, approved.Location));
        JsonNode answered = await StandsAsync("Task/" + task);
        Assert.Equal("completed", (string?)answered["status"]);
        string consent = (string)answered["focus"]!["reference"]!;
        Assert.Equal("active", (string?)(await StandsAsync(consent))["status"]);

        Page after = await GetAsync(Inbox);
        Assert.DoesNotContain($"value=\"{task}\"", after.Html, StringComparison.Ordinal);
        Page revoked = await PostAsync(("form_token", TokenIn(after)), ("id", consent.Split('/')[1]), ("decision", "revoke"));
        Assert.Equal((HttpStatusCode.SeeOther, Inbox), (revoked.Status, revoked.Location));
        Assert.Equal("inactive", (string?)(await StandsAsync(consent))["status"]);
        Assert.DoesNotContain($"value=\"{consent.Split('/')[1]}\"", (await GetAsync(Inbox)).Html, StringComparison.Ordinal);

        JsonNode records = await StandsAsync("AuditEvent?patient=ada&subtype=http://dicom.nema.org/resources/ontology/DCM|110135&_sort=-date&_count=2");
        Assert.All(records["entry"]!.AsArray(), record => Assert.Contains("Patient/ada", record!["resource"]!["agent"]!.ToJsonString(), StringComparison.Ordinal));
        Assert.Contains(consent, records["entry"]![0]!["resource"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patient_approves_less()
    {
        string task = await AskAsync("ada", Usual);
        Page page = await LogInAsync("ada");

        Page approved = await AnswerAsync(page, task, ("decision", "less"), ("data", "Condition"), ("last_day", "2090-06-30"));

        Assert.Equal(HttpStatusCode.SeeOther, approved.Status);
        JsonNode consent = await StandsAsync((string)(await StandsAsync("Task/" + task))["focus"]!["reference"]!);
        Assert.Equal("active", (string?)consent["status"]);
        Assert.Equal(["Condition"], consent["provision"]!["class"]!.AsArray().Select(type => (string)type!["code"]!));
        Assert.Equal("2090-06-30", (string?)consent["provision"]!["period"]!["end"]);
    }

    /// <summary>Nothing is agreed to that is wider, or that the patient did not see; an empty choice is not the whole.</summary>
    [Theory]
    [InlineData("less", "Patient", "2099-12-31", HttpStatusCode.UnprocessableEntity)]
    [InlineData("less", "Condition", "2100-06-01", HttpStatusCode.UnprocessableEntity)]
    [InlineData("less", "Condition", "2001-06-01", HttpStatusCode.UnprocessableEntity)]
    [InlineData("less", "Condition", "tomorrow", HttpStatusCode.UnprocessableEntity)]
    [InlineData("less", "<Condition>", "2099-12-31", HttpStatusCode.UnprocessableEntity)]
    [InlineData("less", "", "2099-12-31", HttpStatusCode.UnprocessableEntity)]
    [InlineData("everything", "Condition", "2099-12-31", HttpStatusCode.UnprocessableEntity)]
    [InlineData("allow", "", "", HttpStatusCode.Conflict, "7")]
    [InlineData("deny", "", "", HttpStatusCode.Conflict, "\"")]
    public async Task What_is_wider_or_was_not_shown_is_refused(string decision, string data, string lastDay, HttpStatusCode status, string version = "1")
    {
        string task = await AskAsync("ada", Usual);
        Page page = await LogInAsync("ada");

        Page refused = await PostAsync(("form_token", TokenIn(page)), ("id", task), ("version", version), ("decision", decision), ("data", data), ("last_day", lastDay));

        Assert.Equal(status, refused.Status);
        Assert.Contains("role=\"alert\"", refused.Html, StringComparison.Ordinal);
        Assert.Equal("requested", (string?)(await StandsAsync("Task/" + task))["status"]);
    }

    [Fact]
    public async Task Rejecting_ends_the_request()
    {
        string task = await AskAsync("ada", Usual);

        Page rejected = await AnswerAsync(await LogInAsync("ada"), task, ("decision", "deny"));

        Assert.Equal((HttpStatusCode.SeeOther, Inbox), (rejected.Status, rejected.Location));
        JsonNode answered = await StandsAsync("Task/" + task);
        Assert.Equal("rejected", (string?)answered["status"]);
        Assert.Equal("rejected", (string?)(await StandsAsync((string)answered["focus"]!["reference"]!))["status"]);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(("form_token", TokenIn(await GetAsync(Inbox))), ("id", task), ("version", "2"), ("decision", "allow"))).Status);
    }

    [Theory]
    [InlineData("allow")]
    [InlineData("less")]
    [InlineData("deny")]
    [InlineData("revoke")]
    public async Task What_is_somebody_elses_is_as_if_it_were_not_there(string decision)
    {
        string task = await AskAsync("ada", Usual);
        JsonNode stands = await StandsAsync("Task/" + task);
        string theirs = decision == "revoke" ? ((string)stands["focus"]!["reference"]!).Split('/')[1] : task;
        Page page = await LogInAsync("other");
        Assert.DoesNotContain(task, page.Html, StringComparison.Ordinal);

        var answers = new List<Page>();
        foreach (string id in new[] { theirs, "unknown", "../Task/x", "" })
        {
            answers.Add(await PostAsync(("form_token", TokenIn(page)), ("id", id), ("version", "1"), ("decision", decision), ("data", "Condition")));
        }

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.NotFound, answers[1].Html), (answer.Status, answer.Html)));
        Assert.Equal("requested", (string?)(await StandsAsync("Task/" + task))["status"]);
    }

    [Fact]
    public async Task A_form_that_is_not_ours_changes_nothing()
    {
        string task = await AskAsync("ada", Usual);
        Page page = await LogInAsync("ada");

        foreach (string token in new[] { "", "made-up", TokenIn(page)[..^1] + "_" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(("form_token", token), ("id", task), ("version", "1"), ("decision", "allow"))).Status);
        }

        using var crossSite = new HttpRequestMessage(HttpMethod.Post, Inbox) { Content = Form(("form_token", TokenIn(page)), ("id", task), ("version", "1"), ("decision", "allow")) };
        crossSite.Headers.Add("Sec-Fetch-Site", "cross-site");
        Assert.Equal(HttpStatusCode.BadRequest, (await Page.OfAsync(await _browser.SendAsync(crossSite, Cancel))).Status);
        Assert.Equal("requested", (string?)(await StandsAsync("Task/" + task))["status"]);
    }

    [Theory]
    [InlineData("grace")]
    [InlineData("root")]
    public async Task For_others_there_is_no_such_page(string user)
    {
        string task = await AskAsync("ada", Usual);
        Page page = await LogInAsync(user);
        Assert.Equal((HttpStatusCode.NotFound, (await GetAsync("/auth/nowhere")).Html), (page.Status, page.Html));

        Page apps = await GetAsync("/auth/apps");
        Assert.DoesNotContain(Inbox, apps.Html, StringComparison.Ordinal);
        Page answer = await PostAsync(("form_token", TokenIn(apps)), ("id", task), ("version", "1"), ("decision", "allow"));
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("requested", (string?)(await StandsAsync("Task/" + task))["status"]);
    }

    [Fact]
    public async Task Who_is_not_logged_in_is_asked_to_log_in()
    {
        Page page = await GetAsync(Inbox);

        Assert.Contains("<h1>Log in</h1>", page.Html, StringComparison.Ordinal);
        Page answer = await PostAsync(("form_token", TokenIn(page)), ("id", "x"), ("decision", "revoke"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
    }

    /// <summary>A permission at the root would take from others; a page that cannot say so does not offer to agree to it, and a form that does all the same is refused.</summary>
    [Fact]
    public async Task What_the_page_cannot_say_is_not_approved_there()
    {
        string task = await AskAsync("ada", Parameter("consent", """
            "resource":{"resourceType":"Consent","status":"proposed","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"policy":[{"uri":"urn:policy"}],"provision":{"type":"permit","period":{"end":"2099"},"actor":[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"Organization/hospital"}}]}}
            """));
        Page page = await LogInAsync("ada");
        string html = OfRequest(page, task);
        Assert.Contains("cannot put into words", html, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"allow\"", html, StringComparison.Ordinal);

        Page refused = await AnswerAsync(page, task, ("decision", "allow"));

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal("requested", (string?)(await StandsAsync("Task/" + task))["status"]);
        Assert.Equal(HttpStatusCode.SeeOther, (await AnswerAsync(page, task, ("decision", "deny"))).Status);
    }

    [Fact]
    public async Task Only_the_patient_is_told()
    {
        await CallAsync("emergency", "$break-glass", [Parameter("patient", "\"valueReference\":{\"reference\":\"Patient/ada\"}"), Parameter("reason", "\"valueString\":\"Found in the street.\"")]);

        Page page = await LogInAsync("other");

        Assert.Contains("Nobody has done so.", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Found in the street.", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patient_is_told_who_broke_the_glass_and_why()
    {
        await CallAsync("emergency", "$break-glass", [
            Parameter("patient", "\"valueReference\":{\"reference\":\"Patient/ada\"}"),
            Parameter("reason", "\"valueString\":\"Unconscious <img src=x> after an accident.\""),
        ]);

        Page page = await LogInAsync("ada");

        string emergencies = page.Html[page.Html.IndexOf("id=\"emergencies\"", StringComparison.Ordinal)..];
        Assert.Contains("Practitioner/emergency", emergencies, StringComparison.Ordinal);
        Assert.Contains("Unconscious &lt;img src=x&gt; after an accident.", emergencies, StringComparison.Ordinal);
        Assert.Contains(" UTC", emergencies, StringComparison.Ordinal);
    }

    private static string Parameter(string name, string value) => $$"""{"name":"{{name}}",{{value}}}""";

    private async Task<string> AskAsync(string patient, params string[] parameters)
    {
        string reason = Parameter("reason", $"\"valueString\":{JsonValue.Create(Reason).ToJsonString()}");
        return (string)(await CallAsync("doctor", $"Patient/{patient}/$request-access", [
            reason,
            Parameter("identifier", $$"""
                "valueIdentifier":{"system":"urn:numbers","value":"no-{{patient}}"}
                """),
            Parameter("birthDate", "\"valueDate\":\"1970-03-04\""),
            .. parameters,
        ]))["id"]!;
    }

    private async Task<JsonNode> CallAsync(string who, string path, string[] parameters)
    {
        using HttpClient client = site.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", InboxSite.TokenOf(who));
        using var content = new StringContent($$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', parameters)}}]}""", Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/fhir/" + path, UriKind.Relative), content, Cancel);
        string body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!;
    }

    /// <summary>What stands there, whoever may see it.</summary>
    private async Task<JsonNode> StandsAsync(string path)
    {
        using HttpClient client = site.CreateClient();
        return JsonNode.Parse(await client.GetStringAsync(new Uri("/fhir/" + path, UriKind.Relative), Cancel))!;
    }

    private async Task<Page> LogInAsync(string name)
    {
        Page login = await GetAsync("/auth/login");
        using FormUrlEncodedContent form = Form(("form_token", TokenIn(login)), ("name", name), ("password", InboxSite.Password));
        Page entered = await Page.OfAsync(await _browser.PostAsync(new Uri("/auth/login", UriKind.Relative), form, Cancel));
        Assert.Equal(HttpStatusCode.SeeOther, entered.Status);
        return await GetAsync(Inbox);
    }

    private async Task<Page> GetAsync(string path) => await Page.OfAsync(await _browser.GetAsync(new Uri(path, UriKind.Relative), Cancel));

    private Task<Page> AnswerAsync(Page page, string task, params (string Name, string Value)[] typed) =>
        PostAsync([("form_token", TokenIn(page)), ("id", task), ("version", "1"), .. typed]);

    private async Task<Page> PostAsync(params (string Name, string Value)[] fields)
    {
        using FormUrlEncodedContent form = Form(fields);
        return await Page.OfAsync(await _browser.PostAsync(new Uri(Inbox, UriKind.Relative), form, Cancel));
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static string TokenIn(Page page) => Regex.Match(page.Html, "(?<=name=\"form_token\" value=\")[^\"]*", RegexOptions.None, TimeSpan.FromMinutes(1)).Value;

    /// <summary>The part of the page that is about one request.</summary>
    private static string OfRequest(Page page, string task) =>
        Assert.Single(page.Html.Split("<article>"), part => part.Contains($"value=\"{task}\"", StringComparison.Ordinal));

    private sealed record Page(HttpStatusCode Status, string Html, string? Location, HttpResponseMessage Response)
    {
        public static async Task<Page> OfAsync(HttpResponseMessage response) =>
            new(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Headers.Location?.OriginalString, response);

        public string Header(string name) => Response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";
    }
}
