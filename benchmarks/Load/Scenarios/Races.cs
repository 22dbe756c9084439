using System.Text;
using HealthChain.Load.Http;

namespace HealthChain.Load.Scenarios;

/// <summary>Checks, not figures: what must hold when many clients want the same at once.</summary>
internal static class Races
{
    /// <summary>
    /// Optimistic locking: https://hl7.org/fhir/R4/http.html#concurrency. All clients update the same version at once, then the next: each
    /// time one wins and the others learn that they lost.
    /// </summary>
    public static async Task UpdateAsync(Bench bench)
    {
        const int Versions = 10;
        using var crowd = await Crowd.GatherAsync(bench.Server, bench.Options.Connections ?? 1000);
        var created = await crowd.OneAsync(Requests.WithBody("PUT", "/fhir/Basic/race", Basic("race", writer: 0)));
        UnexpectedAnswerException.Unless(created.Status == 201, "201", created);
        for (var version = 1; version <= Versions; version++)
        {
            var answers = await crowd.AllAsync(writer => Requests.WithBody("PUT", "/fhir/Basic/race", Basic("race", writer), $"If-Match: W/\"{version}\"\r\n"));
            Expect(answers.Count(answer => answer.Status == 200) == 1, $"one winner of version {version}", answers);
            Expect(answers.Count(answer => answer.Status == 412) == answers.Count - 1, "412 for all others", answers);
            var winner = answers.FindIndex(answer => answer.Status == 200);
            var current = await crowd.OneAsync(Encoding.UTF8.GetBytes(Requests.Get("/fhir/Basic/race")));
            UnexpectedAnswerException.Unless(
                current.Header("ETag"u8).SequenceEqual(Encoding.UTF8.GetBytes($"W/\"{version + 1}\"")) && current.Count(Encoding.UTF8.GetBytes($"\"writer-{winner}\"")) == 1,
                $"version {version + 1} by writer {winner}",
                current);
        }

        bench.Table.Say($"update: {crowd.Count} parallel updates with If-Match, {Versions} versions: one winner each, 412 for the others.");
    }

    /// <summary>https://hl7.org/fhir/R4/http.html#ccreate</summary>
    public static async Task ConditionalAsync(Bench bench)
    {
        const int Identifiers = 200;
        using var crowd = await Crowd.GatherAsync(bench.Server, bench.Options.Connections ?? 50);
        for (var number = 0; number < Identifiers; number++)
        {
            var identifier = $"http://example.org/races|R{number}";
            var body = Encoding.UTF8.GetBytes($$$"""{"resourceType":"Basic","identifier":[{"system":"http://example.org/races","value":"R{{{number}}}"}],"code":{"text":"race"}}""");
            var request = Requests.WithBody("POST", "/fhir/Basic", body, $"If-None-Exist: identifier={identifier}\r\n");
            var answers = await crowd.AllAsync(_ => request);
            Expect(answers.Count(answer => answer.Status == 201) == 1, $"one creation of {identifier}", answers);
            Expect(answers.Count(answer => answer.Status == 200) == answers.Count - 1, "200 for all others", answers);
            var found = await crowd.OneAsync(Encoding.UTF8.GetBytes(Requests.Get($"/fhir/Basic?identifier={Uri.EscapeDataString(identifier)}")));
            UnexpectedAnswerException.Unless(found.Status == 200 && found.Count("\"fullUrl\":"u8) == 1, "one resource", found);
        }

        bench.Table.Say($"conditional: {crowd.Count} parallel conditional creates of each of {Identifiers} identifiers: one resource each.");
    }

    private static byte[] Basic(string id, int writer) =>
        Encoding.UTF8.GetBytes($$$"""{"resourceType":"Basic","id":"{{{id}}}","code":{"text":"writer-{{{writer}}}"}}""");

    private static void Expect(bool condition, string expected, List<Response> answers)
    {
        if (!condition)
        {
            var statuses = string.Join(", ", answers.CountBy(answer => answer.Status).Select(pair => $"{pair.Value} × {pair.Key}"));
            var odd = answers.Find(answer => answer.Status is not (200 or 201 or 412));
            throw new UnexpectedAnswerException($"expected {expected}; the answers were {statuses}\n{(odd.Status == 0 ? "" : odd.Excerpt())}");
        }
    }
}

/// <summary>Connections that are open and send at the same moment.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly List<Connection> _connections = [];

    public int Count => _connections.Count;

    public static async Task<Crowd> GatherAsync(ServerChild server, int count)
    {
        var crowd = new Crowd();
        for (var i = 0; i < count; i++)
        {
            crowd._connections.Add(await Connection.OpenAsync(server.Address));
        }

        return crowd;
    }

    public async Task<List<Response>> AllAsync(Func<int, byte[]> request) =>
        [.. await Task.WhenAll(_connections.Select((connection, number) => connection.ExchangeAsync(request(number)).AsTask()))];

    public Task<Response> OneAsync(byte[] request) => _connections[0].ExchangeAsync(request).AsTask();

    public void Dispose() => _connections.ForEach(connection => connection.Dispose());
}
