using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access.Audit;

/// <summary>What of a record a patient may know: everything about herself, nothing about others.</summary>
public sealed class AuditedAccessTests
{
    private const long A = 1;
    private const long B = 2;

    private static readonly AuditedAccess Both = new(
        new AccessEvent(AccessAction.Search, AccessOutcome.Success) { Who = "portal", Target = "Observation", Query = "patient=a,b&code&_sort=date" },
        42,
        DateTimeOffset.UnixEpoch)
    {
        Patients = [new(new ResourceKey("Patient", "a"), A), new(new ResourceKey("Patient", "b"), B)],
        Accessed = [new(new ResourceKey("Observation", "oa"), 1, [A]), new(new ResourceKey("Observation", "ob"), 1, [B]), new(new ResourceKey("Practitioner", "7"), 1, [])],
    };

    private sealed class OwnRecords(params long[] own) : AccessScope
    {
        public override string Requester => "patient";

        public override bool Sees(in ResourceFacts facts) => false;

        public override bool SeesRecord(in RecordFacts facts)
        {
            foreach (long patient in facts.Patients)
            {
                if (own.Contains(patient))
                {
                    return true;
                }
            }

            return false;
        }
    }

    [Fact]
    public void Who_sees_all_records_sees_all_of_each() => Assert.Same(Both, Both.Within(AccessScope.System("tests")));

    [Fact]
    public void A_patient_sees_herself_and_her_own_versions()
    {
        AuditedAccess own = Both.Within(new OwnRecords(A));

        Assert.Equal("Patient/a", Assert.Single(own.Patients).Key.ToString());
        Assert.Equal("Observation/oa", Assert.Single(own.Accessed).Key.ToString());
        Assert.Equal("patient=*&code&_sort=*", own.Event.Query);
        Assert.Equal("Observation", own.Event.Target);
        Assert.True(own.IsReduced);
    }

    [Theory]
    [InlineData("Patient/a", "Patient/a")]
    [InlineData("Patient/a/Observation", "Patient/a/Observation")]
    [InlineData("Observation/oa", "Observation/oa")]
    [InlineData("Patient/b", "Patient")]
    [InlineData("Observation/ob", "Observation")]
    [InlineData("Group/g", "Group")]
    [InlineData("", "")]
    public void A_target_that_is_none_of_hers_is_left_out(string target, string shown) =>
        Assert.Equal(shown, (Both with { Event = Both.Event with { Target = target } }).Within(new OwnRecords(A)).Event.Target);

    [Fact]
    public void What_concerns_her_alone_keeps_its_target()
    {
        AuditedAccess refused = Both with { Event = Both.Event with { Target = "Observation/unknown" }, Patients = [Both.Patients[0]], Accessed = [] };

        Assert.Equal("Observation/unknown", refused.Within(new OwnRecords(A)).Event.Target);
    }

    [Theory]
    [InlineData("$everything?start=2020&_type=Observation", "$everything?start=*&_type=*")]
    [InlineData("$graphql", "$graphql")]
    [InlineData("Observation?code=x", "Observation?code=*")]
    [InlineData("code=a?b=c&d=?e", "code=*&d=*")]
    [InlineData("", "")]
    [InlineData(null, null)]
    public void Values_of_parameters_are_left_out(string? query, string? shown) =>
        Assert.Equal(shown, (Both with { Event = Both.Event with { Query = query } }).Within(new OwnRecords(A, B)).Event.Query);

    [Fact]
    public void What_nobody_could_read_is_not_shown() =>
        Assert.Null((Both with { Event = Both.Event with { Action = AccessAction.Unknown, Query = "GET /fhir/Patientt/b" } }).Within(new OwnRecords(A)).Event.Query);
}
