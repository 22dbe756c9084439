using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>Notifications to endpoints: https://hl7.org/fhir/R4/subscription.html#rest-hook</summary>
public sealed class RestHookTests(SubscriptionServer own) : SubscriptionTest(own.Server), IClassFixture<SubscriptionServer>
{
    [Fact]
    public async Task A_resource_that_meets_the_criteria_is_put_to_the_endpoint()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook", "application/fhir+json", "Authorization: Bearer of-the-endpoint", "X-Tenant: 7"));

        string id = await CreateAsync(Observation(code));
        Received told = await Receiver.NextAsync();

        Assert.Equal(("PUT", $"/hook/Observation/{id}", "application/fhir+json; charset=utf-8"), (told.Method, told.Path, told.ContentType));
        Assert.Equal((await GetAsync($"Observation/{id}")).Body, told.Body);
        Assert.Equal("Bearer of-the-endpoint", told.Headers["Authorization"]);
        Assert.Equal("7", told.Headers["X-Tenant"]);
    }

    [Fact]
    public async Task Without_payload_the_endpoint_learns_that_there_is_something()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook", payload: null));

        await CreateAsync(Observation(code));
        Received told = await Receiver.NextAsync();

        Assert.Equal(("POST", "/hook", ""), (told.Method, told.Path, told.Body));
    }

    [Fact]
    public async Task Xml_is_sent_where_it_is_asked_for()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook", "application/fhir+xml"));

        await CreateAsync(Observation(code));
        Received told = await Receiver.NextAsync();

        Assert.StartsWith("application/fhir+xml", told.ContentType);
        Assert.Contains($"<code value=\"{code}\"", told.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_meets_the_criteria_is_told_and_in_its_order()
    {
        string code = Unique();
        string id = Unique("o");
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));

        await PutAsync($"Observation/{id}", Observation("another", id));
        await PutAsync($"Observation/{id}", Observation(code, id));
        Received into = await Receiver.NextAsync();
        await PutAsync($"Observation/{id}", Observation("another", id));
        await DeleteAsync($"Observation/{id}");
        string last = await CreateAsync(Observation(code));
        Received after = await Receiver.NextAsync();

        Assert.Equal("2", (string?)JsonNode.Parse(into.Body)!["meta"]!["versionId"]);
        Assert.Equal($"/hook/Observation/{last}", after.Path);
    }

    [Theory]
    [InlineData("Observation?code={0}&subject:Patient._id=anna")]
    [InlineData("Observation?code={0}&status:not=cancelled")]
    [InlineData("Observation?code={0}&subject=Patient/anna&value-quantity:missing=true")]
    [InlineData("Observation?_filter=code eq http://loinc.org|{0}")]
    public async Task Criteria_mean_what_the_search_means(string criteria)
    {
        string code = Unique();
        await SubscribeAsync(Subscription(string.Format(null, criteria, code), Receiver.Url + "/hook"));

        await CreateAsync(Observation("another"));
        string id = await CreateAsync(Observation(code));

        Assert.Equal($"/hook/Observation/{id}", (await Receiver.NextAsync()).Path);
    }

    [Fact]
    public async Task What_an_endpoint_does_not_take_is_sent_again_before_all_later()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));
        int left = 3;
        Receiver.Answer = _ => left-- > 0 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK;

        string first = await CreateAsync(Observation(code));
        string second = await CreateAsync(Observation(code));
        var paths = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            paths.Add((await Receiver.NextAsync()).Path[^first.Length..]);
        }

        Assert.Equal([first, first, first, first, second], paths);
    }

    [Fact]
    public async Task Redirects_are_not_followed()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));
        bool isMoved = true;
        Receiver.Answer = _ => isMoved ? HttpStatusCode.TemporaryRedirect : HttpStatusCode.OK;

        string id = await CreateAsync(Observation(code));
        Received first = await Receiver.NextAsync();
        isMoved = false;
        Received second = await Receiver.NextAsync();

        Assert.Equal(($"/hook/Observation/{id}", $"/hook/Observation/{id}"), (first.Path, second.Path));
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_an_error_until_it_is_asked_for_again()
    {
        Receiver.Answer = _ => HttpStatusCode.NotFound;
        JsonObject wanted = Subscription($"Observation?code={Unique()}", Receiver.Url + "/hook");
        string id = await RequestAsync(wanted);

        JsonNode failed = await StatusAsync(id, "error");
        Receiver.Answer = _ => HttpStatusCode.OK;
        wanted["id"] = id;
        Answer again = await PutAsync($"Subscription/{id}", wanted.ToJsonString());

        Assert.Contains("did not take", (string?)failed["error"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Null((await StatusAsync(id, "active"))["error"]);
    }

    [Fact]
    public async Task One_that_was_turned_off_is_told_of_nothing()
    {
        string code = Unique();
        JsonObject subscription = Subscription($"Observation?code={code}", Receiver.Url + "/first");
        string off = await SubscribeAsync(subscription);
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/second"));
        subscription["id"] = off;
        subscription["status"] = "off";
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Subscription/{off}", subscription.ToJsonString())).Status);

        await CreateAsync(Observation(code));
        await CreateAsync(Observation(code));

        Assert.StartsWith("/second/", (await Receiver.NextAsync()).Path);
        Assert.StartsWith("/second/", (await Receiver.NextAsync()).Path);
    }

    [Fact]
    public async Task A_transaction_is_told_of_as_what_it_wrote()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));
        string entry = $$$"""{"resource":{{{Observation(code)}}},"request":{"method":"POST","url":"Observation"}}""";

        Answer answer = await PostAsync("", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{entry}},{{entry}}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        string[] paths = [(await Receiver.NextAsync()).Path, (await Receiver.NextAsync()).Path];
        Assert.All(paths, path => Assert.StartsWith("/hook/Observation/", path));
        Assert.NotEqual(paths[0], paths[1]);
    }
}
