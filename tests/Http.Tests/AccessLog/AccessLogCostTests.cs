using HealthChain.Fhir;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Server;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>Tests that count what the whole process allocates, and so run when no other does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What a record costs in memory, which is the same on every machine; benchmarks/Load tells the time.</summary>
[Collection(nameof(Alone))]
public sealed class AccessLogCostTests(ITestOutputHelper output)
{
    /// <summary>Of the record itself, of waiting for it and of writing it.</summary>
    private const int MostBytes = 2048;

    [Fact]
    public async Task The_record_of_a_read_takes_little_memory()
    {
        double logged = await BytesOfReadAsync(hasLog: true);
        double silent = await BytesOfReadAsync(hasLog: false);

        output.WriteLine($"A read allocates {logged:F0} bytes with its record and {silent:F0} without.");
        Assert.InRange(logged - silent, 0, MostBytes);
    }

    private static async Task<double> BytesOfReadAsync(bool hasLog)
    {
        const int AtOnce = 64;
        const int Rounds = 20;
        var server = new FhirServerFixture(new ServerOptions { Development = true, AccessLog = hasLog });
        await server.InitializeAsync();
        try
        {
            await server.StoreAsync("Patient", "p", """{"resourceType":"Patient","id":"p"}""");
            FhirService service = server.Services.GetRequiredService<FhirService>();
            var requester = new Requester("test", new OpenScope("test"));
            Task<Result<FhirResponse>>[] running = new Task<Result<FhirResponse>>[AtOnce];
            long before = 0;
            for (int round = -Rounds; round < Rounds; round++)
            {
                if (round == 0)
                {
                    before = GC.GetTotalAllocatedBytes(precise: true);
                }

                for (int i = 0; i < AtOnce; i++)
                {
                    var request = new FhirRequest { Verb = HttpVerb.Get, Target = RequestTarget.Read("Patient/p")!.Value, Requester = requester, BaseUrl = "http://localhost/fhir" };
                    running[i] = service.AnswerAsync(request, TestContext.Current.CancellationToken).AsTask();
                }

                await Task.WhenAll(running);
            }

            return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)(AtOnce * Rounds);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
