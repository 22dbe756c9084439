using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Architecture.Tests;

/// <summary>Who works on the store in nobody's name, and so sees everything. A line here is a decision: nothing of what is seen may reach a requester.</summary>
public sealed class SystemScopeTests
{
    private static readonly string[] Callers =
    [
        // Administrators, who learn a number.
        "src/FhirServer/Operations/Erase.cs",
        "src/FhirServer/Operations/Reindex.cs",

        // What access records name; a reader gets as much of it as her scope has records of.
        "src/FhirServer/Access/Audit/AuditEvents.cs",

        // What the operator registers, who reads nothing by it; and the record of that.
        "src/FhirServer/Organisations/Bootstrap/ConfiguredResources.cs",
        "src/FhirServer/Organisations/Bootstrap/RestoredState.cs",
        "src/FhirServer/Organisations/Bootstrap/SmartAdministration.cs",

        // Which organisations are verified; requesters learn whether theirs is.
        "src/FhirServer/Organisations/OrganisationDirectory.cs",
        "src/FhirServer/Organisations/RegistryWorker.cs",

        // Steps of the workflow of consents, each of which decides by itself whose it is; what is not the requester's is not found.
        "src/FhirServer/Consents/Workflow/WorkflowStore.cs",

        // Consents and whom they name, by which all scopes are decided.
        "src/FhirServer/Consents/ConsentDirectory.cs",

        // Which consents are given and taken back; commitments go to the chain, and nothing else.
        "src/FhirServer/Consents/Workflow/ConsentRegister.cs",
        "src/FhirServer/Consents/Workflow/RegistryNames.cs",

        // The addresses of patients' wallets, for that.
        "src/FhirServer/Consents/Workflow/Wallets.cs",

        // Records, which requesters do not write.
        "src/FhirServer/Access/Log/AccessLog.cs",

        // Which Subscriptions there are, and which versions their criteria may meet; what an owner is told, the owner's own scope decides.
        "src/FhirServer/Subscriptions/SubscriptionCatchUp.cs",
        "src/FhirServer/Subscriptions/SubscriptionFollower.cs",
        "src/FhirServer/Subscriptions/SubscriptionStatusWriter.cs",

        // The server's own upkeep.
        "src/FhirServer/Access/Decision/RelatedPersons.cs",
        "src/FhirServer/LargeData/BlobSweeper.cs",
        "src/FhirServer/Ledger/StoreLeaves.cs",
        "src/FhirServer/Server/ServerHost.cs",
        "src/FhirServer/Upkeep/StoreUpkeep.cs",
    ];

    [Fact]
    public void The_scope_that_sees_everything_is_for_these_callers_alone()
    {
        var found = Repository.Files("src", "*.cs").Where(path => File.ReadAllText(path).Contains("AccessScope.System(", StringComparison.Ordinal)).Select(Repository.Relative);

        Assert.Equal(Callers.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    /// <summary>What Subscriptions have at hand hears of commits in Commits; what others write they read from the store. All else that is kept in memory is told by the store.</summary>
    [Fact]
    public void Commits_come_through_one_place()
    {
        var found = Repository.Files("src", "*.cs").Where(path => File.ReadAllText(path).Contains("store.CommitAsync(", StringComparison.Ordinal)).Select(Repository.Relative);

        Assert.Equal(["src/FhirServer/Interactions/Commits.cs", "src/FhirServer/Operations/Document.cs", "src/FhirServer/Organisations/Bootstrap/ConfiguredResources.cs", "src/FhirServer/Subscriptions/SubscriptionStatusWriter.cs"], found.Order(StringComparer.Ordinal));
    }
}
