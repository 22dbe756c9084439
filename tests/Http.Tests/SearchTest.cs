using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>
/// What tests of searches share: resources of the class, stored once. In their JSON and in queries <c>{key}</c> stands for an id that no
/// other test uses, <c>{run}</c> for a word; all carry that word as a tag, by which searches are kept to them.
/// </summary>
public abstract partial class SearchTest(FhirServerFixture server) : FhirTest(server), IAsyncLifetime
{
    private static readonly ConcurrentDictionary<Type, Lazy<Task<string>>> Runs = new();

    /// <summary>The word that stands for <c>{run}</c>.</summary>
    protected string RunWord { get; private set; } = "";

    /// <summary>Resources as JSON, each with an id in braces.</summary>
    protected abstract IEnumerable<string> Resources { get; }

    public async ValueTask InitializeAsync() =>
        RunWord = await Runs.GetOrAdd(GetType(), _ => new Lazy<Task<string>>(StoreAllAsync)).Value;

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Text with its braces filled in.</summary>
    protected string Fill(string text) => Fill(text, RunWord);

    /// <summary>The keys of the resources that a search finds, in order.</summary>
    protected async Task<string[]> KeysAsync(string search)
    {
        Answer answer = await SearchAsync(search);
        return KeysOf(answer, "match");
    }

    /// <summary>Searches among the resources of this class.</summary>
    protected async Task<Answer> SearchAsync(string search)
    {
        string path = Fill(search);
        Answer answer = await GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}_tag={RunWord}");
        Assert.True(answer.Status == HttpStatusCode.OK, $"{search}: {(int)answer.Status} {answer.Body}");
        return answer;
    }

    /// <summary>The error of a search that is refused.</summary>
    protected async Task<Answer> RefusedAsync(string search, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        Answer answer = await GetAsync(Fill(search));
        Assert.True(answer.Status == status, $"{search}: {(int)answer.Status} {answer.Body}");
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
        return answer;
    }

    protected string[] KeysOf(Answer answer, string mode) =>
        [.. answer.Entries(mode).Where(resource => resource["id"] is not null).Select(resource => KeyOf((string)resource["id"]!))];

    protected string KeyOf(string id) => id.StartsWith(RunWord + "-", StringComparison.Ordinal) ? id[(RunWord.Length + 1)..] : id;

    /// <summary>Expects the resources of those keys, in any order; they are separated by blanks.</summary>
    protected async Task FindsAsync(string search, string keys)
    {
        string[] found = await KeysAsync(search);
        Assert.True(
            found.Order(StringComparer.Ordinal).SequenceEqual(Words(keys).Order(StringComparer.Ordinal)),
            $"{search} found '{string.Join(' ', found)}' instead of '{keys}'.");
    }

    /// <summary>Expects the resources of those keys in that order.</summary>
    protected async Task FindsInOrderAsync(string search, string keys) => Assert.Equal(Words(keys), await KeysAsync(search));

    protected static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string Fill(string text, string run) =>
        Key().Replace(text.Replace("{run}", run, StringComparison.Ordinal), match => $"{run}-{match.Value[1..^1]}");

    [GeneratedRegex(@"\{[a-zA-Z][a-zA-Z0-9]*\}", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Key();

    private async Task<string> StoreAllAsync()
    {
        string run = Unique("s");
        foreach (string text in Resources)
        {
            JsonNode resource = JsonNode.Parse(Fill(text, run))!;
            resource["meta"] ??= new JsonObject();
            ((JsonArray)(resource["meta"]!["tag"] ??= new JsonArray())).Add((JsonNode)new JsonObject { ["code"] = run });
            await StoreAsync(resource.ToJsonString());
        }

        return run;
    }
}
