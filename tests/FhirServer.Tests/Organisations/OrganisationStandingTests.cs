using System.Globalization;
using System.Text;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>The rules by which an organisation is verified, on versions as commits bring them.</summary>
public sealed class OrganisationStandingTests
{
    private const string Hospital = "Organization/hospital";

    private readonly Clock _clock = new();
    private readonly OrganisationDirectory _directory;
    private long _sequence;

    public OrganisationStandingTests()
    {
        _directory = new OrganisationDirectory(null!, new ServerOptions { BaseUrl = "https://fhir.example.org/fhir" }, _clock);
        Put("Organization", "hospital", "");
    }

    [Fact]
    public void Nobody_is_verified_by_itself()
    {
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf(Hospital));
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf("Organization/unknown"));
    }

    [Theory]
    [InlineData("validated", OrganisationStanding.Current)]
    [InlineData("attested", OrganisationStanding.Suspended)]
    [InlineData("in-process", OrganisationStanding.Suspended)]
    [InlineData("req-revalid", OrganisationStanding.Suspended)]
    [InlineData("val-fail", OrganisationStanding.Suspended)]
    [InlineData("reval-fail", OrganisationStanding.Suspended)]
    public void The_status_decides(string status, object standing)
    {
        Verify("v", status);

        Assert.Equal(standing, _directory.StandingOf(Hospital));
    }

    [Fact]
    public void A_verification_of_nothing_that_is_stored_verifies_nobody()
    {
        Put("VerificationResult", "v", ",\"status\":\"validated\",\"target\":[{\"reference\":\"Organization/other\"}]");

        Assert.False(_directory.IsCurrent("Organization/other"));
    }

    [Theory]
    [InlineData("https://fhir.example.org/fhir/Organization/hospital", true)]
    [InlineData("Organization/hospital/_history/1", true)]
    [InlineData("https://elsewhere.example.org/fhir/Organization/hospital", false)]
    [InlineData("urn:uuid:6f3c9ed6-7a4f-4a8e-9b8e-0d4f0a4f3f53", false)]
    public void References_to_this_server_count(string reference, bool isCurrent)
    {
        Put("VerificationResult", "v", $",\"status\":\"validated\",\"target\":[{{\"display\":\"x\"}},{{\"reference\":\"{reference}\"}}]");

        Assert.Equal(isCurrent, _directory.IsCurrent(Hospital));
    }

    [Fact]
    public void What_is_said_of_a_part_says_nothing_of_the_whole()
    {
        Verify("address", "validated", ",\"targetLocation\":[\"Organization.address\"]");
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf(Hospital));

        Verify("v", "validated");
        Verify("licence", "val-fail", ",\"targetLocation\":[\"Organization.identifier\"]");
        Assert.True(_directory.IsCurrent(Hospital));
    }

    [Fact]
    public void A_verification_begins_at_its_date()
    {
        Verify("v", "validated", ",\"statusDate\":\"2026-03-02\"");

        _clock.Set("2026-03-01T23:59:59Z");
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf(Hospital));
        _clock.Set("2026-03-02T00:00:00Z");
        Assert.True(_directory.IsCurrent(Hospital));
    }

    [Theory]
    [InlineData("\"nextScheduled\":\"2026-06-30\"", "2026-06-30T23:59:59Z", "2026-07-01T00:00:00Z")]
    [InlineData("\"frequency\":{\"repeat\":{\"period\":30,\"periodUnit\":\"d\"}}", "2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z")]
    [InlineData("\"frequency\":{\"repeat\":{\"frequency\":2,\"period\":2,\"periodUnit\":\"wk\"}}", "2026-01-07T23:59:59Z", "2026-01-08T00:00:00Z")]
    [InlineData("\"frequency\":{\"repeat\":{\"period\":1,\"periodUnit\":\"d\"}},\"lastPerformed\":\"2026-01-04T12:00:00Z\"", "2026-01-05T11:59:59Z", "2026-01-05T12:00:00Z")]
    [InlineData("\"frequency\":{\"repeat\":{\"boundsPeriod\":{\"end\":\"2026-01-03\"}}}", "2026-01-03T23:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("\"frequency\":{\"repeat\":{\"boundsPeriod\":{\"end\":\"2026-01-03\"},\"period\":1,\"periodUnit\":\"a\"}}", "2026-01-03T23:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("\"frequency\":{\"repeat\":{\"period\":1,\"periodUnit\":\"a\"}},\"nextScheduled\":\"2026-01-02\"", "2026-01-02T23:00:00Z", "2026-01-03T00:00:00Z")]
    public void It_ends_when_the_next_is_due(string due, string last, string over)
    {
        Verify("v", "validated", ",\"statusDate\":\"2026-01-01\"," + due);

        _clock.Set(last);
        Assert.Equal(OrganisationStanding.Current, _directory.StandingOf(Hospital));
        _clock.Set(over);
        Assert.Equal(OrganisationStanding.Expired, _directory.StandingOf(Hospital));
    }

    [Theory]
    [InlineData("{\"code\":{\"text\":\"now and then\"}}")]
    [InlineData("{\"repeat\":{\"periodUnit\":\"d\"}}")]
    [InlineData("{\"repeat\":{\"period\":0,\"periodUnit\":\"d\"}}")]
    [InlineData("{\"repeat\":{\"period\":1}}")]
    public void A_frequency_that_names_no_time_does_not_verify_for_ever(string frequency)
    {
        Verify("v", "validated", $",\"frequency\":{frequency}");

        Assert.False(_directory.IsCurrent(Hospital));
    }

    [Theory]
    [InlineData("2026-02-01", "2026-03-01", OrganisationStanding.Suspended)]
    [InlineData("2026-02-01", "2026-01-01", OrganisationStanding.Current)]
    [InlineData("2026-02-01T10:00:00Z", "2026-02-01", OrganisationStanding.Suspended)]
    [InlineData("2026-02-01", "2026-02-01", OrganisationStanding.Suspended)]
    [InlineData("2026-02-01", null, OrganisationStanding.Suspended)]
    [InlineData(null, "2026-02-01", OrganisationStanding.Suspended)]
    [InlineData(null, null, OrganisationStanding.Suspended)]
    public void A_newer_one_that_says_otherwise_suspends(string? validated, string? failed, object standing)
    {
        _clock.Set("2026-05-01T00:00:00Z");
        Verify("good", "validated", Date(validated));
        Verify("bad", "reval-fail", Date(failed));

        Assert.Equal(standing, _directory.StandingOf(Hospital));
    }

    [Theory]
    [InlineData("2026-03-01", "2026-03-02", true)]
    [InlineData("2026-03-01", "2026-03-01", true)]
    [InlineData("2026-03-01", null, true)]
    [InlineData("2026-03-01", "2026-02-01", false)]
    public void A_newer_validation_ends_a_suspension(string failed, string? validated, bool isCurrent)
    {
        _clock.Set("2026-05-01T00:00:00Z");
        Verify("old", "validated", Date("2026-01-01"));
        Verify("bad", "val-fail", Date(failed));
        Verify("new", "validated", Date(validated));

        Assert.Equal(isCurrent, _directory.IsCurrent(Hospital));
    }

    [Fact]
    public void A_suspension_begins_at_its_date()
    {
        Verify("good", "validated", Date("2026-01-01"));
        Verify("bad", "reval-fail", Date("2026-04-01T08:00:00Z"));

        _clock.Set("2026-04-01T07:59:59Z");
        Assert.True(_directory.IsCurrent(Hospital));
        _clock.Set("2026-04-01T08:00:00Z");
        Assert.Equal(OrganisationStanding.Suspended, _directory.StandingOf(Hospital));
    }

    [Fact]
    public void A_changed_or_deleted_statement_counts_as_it_is_now()
    {
        Verify("v", "validated");
        Verify("v", "reval-fail");
        Assert.False(_directory.IsCurrent(Hospital));

        Verify("v", "validated");
        Assert.True(_directory.IsCurrent(Hospital));

        Put("VerificationResult", "v", ",\"status\":\"validated\",\"target\":[{\"reference\":\"Organization/other\"}]");
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf(Hospital));

        Verify("v", "validated");
        Delete("VerificationResult", "v");
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf(Hospital));
    }

    [Fact]
    public void Commits_may_be_told_of_in_any_order()
    {
        StoredVersion first = Version("VerificationResult", "v", ",\"status\":\"validated\",\"target\":[{\"reference\":\"Organization/hospital\"}]", 10);
        StoredVersion second = Version("VerificationResult", "v", ",\"status\":\"val-fail\",\"target\":[{\"reference\":\"Organization/hospital\"}]", 11);
        StoredVersion third = Deletion("VerificationResult", "v", 12);

        _directory.Apply([second]);
        _directory.Apply([first]);
        Assert.Equal(OrganisationStanding.Suspended, _directory.StandingOf(Hospital));

        _directory.Apply([third, null]);
        _directory.Apply([second]);
        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf(Hospital));
    }

    [Fact]
    public void A_closed_or_deleted_organisation_is_not_current()
    {
        Verify("v", "validated");

        Put("Organization", "hospital", ",\"active\":false");
        Assert.Equal(OrganisationStanding.Suspended, _directory.StandingOf(Hospital));
        Put("Organization", "hospital", ",\"active\":true");
        Assert.True(_directory.IsCurrent(Hospital));
        Delete("Organization", "hospital");
        Assert.False(_directory.IsCurrent(Hospital));
    }

    [Fact]
    public void A_department_stands_as_the_organisation_above_it_unless_something_is_said_of_itself()
    {
        Put("Organization", "department", ",\"partOf\":{\"reference\":\"Organization/hospital\"}");
        Put("Organization", "ward", ",\"partOf\":{\"reference\":\"Organization/department\"}");
        Assert.False(_directory.IsCurrent("Organization/ward"));

        Verify("v", "validated");
        Assert.True(_directory.IsCurrent("Organization/ward"));

        Put("VerificationResult", "own", ",\"status\":\"val-fail\",\"target\":[{\"reference\":\"Organization/department\"}]");
        Assert.False(_directory.IsCurrent("Organization/ward"));
        Assert.True(_directory.IsCurrent(Hospital));

        Put("VerificationResult", "own", ",\"status\":\"validated\",\"target\":[{\"reference\":\"Organization/department\"}]");
        Verify("v", "reval-fail");
        Assert.True(_directory.IsCurrent("Organization/ward"));

        Put("Organization", "hospital", ",\"active\":false");
        Assert.Equal(OrganisationStanding.Suspended, _directory.StandingOf("Organization/ward"));
    }

    [Fact]
    public void A_circle_of_organisations_verifies_nobody()
    {
        Put("Organization", "a", ",\"partOf\":{\"reference\":\"Organization/b\"}");
        Put("Organization", "b", ",\"partOf\":{\"reference\":\"Organization/a\"}");

        Assert.Equal(OrganisationStanding.Unverified, _directory.StandingOf("Organization/a"));
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        Put("Organization", "ward", ",\"partOf\":{\"reference\":\"Organization/hospital\"}");
        Verify("v", "validated", Date("2026-01-01"));
        Assert.True(_directory.IsCurrent("Organization/ward"));
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
        {
            _directory.StandingOf("Organization/ward");
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task Who_waits_for_a_change_is_woken_by_one()
    {
        Task changed = _directory.Changed;
        Assert.False(changed.IsCompleted);

        Verify("v", "validated");

        await changed.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.False(_directory.Changed.IsCompleted);
    }

    private static string Date(string? date) => date is null ? "" : $",\"statusDate\":\"{date}\"";

    private void Verify(string id, string status, string more = "") =>
        Put("VerificationResult", id, $",\"status\":\"{status}\",\"target\":[{{\"reference\":\"{Hospital}\"}}]{more}");

    private void Put(string type, string id, string members) => _directory.Apply([Version(type, id, members, ++_sequence)]);

    private void Delete(string type, string id) => _directory.Apply([Deletion(type, id, ++_sequence)]);

    private StoredVersion Version(string type, string id, string members, long sequence) => new(
        new ResourceKey(type, id), 1, _clock.GetUtcNow(), sequence, ChangeKind.Update, Encoding.UTF8.GetBytes($"{{\"resourceType\":\"{type}\",\"id\":\"{id}\"{members}}}"));

    private StoredVersion Deletion(string type, string id, long sequence) => new(new ResourceKey(type, id), 1, _clock.GetUtcNow(), sequence, ChangeKind.Delete, default);

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

        public void Set(string now) => _now = DateTimeOffset.Parse(now, CultureInfo.InvariantCulture);

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
