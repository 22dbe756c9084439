using System.Text;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Redaction;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>Which references may say in words too much.</summary>
public sealed class ReferenceDisplaysTests
{
    [Theory]
    [InlineData("Patient/1", true)]
    [InlineData("Patient\\/1", true)]
    [InlineData("https://here.example/fhir/Patient/1", true)]
    [InlineData("https://here.example/fhir", false)]
    [InlineData("https://here.example/fhirs/Patient/1", false)]
    [InlineData("https://elsewhere.example/fhir/Patient/1", false)]
    [InlineData("", false)]
    public void A_reference_to_this_server_is_looked_at(string reference, bool isLookedAt)
    {
        var displays = new ReferenceDisplays(null!, new ClosedScope("nobody"), "https://here.example/fhir");

        Assert.Equal(isLookedAt, displays.MayConcern(Encoding.UTF8.GetBytes($$"""{"reference":"{{reference}}","display":"somebody"}""")));
        Assert.False(displays.MayConcern(Encoding.UTF8.GetBytes($$"""{"reference":"{{reference}}"}""")));
    }
}
