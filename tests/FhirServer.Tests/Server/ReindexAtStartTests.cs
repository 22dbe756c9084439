using System.Net;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Server;

/// <summary>A database that a program with other search parameters left behind.</summary>
public sealed class ReindexAtStartTests : IDisposable
{
    private static readonly SearchParameter Other = new()
    {
        Url = "http://x.org/other",
        Name = "other",
        Code = "other",
        Bases = ["Patient"],
        Type = SearchParameterType.Token,
        Expression = "Patient.maritalStatus",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_index_is_up_to_date_before_anything_is_answered()
    {
        var options = new ServerOptions { Data = _folder.FullName };
        var before = new SearchParameterSet(DefinitionSet.R4.With([new DefinitionList([Other])]));
        await using (Stores stores = await Stores.OpenAsync(options, before, TimeProvider.System, Cancel))
        {
            Element patient = FhirJson.Read(Encoding.UTF8.GetBytes("""{"resourceType":"Patient","id":"p","birthDate":"1980-02-03"}""")).Root;
            await stores.Resources.CommitAsync(AccessScope.System("test"), new Transaction([new Put(new ResourceKey("Patient", "p"), patient)], []), Cancel);
        }

        await using var server = new ServerFactory { Settings = { ["HealthChain:Data"] = _folder.FullName } };
        HttpResponseMessage answer = await server.CreateClient().GetAsync(new Uri("/fhir/Patient?birthdate=1980-02-03", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"total\":1", (await answer.Content.ReadAsStringAsync(Cancel)).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.False(server.Services.GetRequiredService<Stores>().Resources.NeedsReindexing);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
