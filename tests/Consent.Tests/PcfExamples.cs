using HealthChain.Fhir.Model;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>
/// The examples of IHE's Privacy Consent on FHIR, where they are: what each lets a practitioner see of two observations, a normal one of 2020 and a restricted
/// one of 2022 about alcohol.
/// </summary>
public sealed class PcfExamples
{
    private const string Normal = "Observation-ex-bloodSugar";
    private const string Restricted = "Observation-ex-alcoholUse";

    [Theory]
    [InlineData("basic-treat", "TREAT", true, true)]
    [InlineData("basic-treat", "HRESCH", false, false)]
    [InlineData("basic-treat-infant", "TREAT", true, true)]
    [InlineData("basic-ink", "HPAYMT", true, true)]
    [InlineData("basic-reject", "TREAT", false, false)]
    [InlineData("basic-research", "TREAT", false, false)]
    [InlineData("basic-research", "HRESCH", true, true)]
    [InlineData("expired-treat", "TREAT", false, false)]
    [InlineData("advanced-normal", "TREAT", true, false)]
    [InlineData("advanced-normal-restricted", "TREAT", true, true)]
    [InlineData("advanced-normal-not-restricted", "TREAT", true, false)]
    [InlineData("advanced-normal-focused-restricted", "TREAT", true, true)]
    [InlineData("advanced-normal-focused-psy", "TREAT", true, false)]
    [InlineData("advanced-normal-focused-psy-or-sdv", "TREAT", true, false)]
    [InlineData("advanced-normal-break-glass-restricted", "TREAT", true, false)]
    [InlineData("advanced-normal-break-glass-restricted", "BTG", true, true)]
    [InlineData("intermediate-authoredby", "TREAT", false, false)]
    [InlineData("intermediate-not-authoredby", "TREAT", true, true)]
    [InlineData("intermediate-data", "TREAT", true, true)]
    [InlineData("intermediate-not-data", "TREAT", true, false)]
    [InlineData("intermediate-encounter", "TREAT", true, true)]
    [InlineData("intermediate-not-encounter", "TREAT", false, false)]
    [InlineData("intermediate-timeframe", "TREAT", false, true)]
    [InlineData("intermediate-not-timeframe", "TREAT", true, false)]
    public void Examples_let_see(string example, string purpose, bool seesNormal, bool seesRestricted)
    {
        ConsentRules consent = ConsentRules.Read(Load("Consent-ex-consent-" + example), Words);

        Assert.Null(consent.Fault);
        Assert.Equal((seesNormal, seesRestricted), Seen(consent, purpose));
    }

    [Theory]
    [InlineData("TREAT", false)]
    [InlineData("BTG", true)]
    public void Only_who_breaks_the_glass_passes_a_dissent(string purpose, bool isPermitted) =>
        Assert.Equal((isPermitted, isPermitted), Seen(ConsentRules.Read(Load("Consent-ex-dissent-intermediate-break-glass"), Words), purpose));

    private static (bool Normal, bool Restricted) Seen(ConsentRules consent, string purpose)
    {
        Question question = Treating with
        {
            Actors = new HashSet<string> { "Practitioner/ex-practitioner", "Group/ex-privilegedUsers" },
            Person = "Practitioner/ex-practitioner",
            Purposes = [new ConsentCode(Vocabulary.ActReasonSystem, purpose)],
            MayBreakGlass = true,
            DeclaresBreakGlass = true,
        };
        return (question.Permits(new ElementFacts(Load(Normal), Words), consent), question.Permits(new ElementFacts(Load(Restricted), Words), consent));
    }

    private static Element Load(string name)
    {
        Assert.SkipUnless(Repository.Shared is not null, "The examples are not there.");
        return FhirJson.Read(File.ReadAllBytes(Path.Combine(Repository.Shared!, "data", "consent-fixtures", "ihe-pcf", name + ".json"))).Root;
    }
}
