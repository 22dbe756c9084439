using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#paging and https://hl7.org/fhir/R4/search.html#count</summary>
public sealed class PagingTests(FhirServerFixture server) : FhirTest(server)
{
    internal static string? Link(Answer answer, string relation) =>
        (string?)((JsonArray?)answer.Json["link"])?.FirstOrDefault(link => (string?)link!["relation"] == relation)?["url"];

    private async Task<(string Tag, string[] Ids)> StoreAsync(int count)
    {
        string tag = Unique("page");
        string[] ids = [.. Enumerable.Range(10, count).Select(number => $"{tag}-{number}")];
        foreach (string id in ids)
        {
            await StoreAsync(Patient(id, tag));
        }

        return (tag, ids);
    }

    private static string Patient(string id, string tag, string family = "Page") =>
        $$"""{"resourceType":"Patient","id":"{{id}}","meta":{"tag":[{"code":"{{tag}}"}]},"name":[{"family":"{{family}}"}]}""";

    private static string[] Ids(Answer answer) => [.. answer.Entries("match").Select(resource => (string)resource["id"]!)];

    private async Task<List<string[]>> WalkAsync(string path, string relation = "next")
    {
        var pages = new List<string[]>();
        string? next = path;
        while (next is not null)
        {
            Answer page = await GetAsync(next);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            pages.Add(Ids(page));
            next = Link(page, relation);
            Assert.True(pages.Count < 100, "The pages do not end.");
        }

        return pages;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Pages_hold_each_match_once(int count)
    {
        (string tag, string[] ids) = await StoreAsync(7);

        List<string[]> pages = await WalkAsync($"Patient?_tag={tag}&_count={count}");

        Assert.Equal(ids, pages.SelectMany(page => page));
        Assert.All(pages.SkipLast(1), page => Assert.Equal(count, page.Length));
    }

    [Fact]
    public async Task A_page_has_twenty_matches_unless_said_otherwise()
    {
        (string tag, _) = await StoreAsync(21);

        List<string[]> pages = await WalkAsync($"Patient?_tag={tag}");

        Assert.Equal([20, 1], pages.Select(page => page.Length));
    }

    [Fact]
    public async Task All_that_fits_on_one_page_has_no_further_links()
    {
        (string tag, _) = await StoreAsync(2);

        Answer answer = await GetAsync($"Patient?_tag={tag}&_count=2");

        Assert.Equal($"{Base}Patient?_tag={tag}&_count=2", Link(answer, "self"));
        Assert.Null(Link(answer, "next"));
        Assert.Null(Link(answer, "previous"));
    }

    [Fact]
    public async Task One_can_go_back_to_the_first_page()
    {
        (string tag, string[] ids) = await StoreAsync(6);
        Answer first = await GetAsync($"Patient?_tag={tag}&_count=2");
        Answer second = await GetAsync(Link(first, "next")!);
        Answer third = await GetAsync(Link(second, "next")!);

        Assert.Null(Link(first, "previous"));
        Assert.Equal(ids[4..], Ids(third));
        Assert.Equal(ids[2..4], Ids(await GetAsync(Link(third, "previous")!)));
        Assert.Equal(ids[..2], Ids(await GetAsync(Link(second, "previous")!)));
        Assert.Equal(ids[..2], Ids(await GetAsync(Link(third, "first")!)));
    }

    [Fact]
    public async Task Going_back_ends_after_some_pages_and_never_at_a_wrong_one()
    {
        (string tag, string[] ids) = await StoreAsync(25);
        Answer page = await GetAsync($"Patient?_tag={tag}&_count=1");
        while (Link(page, "next") is { } next)
        {
            page = await GetAsync(next);
        }

        var back = new List<string>();
        while (true)
        {
            back.AddRange(Ids(page));
            if (Link(page, "previous") is not { } previous)
            {
                break;
            }

            page = await GetAsync(previous);
        }

        Assert.Equal(ids.Reverse().Take(back.Count), back);
        Assert.InRange(back.Count, 10, 25);
    }

    [Fact]
    public async Task The_total_is_that_of_all_pages()
    {
        (string tag, _) = await StoreAsync(5);
        Answer first = await GetAsync($"Patient?_tag={tag}&_count=2");

        Assert.Equal(5, (int)first.Json["total"]!);
        Assert.Equal(5, (int)(await GetAsync(Link(first, "next")!)).Json["total"]!);
    }

    [Fact]
    public async Task What_is_created_meanwhile_does_not_appear()
    {
        (string tag, string[] ids) = await StoreAsync(4);
        Answer first = await GetAsync($"Patient?_tag={tag}&_count=2");
        await StoreAsync(Patient($"{tag}-99", tag));

        Answer second = await GetAsync(Link(first, "next")!);

        Assert.Equal(ids[2..], Ids(second));
        Assert.Null(Link(second, "next"));
    }

    [Fact]
    public async Task A_deletion_meanwhile_makes_no_other_match_disappear()
    {
        (string tag, string[] ids) = await StoreAsync(6);
        Answer first = await GetAsync($"Patient?_tag={tag}&_count=2");
        await RemoveAsync("Patient", ids[0]);
        await RemoveAsync("Patient", ids[1]);
        await RemoveAsync("Patient", ids[3]);

        List<string[]> rest = await WalkAsync(Link(first, "next")!);

        Assert.Equal([ids[2], ids[4], ids[5]], rest.SelectMany(page => page));
    }

    [Fact]
    public async Task An_update_of_the_last_match_of_a_page_moves_nothing()
    {
        (string tag, string[] ids) = await StoreAsync(4);
        Answer first = await GetAsync($"Patient?_tag={tag}&_count=2&_sort=family");
        await StoreAsync(Patient(ids[1], tag, "Zzz"));

        Answer second = await GetAsync(Link(first, "next")!);

        Assert.Equal(ids[2], Ids(second)[0]);
        Assert.Contains(ids[3], Ids(second));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_cursor_that_was_made_up_is_refused(string cursor)
    {
        Answer answer = await GetAsync($"Patient?_cursor={cursor}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("_cursor", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_is_good_for_its_own_search_only()
    {
        (string tag, _) = await StoreAsync(3);
        string next = Link(await GetAsync($"Patient?_tag={tag}&_count=1"), "next")!;
        string cursor = next[(next.IndexOf("_cursor=", StringComparison.Ordinal) + 8)..];
        char last = cursor[^1] == 'A' ? 'E' : 'A';

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient?_tag={tag}&_count=1&_cursor={cursor}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync($"Patient?_tag={tag}&_count=1&_cursor={cursor[..^1]}{last}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync($"Patient?_tag={tag}x&_count=1&_cursor={cursor}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync($"Observation?_tag={tag}&_count=1&_cursor={cursor}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync($"Patient/_history?_cursor={cursor}")).Status);
    }

    [Fact]
    public async Task Links_keep_the_form_that_was_asked_for()
    {
        (string tag, _) = await StoreAsync(3);

        Answer answer = await GetAsync($"Patient?_tag={tag}&_count=1&_format=json&_pretty=true");

        Assert.Contains("_format=json", Link(answer, "next"), StringComparison.Ordinal);
        Assert.Contains("_pretty=true", Link(answer, "next"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("_count=abc")]
    [InlineData("_count=-1")]
    [InlineData("_count=1.5")]
    [InlineData("_count=1&_count=2")]
    public async Task A_faulty_count_is_refused(string query)
    {
        Answer answer = await GetAsync("Patient?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("_count", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_is_never_longer_than_the_server_allows()
    {
        await StoreAsync(1);
        Answer answer = await GetAsync("Patient?_count=999999999999");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.InRange(Ids(answer).Length, 1, 1000);
    }

    [Fact]
    public async Task Links_of_a_search_by_post_work_by_get()
    {
        (string tag, string[] ids) = await StoreAsync(3);
        Answer first = await SendAsync(HttpMethod.Post, "Patient/_search", $"_tag={tag}&_count=2", ("Content-Type", "application/x-www-form-urlencoded"));

        Assert.Equal(ids[2..], Ids(await GetAsync(Link(first, "next")!)));
    }

    [Fact]
    public async Task Pages_can_be_had_by_post_alone()
    {
        (string tag, string[] ids) = await StoreAsync(3);
        Answer first = await SendAsync(HttpMethod.Post, "Patient/_search", $"_tag={tag}&_count=2", ("Content-Type", "application/x-www-form-urlencoded"));
        string next = Link(first, "next")!;

        Answer second = await SendAsync(HttpMethod.Post, "Patient/_search", next[(next.IndexOf('?', StringComparison.Ordinal) + 1)..], ("Content-Type", "application/x-www-form-urlencoded"));

        Assert.Equal(ids[2..], Ids(second));
    }
}
