using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

public sealed class CapabilitiesTests(FhirServerFixture server) : FhirTest(server)
{
    [Theory]
    [InlineData("metadata")]
    [InlineData("metadata?_format=json")]
    public async Task Metadata_is_a_capability_statement_of_R4(string path)
    {
        Answer answer = await GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("CapabilityStatement", (string?)answer.Json["resourceType"]);
        Assert.Equal("4.0.1", (string?)answer.Json["fhirVersion"]);
    }

    [Fact]
    public async Task An_absent_resource_is_not_found()
    {
        Answer answer = await GetAsync("Patient/" + Unique());

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal(["not-found"], answer.IssueCodes);
    }
}
