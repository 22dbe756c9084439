using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What a user's browser does, so far as this server can tell: cookies, forms, and no redirect that the test did not ask for.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly SocketsHttpHandler _handler = new() { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };

    public Browser(Uri address) => Client = new HttpClient(_handler) { BaseAddress = address };

    public HttpClient Client { get; }

    public CookieContainer Cookies => _handler.CookieContainer;

    public async Task<Page> GetAsync(string path) => await Page.OfAsync(await Client.GetAsync(path, TestContext.Current.CancellationToken));

    public async Task<Page> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await Page.OfAsync(await Client.PostAsync(path, content, TestContext.Current.CancellationToken));
    }

    /// <summary>Sends a form of a page: its hidden fields, and what the user typed.</summary>
    public Task<Page> SendAsync(Page page, string action, params (string Name, string Value)[] typed)
    {
        string form = Regex.Match(page.Html, $"""<form method="post" action="{Regex.Escape(action)}".*?</form>""", RegexOptions.Singleline).Value;
        Assert.NotEqual("", form);
        IEnumerable<(string, string)> hidden = HiddenField().Matches(form).Select(match => (match.Groups["name"].Value, WebUtility.HtmlDecode(match.Groups["value"].Value)));
        return PostAsync(action, [.. hidden, .. typed]);
    }

    /// <summary>Logs in on a page that asks for it, and goes where that leads.</summary>
    public async Task<Page> LogInAsync(Page login, string name, string password = SmartSite.Password)
    {
        Page entered = await SendAsync(login, "/auth/login", ("name", name), ("password", password));
        Assert.Equal(HttpStatusCode.SeeOther, entered.Status);
        return await GetAsync(entered.Location!);
    }

    public void Dispose()
    {
        Client.Dispose();
        _handler.Dispose();
    }

    [GeneratedRegex("""<input type="hidden" name="(?<name>[^"]*)" value="(?<value>[^"]*)">""", RegexOptions.ExplicitCapture)]
    private static partial Regex HiddenField();
}

/// <summary>An answer.</summary>
internal sealed record Page(HttpStatusCode Status, string Html, string? Location, HttpResponseMessage Response)
{
    public static async Task<Page> OfAsync(HttpResponseMessage response) =>
        new(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers.Location?.OriginalString, response);

    /// <summary>A parameter of the address that it sends the browser to.</summary>
    public string? Parameter(string name) => Location is null ? null
        : System.Web.HttpUtility.ParseQueryString(new Uri(Location).Query)[name];

    public string Header(string name) => Response.Headers.TryGetValues(name, out IEnumerable<string>? values) || Response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";

    /// <summary>Values of the ticked and unticked boxes of a page.</summary>
    public IReadOnlyList<string> Boxes => [.. Regex.Matches(Html, """<input type="checkbox" name="scope" value="(?<value>[^"]*)" (?<checked>checked)?""", RegexOptions.ExplicitCapture)
        .Where(match => match.Groups["checked"].Success).Select(match => WebUtility.HtmlDecode(match.Groups["value"].Value))];
}
