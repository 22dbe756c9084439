using System.Formats.Tar;
using System.IO.Compression;
using HealthChain.Fhir.Model;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>
/// The examples of https://hl7.org/fhir/R4/consent-examples.html. The specification lets no root rule have a type; so a root that has conditions, but no type, does
/// not say whether it permits, and those examples are closed.
/// </summary>
public sealed class SpecificationExamples
{
    [Theory]
    [InlineData("basic")]
    [InlineData("notOrg")]
    [InlineData("notTime")]
    [InlineData("smartonfhir")]
    public void Can_be_followed(string example) => Assert.Null(Load(example).Fault);

    [Theory]
    [InlineData("Emergency")]
    [InlineData("Out")]
    [InlineData("grantor")]
    [InlineData("notAuthor")]
    [InlineData("notThem")]
    [InlineData("notThis")]
    [InlineData("pkb")]
    [InlineData("signature")]
    public void With_conditions_but_no_type_are_closed(string example)
    {
        ConsentRules consent = Load(example);

        Assert.NotNull(consent.Fault);
        Assert.True((Treating with { Time = At("2015-12-01T00:00:00Z") }).Withholds(Condition(), consent));
    }

    [Theory]
    [InlineData("2015-12-31T23:59:59Z", true)]
    [InlineData("2016-01-01T23:59:59Z", true)]
    [InlineData("2016-01-02T00:00:00Z", false)]
    public void Opting_in_for_some_years_ends_with_them(string time, bool isPermitted) =>
        Assert.Equal(isPermitted, (Treating with { Time = At(time) }).Permits(Condition(), Load("basic")));

    [Theory]
    [InlineData("2016-06-23T07:02:32Z", false, false)]
    [InlineData("2016-06-23T07:02:33Z", true, false)]
    [InlineData("2016-06-23T07:32:33Z", true, false)]
    [InlineData("2016-06-23T07:32:34Z", false, false)]
    public void An_app_gets_prescriptions_for_half_an_hour(string time, bool seesPrescriptions, bool seesConditions)
    {
        Question question = Treating with { Time = At(time) };
        ElementFacts prescription = Resource("""{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/p"}}""");

        Assert.Equal((seesPrescriptions, seesConditions), (question.Permits(prescription, Load("smartonfhir")), question.Permits(Condition(), Load("smartonfhir"))));
    }

    [Theory]
    [InlineData("Organization/f001", "access", false)]
    [InlineData("Organization/f001", "correct", false)]
    [InlineData("Organization/f001", "collect", true)]
    [InlineData("Organization/other", "access", true)]
    public void One_organisation_is_kept_out(string organisation, string action, bool isPermitted) =>
        Assert.Equal(isPermitted, (Treating with { Actors = new HashSet<string> { Clinician, organisation }, Action = action }).Permits(Condition(), Load("notOrg")));

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

    private static ConsentRules Load(string example)
    {
        string archive = Directory.GetFiles(Repository.PathOf("artifacts/npm"), "hl7.fhir.r4.examples-*.tgz").Single();
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name.EndsWith($"/Consent-consent-example-{example}.json", StringComparison.Ordinal))
            {
                byte[] json = new byte[entry.Length];
                entry.DataStream!.ReadExactly(json);
                return ConsentRules.Read(FhirJson.Read(json).Root, Words);
            }
        }

        throw new FileNotFoundException(example);
    }
}
