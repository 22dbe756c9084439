using System.Globalization;
using System.Text;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access.Log;

public sealed class AccessCodecTests
{
    private static readonly AccessEvent Full = new(AccessAction.Search, AccessOutcome.MinorFailure)
    {
        Status = 403,
        Who = "ward-7",
        Account = "u1",
        FhirUser = "Practitioner/7",
        Role = Role.Practitioner,
        Organisation = "Organization/1",
        Purpose = "TREAT",
        TokenName = "t1",
        Target = "Observation",
        Query = "code=é",
        Detail = "no",
        Address = "10.0.0.1",
        RequestId = "r-1",
    };

    /// <summary>Bodies of this format lie in stores: if one of these fails, the program can no longer read what it wrote.</summary>
    [Theory]
    [InlineData(
        "01 03 07776172642D37 037531 0F50726163746974696F6E65722F37 0F4F7267616E697A6174696F6E2F31 065452454154 037431 "
        + "03 04 9303 0C4F62736572766174696F6E 08636F64653DC3A9 036E6F 0931302E302E302E31 04722D31")]
    public void A_body_of_format_1_reads_as_what_it_always_meant(string hex)
    {
        byte[] body = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.Equal(Full, AccessCodec.Read(body));
        Assert.Equal(body, AccessCodec.Write(Full));
    }

    [Fact]
    public void What_is_not_told_takes_a_byte_each() =>
        Assert.Equal(Convert.FromHexString("01000100000000000100000100000000"), AccessCodec.Write(new AccessEvent(AccessAction.Read, AccessOutcome.Success)));

    [Fact]
    public void The_numbers_of_actions_outcomes_and_roles_stay()
    {
        Assert.Equal(
            "1 2 3 4 5 6 7 8 9 10 11 12 31 32 33 34 35 36 37 38 39 40 41 42",
            string.Join(' ', Enum.GetValues<AccessAction>().Select(action => (int)action)));
        Assert.Equal([0, 4, 8], Enum.GetValues<AccessOutcome>().Select(outcome => (int)outcome));
        Assert.Equal(
            "Patient RelatedPerson Practitioner Insurer Analyst Researcher Auditor Administrator Backend",
            string.Join(' ', Enum.GetValues<Role>()));
    }

    [Fact]
    public void Any_event_comes_back_as_it_was()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        for (int run = 0; run < 20_000; run++)
        {
            AccessEvent happened = Any(random);
            AccessEvent? read = AccessCodec.Read(AccessCodec.Write(happened));
            Assert.True(happened == read, string.Create(CultureInfo.InvariantCulture, $"Seed {Seed}, run {run}: {happened} came back as {read}"));
        }
    }

    [Fact]
    public void A_damaged_body_is_none_and_makes_nobody_throw()
    {
        byte[] body = AccessCodec.Write(Full);
        for (int length = 0; length < body.Length; length++)
        {
            Assert.Null(AccessCodec.Read(body.AsSpan(0, length)));
        }

        Assert.Null(AccessCodec.Read([.. body, 0]));
        const int Seed = 7;
        var random = new Random(Seed);
        for (int run = 0; run < 20_000; run++)
        {
            byte[] damaged = [.. body];
            damaged[random.Next(1, damaged.Length)] = (byte)random.Next(256);
            _ = AccessCodec.Read(damaged);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public void A_format_of_the_future_is_refused(byte format)
    {
        byte[] body = AccessCodec.Write(Full);
        body[0] = format;

        Assert.Null(AccessCodec.Read(body));
    }

    [Fact]
    public void What_is_too_long_is_cut_between_letters_and_says_so()
    {
        AccessEvent read = AccessCodec.Read(AccessCodec.Write(Full with
        {
            Query = "q" + new string('é', 5000),
            Detail = string.Concat(Enumerable.Repeat("😀", 500)),
            RequestId = new string('x', AccessCodec.LongestName),
        }))!;

        Assert.StartsWith("qéé", read.Query);
        Assert.EndsWith("é [cut]", read.Query);
        Assert.InRange(Encoding.UTF8.GetByteCount(read.Query!), AccessCodec.LongestQuery - 4, AccessCodec.LongestQuery);
        Assert.EndsWith("😀 [cut]", read.Detail);
        Assert.Equal(AccessCodec.LongestName, read.RequestId!.Length);
    }

    [Fact]
    public void The_longest_body_fits()
    {
        string text = new('é', 5000);
        byte[] body = AccessCodec.Write(new AccessEvent((AccessAction)255, (AccessOutcome)255)
        {
            Status = 999,
            Who = text,
            Account = text,
            FhirUser = text,
            Organisation = text,
            Purpose = text,
            TokenName = text,
            Target = text,
            Query = text,
            Detail = text,
            Address = text,
            RequestId = text,
        });

        Assert.InRange(body.Length, AccessCodec.MostBytes - 50, AccessCodec.MostBytes);
        Assert.NotNull(AccessCodec.Read(body));
    }

    [Fact]
    public void Every_body_of_a_requester_begins_with_the_same_bytes()
    {
        var requester = new Requester("ward-7", new OpenScope("ward-7"))
        {
            Role = Role.Practitioner,
            Account = "u1",
            FhirUser = "Practitioner/7",
            Organisation = "Organization/1",
            Purpose = "TREAT",
            TokenName = "t1",
        };

        byte[] who = AccessCodec.WriteWho(requester);

        Assert.Equal(who, AccessCodec.Write(Full).AsSpan(0, who.Length));
    }

    private static AccessEvent Any(Random random)
    {
        AccessAction[] actions = Enum.GetValues<AccessAction>();
        AccessOutcome[] outcomes = Enum.GetValues<AccessOutcome>();
        return new AccessEvent(actions[random.Next(actions.Length)], outcomes[random.Next(outcomes.Length)])
        {
            Status = random.Next(1000),
            Who = Text(random, 80) ?? "",
            Account = Text(random, 80),
            FhirUser = Text(random, 80),
            Role = random.Next(4) == 0 ? null : (Role)random.Next(9),
            Organisation = Text(random, 80),
            Purpose = Text(random, 80),
            TokenName = Text(random, 80),
            Target = Text(random, 80) ?? "",
            Query = Text(random, 600),
            Detail = Text(random, 160),
            Address = Text(random, 80),
            RequestId = Text(random, 80),
        };
    }

    /// <param name="most">Letters, of up to three bytes each.</param>
    private static string? Text(Random random, int most)
    {
        const string Letters = "aZ09 /?&=%\0\n\"é€漢\u00a0";
        return random.Next(4) == 0 ? null : string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => Letters[random.Next(Letters.Length)]));
    }
}
