using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using HealthChain.Storage.ContractTests;

namespace HealthChain.Http.Tests.Consents;

/// <summary>A server over the store of a world, asked over real HTTP.</summary>
internal sealed class WorldServer : IAsyncDisposable
{
    /// <summary>Pages of one answer that are followed.</summary>
    private const int MostPages = 25;

    private readonly FhirServerFixture _server;
    private readonly TestClock _clock;
    private readonly Answers _answers;
    private readonly Dictionary<Asker, HttpClient> _clients = [];
    private readonly VersionNumbers _numbers;

    private WorldServer(FhirServerFixture server, TestClock clock, VersionNumbers numbers)
    {
        _server = server;
        _clock = clock;
        _numbers = numbers;
        _answers = new Answers(server.Base, numbers);
    }

    public static Task<WorldServer> StartAsync(World world) => StartAsync(world, world, world);

    /// <param name="world">What the store holds.</param>
    /// <param name="whole">The world of which it is a part, by which versions are numbered.</param>
    /// <param name="other">The part with whose answers its answers are compared.</param>
    /// <param name="around">Laid around the store.</param>
    public static async Task<WorldServer> StartAsync(World world, World whole, World other, Func<IResourceStore, IResourceStore>? around = null)
    {
        var clock = new TestClock();
        var server = new FhirServerFixture(new ServerOptions
        {
            BaseUrl = World.Base,
            Validation = ValidationLevel.Structure,
            ConsentPolicy = world.Policy,
            AccessLog = world.Seed % 4 == 0,
            Tokens = [.. whole.Askers.Select(TokenOf).DistinctBy(token => token.Token)],
        })
        {
            Time = clock,
            Around = around ?? (static store => store),
            Fill = store => FillAsync(store, world, clock),
        };
        await server.InitializeAsync();
        return new WorldServer(server, clock, new VersionNumbers(world, whole, other));
    }

    /// <summary>Lets time pass.</summary>
    public void Wait(TimeSpan time) => _clock.Move(time);

    /// <summary>What is answered, page after page, without what two servers cannot have in common.</summary>
    public async Task<string> AskAsync(Asker asker, Query query)
    {
        Query sent = query.Numbered(_numbers.Here);
        var text = new StringBuilder();
        for (int page = 0; page < MostPages && sent is not null; page++)
        {
            Answer answer = await SendAsync(asker, sent);
            text.Append(_answers.Normal(sent, answer)).Append('\n');
            sent = NextOf(answer) is { } next ? new Query("GET", next) : null!;
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients.Values)
        {
            client.Dispose();
        }

        await _server.DisposeAsync();
    }

    private static TokenOptions TokenOf(Asker asker) =>
        new()
        {
            Token = asker.Token,
            Name = asker.Name,
            Role = asker.Role,
            FhirUser = asker.FhirUser,
            Organisation = asker.Organisation,
            Purpose = asker.Purpose,
            MayBreakGlass = asker.MayBreakGlass,
        };

    private static async Task FillAsync(IResourceStore store, World world, TestClock clock)
    {
        // A commit writes a resource once.
        foreach (Step[] commit in world.Steps.GroupBy(step => step.Instant).Select(steps => steps.ToArray()))
        {
            clock.Move(world.TimeOf(commit[0].Instant) - clock.GetUtcNow());
            Write[] writes = [.. commit.Select(step => step.IsDeletion
                ? new Delete(new ResourceKey(step.Type, step.Id))
                : (Write)new Put(new ResourceKey(step.Type, step.Id), FhirJson.Read(Encoding.UTF8.GetBytes(step.Json.ToJsonString())).Root))];
            _ = (await store.CommitAsync(AccessScope.System("tests"), new Transaction(writes, []), default)).Value;
        }

        clock.Move(world.Now - clock.GetUtcNow());
    }

    private async Task<HttpClient> ClientOfAsync(Asker asker)
    {
        if (!_clients.TryGetValue(asker, out HttpClient? client))
        {
            client = new HttpClient { BaseAddress = _server.Base };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", asker.Token);
            _clients.Add(asker, client);
            if (asker.Emergency is var (reason, patient) && await BreakGlassAsync(client, reason, patient) is { } token)
            {
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }
        }

        return client;
    }

    /// <summary>The token for an emergency; null when it is refused.</summary>
    private static async Task<string?> BreakGlassAsync(HttpClient client, string reason, string patient)
    {
        var parameters = new JsonObject
        {
            ["resourceType"] = "Parameters",
            ["parameter"] = new JsonArray(
                new JsonObject { ["name"] = "patient", ["valueReference"] = new JsonObject { ["reference"] = $"Patient/{patient}" } },
                new JsonObject { ["name"] = "reason", ["valueString"] = reason }),
        };
        using var body = new StringContent(parameters.ToJsonString(), Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage response = await client.PostAsync("$break-glass", body);
        return response.IsSuccessStatusCode
            ? (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["parameter"]!.AsArray().Single(parameter => (string)parameter!["name"]! == "access_token")!["valueString"]!
            : null;
    }

    /// <summary>What is answered, as it came.</summary>
    public async Task<Answer> SendAsync(Asker asker, Query query)
    {
        using var request = new HttpRequestMessage(new HttpMethod(query.Method), query.Url);
        if (query.Body is not null)
        {
            request.Content = new StringContent(query.Body, Encoding.UTF8, query.MediaType);
        }

        foreach ((string name, string value) in query.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await (await ClientOfAsync(asker)).SendAsync(request);
        return new Answer(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>What follows the answer, relative to the FHIR base; null for nothing.</summary>
    public static string? NextOf(Answer answer) =>
        Answers.JsonOf(answer) is JsonObject bundle && bundle["link"] is JsonArray links && (string?)links.FirstOrDefault(link => (string?)link!["relation"] == "next")?["url"] is { } next
            ? next[(World.Base.Length + 1)..]
            : null;
}
