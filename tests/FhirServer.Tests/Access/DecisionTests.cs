using System.Diagnostics;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access;

public sealed class DecisionTests
{
    private readonly AccessParts _parts = new(new ServerOptions());

    [Theory]
    [InlineData(Role.Administrator)]
    [InlineData(Role.Analyst)]
    [InlineData(Role.Researcher)]
    public void Some_roles_reach_no_type_of_a_patients_record(Role role)
    {
        foreach (bool isCurrent in new[] { false, true })
        {
            var party = new Party(role, HasPatient: true, HasContext: true, HasOrganisation: true, isCurrent);
            Assert.DoesNotContain(ResourceTypes.All, type => AccessParts.Parameters.Compartment("Patient", type) is not null && _parts.Reach.Reads(party, type) != FactRule.Never);
        }
    }

    [Theory]
    [InlineData("patient/Observation.rs?category=laboratory", true)]
    [InlineData("patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory&status=final", true)]
    [InlineData("patient/*.rs?_security:not=R", true)]
    [InlineData("system/Nothing.rs", false)]
    [InlineData("patient/Observation.rs?nothing=1", false)]
    [InlineData("patient/Observation.rs?patient.name=a", false)]
    [InlineData("patient/Observation.rs?_has:Provenance:target:agent=a", false)]
    [InlineData("patient/Observation.rs?code:in=http://example.org/ValueSet/1", false)]
    [InlineData("patient/Observation.rs?_lastUpdated=gt2020", false)]
    [InlineData("patient/Observation.rs?date=ap2020", false)]
    [InlineData("patient/Observation.rs?_text=a", false)]
    [InlineData("patient/Observation.rs?_sort=date", false)]
    [InlineData("patient/Observation.rs?_count=1", false)]
    [InlineData("patient/AuditEvent.rs?action=R", false)]
    public void Only_scopes_that_keys_decide_are_given(string scope, bool isGiven) =>
        Assert.Equal(isGiven, _parts.Scopes.Refuse(ResourceScope.TryParse(scope)!) is null);

    [Fact]
    public async Task Whether_the_organisation_stands_is_asked_each_time()
    {
        TokenRights rights = RightsOf(Role.Practitioner, "user/*.cruds");

        Assert.False(await SeesObservationsAsync(rights));
        _parts.Set("Organization/1", OrganisationStanding.Current);
        Assert.True(await SeesObservationsAsync(rights));
        _parts.Set("Organization/1", OrganisationStanding.Suspended);
        Assert.False(await SeesObservationsAsync(rights));
    }

    [Fact]
    public async Task A_decision_allocates_nothing_and_gives_the_same_requester()
    {
        _parts.Set("Organization/1", OrganisationStanding.Current);
        TokenRights rights = RightsOf(Role.Patient, "patient/*.rs");
        Requester first = (await rights.NowAsync(TestContext.Current.CancellationToken)).For(Permissions.Read);
        long identity = _parts.Decisions.HashOf("Patient/1");
        Assert.True(first.Scope.Sees(new ResourceFacts("Patient", identity, [])));
        Assert.False(first.Scope.Sees(new ResourceFacts("Patient", identity + 1, [])));

        const int Times = 100_000;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        int seen = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Times; i++)
        {
            Requester requester = (await rights.NowAsync(cancel)).For(Permissions.Read);
            seen += ReferenceEquals(first, requester) && requester.Scope.Sees(new ResourceFacts("Patient", identity, [])) ? 1 : 0;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalNanoseconds / Times:F0} ns for each decision");
        Assert.Equal(Times, seen);

        // What the runtime allocates once, when it compiles the loop.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Times / 10);
    }

    private TokenRights RightsOf(Role role, string scopes) => _parts.Decisions.Of(
        new Requester("app", new ClosedScope("app")) { Role = role, FhirUser = $"{role}/1", Organisation = "Organization/1" }, role, ScopeSet.Parse(scopes), patientInContext: null);

    private static async Task<bool> SeesObservationsAsync(TokenRights rights) => (await rights.NowAsync(default)).For(Permissions.Read).Scope.MaySee("Observation");
}
