using System.Text;
using HealthChain.Load.Data;
using HealthChain.Load.Http;

namespace HealthChain.Load.Scenarios;

/// <summary>What Subscriptions cost those who write: creates on a server with many Subscriptions on what is created, and on one without, which take turns.</summary>
internal static class Notifying
{
    private const int Subscriptions = 1_000;

    /// <summary>Of so many, one is found by what is created, and has to be tried.</summary>
    private const int Tried = 10;

    public static async Task RunAsync(Bench bench)
    {
        await using var without = await Bench.StartAsync(bench.Options, bench.Table);
        var resources = bench.Options.Resources ?? 20_000;
        await bench.LoadAsync(resources);
        await without.LoadAsync(resources);
        await SubscribeAsync(bench);
        var connections = bench.Options.Connections ?? 32;
        await bench.CompareAsync(
            $"create: {Subscriptions} Subscriptions", new Creates(bench.Clinic, bench.Patients), without, "create: none", new Creates(without.Clinic, without.Patients), connections);
    }

    /// <summary>Most name a patient; the others the code of what is created, and a value that nothing has.</summary>
    private static async Task SubscribeAsync(Bench bench)
    {
        using var connection = await Connection.OpenAsync(bench.Server.Address);
        for (var number = 0; number < Subscriptions; number++)
        {
            var criteria = number % Tried == 0 ? $"Observation?code={Clinic.CodeToken(number % Clinic.Codes)}&value-quantity=gt{100_000_000 + number}" : $"Observation?patient=Patient/nobody-{number}";
            var subscription = $$$"""{"resourceType":"Subscription","status":"requested","reason":"load","criteria":"{{{criteria}}}","channel":{"type":"websocket"}}""";
            var response = await connection.ExchangeAsync(Requests.WithBody("POST", "/fhir/Subscription", Encoding.UTF8.GetBytes(subscription)));
            UnexpectedAnswerException.Unless(response.Status == 201, "201 for a Subscription", response);
        }
    }
}
