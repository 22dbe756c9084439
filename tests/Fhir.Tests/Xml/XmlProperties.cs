using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using HealthChain.RoundTrip;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Xml;

public class XmlProperties
{
    private static readonly Config Config = RandomCases.Of(400);

    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    [Fact]
    public void Any_resource_goes_through_the_model_unchanged() =>
        Check.One(Config, Prop.ForAll(Seeds, seed => AssertUnchanged(seed, json => RoundTripCheck.ThroughModel(json))));

    [Fact]
    public void Any_resource_goes_through_xml_unchanged() =>
        Check.One(Config, Prop.ForAll(Seeds, seed => AssertUnchanged(seed, json => RoundTripCheck.ThroughXml(json))));

    [Fact]
    public void Xml_is_written_the_same_way_again_after_reading() => Check.One(Config, Prop.ForAll(Seeds, seed =>
    {
        byte[] xml = Write(new RandomResource(new Random(seed)).Next());

        Assert.Equal(Encoding.UTF8.GetString(xml), Encoding.UTF8.GetString(FhirXml.ToBytes(FhirXml.Read(xml).Root).Value));
    }));

    [Fact]
    public void A_fault_anywhere_gives_issues_with_a_place_and_no_exception() => Check.One(Config, Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        byte[] xml = Write(new RandomResource(random).Next());
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            xml[random.Next(xml.Length)] = (byte)"<>/\"= aZ&;1\n!?"[random.Next(14)];
        }

        ReadResult result = FhirXml.Read(xml);

        Assert.All(result.Issues, issue => Assert.True(issue.Position is { Line: > 0, Column: > 0 }, issue.ToString()));
        Assert.True(result.IsOk || result.Issues.Count > 0);
    }));

    [Fact]
    public void Noise_gives_an_issue_and_no_exception() => Check.One(Config, Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        byte[] noise = new byte[random.Next(0, 200)];
        random.NextBytes(noise);

        Assert.False(FhirXml.Read(noise).IsOk);
    }));

    private static void AssertUnchanged(int seed, Func<byte[], string?> difference)
    {
        byte[] json = new RandomResource(new Random(seed)).Next();
        string? found = difference(json);
        Assert.True(found is null, $"{found} in {Encoding.UTF8.GetString(json)}");
    }

    private static byte[] Write(byte[] json) => FhirXml.ToBytes(FhirJson.Read(json).Root).Value;
}
