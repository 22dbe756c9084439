using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Consent.Tests;

/// <summary>What counts as no more than was asked for.</summary>
public sealed class NarrowingTests
{
    private const string Hospital = "Organization/hospital";

    private static readonly Narrowing Rules = new(ConsentText.Words, organisation => organisation == "Organization/ward" ? Hospital : null);

    private static string Types(params string[] types) =>
        $"\"class\":[{string.Join(',', types.Select(type => ConsentText.Coding("http://hl7.org/fhir/resource-types", type)))}]";

    private static string Label(string code) =>
        $"\"securityLabel\":[{ConsentText.Coding(code.Length == 1 ? Vocabulary.ConfidentialitySystem : Vocabulary.ActCodeSystem, code)}]";

    /// <summary>The form that approving a request makes: a refusal that its permission covers.</summary>
    private static string Additive(string criteria, string further = "") =>
        $$"""{"type":"deny",{{criteria}},"provision":[{"type":"permit"}{{further}}]}""";

    [Theory]
    [InlineData("\"purpose\":[P:TREAT]", "\"purpose\":[P:ETREAT]", null)]
    [InlineData("\"purpose\":[P:ETREAT]", "\"purpose\":[P:TREAT]", "purpose")]
    [InlineData("\"purpose\":[P:TREAT]", "", "purpose")]
    [InlineData("", "\"purpose\":[P:TREAT]", null)]
    [InlineData("T:Observation,Condition", "T:Condition", null)]
    [InlineData("T:Observation", "T:Condition", "class")]
    [InlineData("A:Organization/hospital", "A:Organization/ward", null)]
    [InlineData("A:Organization/ward", "A:Organization/hospital", "actor")]
    [InlineData("A:Organization/hospital", "A:Practitioner/7", "actor")]
    [InlineData("L:N", "L:L", null)]
    [InlineData("L:N", "L:R", "securityLabel")]
    [InlineData("L:SPI", "L:SUD", null)]
    [InlineData("L:R", "L:SUD", null)]
    [InlineData("L:SUD", "L:R", "securityLabel")]
    [InlineData("\"dataPeriod\":{\"start\":\"2020\",\"end\":\"2022\"}", "\"dataPeriod\":{\"start\":\"2021\",\"end\":\"2021\"}", null)]
    [InlineData("\"dataPeriod\":{\"start\":\"2020\",\"end\":\"2022\"}", "\"dataPeriod\":{\"start\":\"2021\"}", "dataPeriod")]
    [InlineData("\"period\":{\"end\":\"2026-12-31\"}", "\"period\":{\"end\":\"2026-06-30\"}", null)]
    [InlineData("\"period\":{\"end\":\"2026-06-30\"}", "\"period\":{\"end\":\"2026-12-31\"}", "period")]
    [InlineData("\"data\":[D:related]", "\"data\":[D:instance]", null)]
    [InlineData("\"data\":[D:instance]", "\"data\":[D:related]", "data")]
    public void A_permission_is_compared_element_by_element(string asked, string agreed, string? wider)
    {
        Check(Whole(asked), Whole(agreed), wider);
        if (asked.Length > 0 && agreed.Length > 0 && !asked.StartsWith("L:", StringComparison.Ordinal) && !asked.Contains("dataPeriod", StringComparison.Ordinal))
        {
            Check(Additive(Written(asked)), Additive(Written(agreed)), wider);
        }

        static string Whole(string criteria) => $$"""{"type":"permit"{{(criteria.Length == 0 ? "" : "," + Written(criteria))}} }""";
    }

    [Fact]
    public void A_refusal_that_was_part_of_the_request_stays()
    {
        string asked = Additive(Types("Observation", "Condition"), $$""",{"type":"deny",{{Label("SUD")}} }""");

        Check(asked, asked, null);
        Check(asked, Additive(Types("Observation"), $$""",{"type":"deny",{{Label("SUD")}} }"""), null);
        Check(asked, Additive(Types("Observation"), $$""",{"type":"deny",{{Label("SPI")}} }"""), null);
        Check(asked, Additive(Types("Observation"), $$""",{"type":"deny",{{Label("R")}} }"""), null);
        Check(asked, Additive(Types("Observation")), "refusal");
        Check(asked, Additive(Types("Observation"), $$""",{"type":"deny",{{Label("PSY")}} }"""), "refusal");
        Check(asked, Additive(Types("Observation"), $$""",{"type":"deny",{{Label("SUD")}},{{Types("Condition")}} }"""), "refusal");
    }

    [Fact]
    public void Other_forms_are_none()
    {
        Assert.NotNull(Narrowing.FaultOf(ConsentText.Of($$"""{"type":"deny",{{Types("Observation")}} }""")));
        Assert.NotNull(Narrowing.FaultOf(ConsentText.Of($$"""{"type":"permit","provision":[{"type":"permit",{{Types("Observation")}} }]}""")));
        Assert.NotNull(Narrowing.FaultOf(ConsentText.Of($$"""{"type":"permit","provision":[{"type":"deny",{{Types("Observation")}},"provision":[{"type":"permit"}]}]}""")));
        Assert.NotNull(Narrowing.FaultOf(ConsentText.Of(null)));
        Assert.NotNull(Narrowing.FaultOf(ConsentText.Of(Additive(Types("Observation")))));

        string actor = $"\"actor\":[{ConsentText.Actor(Hospital)}]";
        Assert.Null(Narrowing.FaultOf(ConsentText.Of($$"""{"type":"permit",{{actor}},"provision":[{"type":"deny",{{Types("Observation")}} }]}""")));
        Assert.Null(Narrowing.FaultOf(ConsentText.Of(Additive(actor))));
    }

    /// <summary>An opt-in would make a refusal of some a permission of all the rest.</summary>
    [Fact]
    public void A_refusal_under_an_opt_in_is_none() => Assert.NotNull(Narrowing.FaultOf(ConsentText.Of(
        Additive(Types("Observation")), """
        "policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]}
        """)));

    /// <summary>The property for which it is there, over random rules, requesters and resources.</summary>
    [Fact]
    public void What_is_not_wider_never_permits_what_was_not_asked_for()
    {
        int seed = Seed.Or(20_261_122);
        var random = new Random(seed);
        int narrower = 0, permitted = 0;
        for (int round = 0; round < 20_000; round++)
        {
            ConsentRules asked = ConsentText.Of(RandomRules(random)), agreed = ConsentText.Of(RandomRules(random));
            if (Rules.WiderIn(agreed, asked) is not null)
            {
                continue;
            }

            narrower++;
            for (int i = 0; i < 12; i++)
            {
                Question question = RandomQuestion(random);
                ElementFacts resource = RandomResource(random);
                if (question.Permits(resource, agreed))
                {
                    permitted++;
                    Assert.True(question.Permits(resource, asked), $"seed {seed}, round {round}");
                }
            }
        }

        Assert.True(narrower > 200 && permitted > 100, $"{narrower} pairs, {permitted} permissions: the generator shows nothing");
    }

    private static void Check(string asked, string agreed, string? wider)
    {
        string? reason = Rules.WiderIn(ConsentText.Of(agreed), ConsentText.Of(asked));
        if (wider is null)
        {
            Assert.Null(reason);
        }
        else
        {
            Assert.Contains(wider, Assert.IsType<string>(reason), StringComparison.Ordinal);
        }
    }

    /// <summary>Criteria in short: T for types, A for an actor, L for a label, P: and D: within.</summary>
    private static string Written(string criteria) => criteria switch
    {
        ['T', ':', ..] => Types(criteria[2..].Split(',')),
        ['A', ':', ..] => $"\"actor\":[{ConsentText.Actor(criteria[2..])}]",
        ['L', ':', ..] => Label(criteria[2..]),
        _ when criteria.Contains("[P:", StringComparison.Ordinal) => $"\"purpose\":[{ConsentText.Purpose(criteria.Split(':')[2].TrimEnd(']'))}]",
        _ when criteria.Contains("[D:", StringComparison.Ordinal) =>
            $"\"data\":[{{\"meaning\":\"{criteria.Split(':')[2].TrimEnd(']')}\",\"reference\":{{\"reference\":\"Encounter/1\"}}}}]",
        _ => criteria,
    };

    private static string RandomRules(Random random)
    {
        string root = RandomCriteria(random, most: 2);
        string[] refusals = [.. Enumerable.Range(0, random.Next(3)).Select(_ => $$"""{"type":"deny"{{RandomCriteria(random, most: 2)}} }""")];
        string permit = $$"""{"type":"permit"{{RandomCriteria(random, most: 1)}} }""";
        return random.Next(2) == 0
            ? $$"""{"type":"permit"{{root}},"provision":[{{string.Join(',', refusals)}}]}""".Replace(",\"provision\":[]", "", StringComparison.Ordinal)
            : $$"""{"type":"deny"{{root}},"provision":[{{string.Join(',', refusals.Prepend(permit))}}]}""";
    }

    private static string RandomCriteria(Random random, int most)
    {
        string[] all =
        [
            Pick(random, Types("Condition"), Types("Observation"), Types("Condition", "Observation")),
            Pick(random, "\"purpose\":[" + ConsentText.Purpose("TREAT") + "]", "\"purpose\":[" + ConsentText.Purpose("ETREAT") + "]"),
            Pick(random, Label("N"), Label("R"), Label("SUD"), Label("SPI"), Label("L")),
            Pick(random, $"\"actor\":[{ConsentText.Actor("Organization/ward")}]", $"\"actor\":[{ConsentText.Actor(Hospital)}]"),
            Pick(random, "\"dataPeriod\":{\"start\":\"2020\"}", "\"dataPeriod\":{\"start\":\"2021\",\"end\":\"2022\"}"),
        ];
        random.Shuffle(all);
        return string.Concat(all[..random.Next(most + 1)].Select(criterion => "," + criterion));
    }

    private static Question RandomQuestion(Random random) => ConsentText.Treating with
    {
        Actors = new HashSet<string>(Pick<string[]>(random, ["Organization/ward", Hospital], [Hospital], ["Organization/ward", Hospital, "Practitioner/dr"])),
        Purposes = Pick<ConsentCode[]>(random, [Vocabulary.Treatment], [new(Vocabulary.ActReasonSystem, "ETREAT")], []),
    };

    private static ElementFacts RandomResource(Random random)
    {
        string label = Pick(random, "", "N", "R", "L", "SUD", "ETHUD", "PSY");
        string meta = label.Length == 0 ? "" : "," + Label(label).Replace("securityLabel", "security", StringComparison.Ordinal);
        string date = Pick(random, "", ",\"recordedDate\":\"2020-05-01\"", ",\"recordedDate\":\"2021-05-01\"");
        return ConsentText.Resource(Pick(
            random,
            $$"""{"resourceType":"Condition","id":"k","meta":{"versionId":"1"{{meta}} },"subject":{"reference":"Patient/p"}{{date}} }""",
            $$"""{"resourceType":"Observation","id":"k","meta":{"versionId":"1"{{meta}} },"subject":{"reference":"Patient/p"}{{date.Replace("recordedDate", "effectiveDateTime", StringComparison.Ordinal)}} }"""));
    }

    private static T Pick<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];
}
