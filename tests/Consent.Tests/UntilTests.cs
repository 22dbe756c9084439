using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>A decision tells from when on it may be another by time alone.</summary>
public sealed class UntilTests
{
    [Theory]
    [InlineData("""{"type":"permit"}""", null)]
    [InlineData("""{"type":"permit","period":{"end":"2026-06-30"}}""", "2026-07-01T00:00:00Z")]
    [InlineData("""{"type":"permit","period":{"start":"2026-06-16T08:00:00+02:00"}}""", "2026-06-16T06:00:00Z")]
    [InlineData("""{"type":"permit","period":{"start":"2026-01-01","end":"2026-06-14"}}""", null)]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","period":{"start":"2026-09-01","end":"2026-09-30"}}]}""", "2026-09-01T00:00:00Z")]
    [InlineData("""{"type":"permit","period":{"end":"9999-12-31"}}""", null)]
    public void Where_a_period_begins_or_ends(string provision, string? until)
    {
        DateTimeOffset expected = until is null ? DateTimeOffset.MaxValue : DateTimeOffset.Parse(until, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(expected, Of(provision, Treating).Until);
    }

    /// <summary>Asked at random moments, the decision is the one that was compiled last, as long as it says so.</summary>
    [Fact]
    public void Until_then_it_is_the_same()
    {
        var random = new Random(20261121);
        DateTimeOffset start = Treating.Time;
        int changes = 0;
        for (int run = 0; run < 300; run++)
        {
            string Period() => $$""" "period":{"start":"2026-06-{{random.Next(10, 20)}}","end":"2026-06-{{random.Next(20, 28)}}T0{{random.Next(10)}}:00:00Z"} """;
            ConsentRules[] consents = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => ConsentText.Of(
                $$"""{"type":"{{Type()}}",{{Period()}},"provision":[{"type":"{{Type()}}",{{Period()}}},{"type":"{{Type()}}",{{Period()}},"purpose":[{{Purpose("HRESCH")}}]}]}"""))];
            string Type() => random.Next(2) == 0 ? "permit" : "deny";
            PatientDecision decision = Decide(start, consents);
            for (DateTimeOffset time = start; time < start.AddDays(16); time += TimeSpan.FromMinutes(random.Next(1, 600)))
            {
                PatientDecision now = Decide(time, consents);
                if (time >= decision.Until)
                {
                    decision = now;
                    changes++;
                }

                Assert.Equal(now.Permits(Condition()), decision.Permits(Condition()));
            }
        }

        Assert.True(changes > 300, $"{changes} changes");
    }

    private static PatientDecision Of(string provision, Question question) => Decide(question.Time, ConsentText.Of(provision));

    private static PatientDecision Decide(DateTimeOffset time, params ConsentRules[] consents) =>
        PatientDecision.For(Treating with { Time = time }, ["Patient/p"], consents, ImplicitPolicy.AllNormal, Words);
}
