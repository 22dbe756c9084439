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

        // The server's own upkeep.
        "src/FhirServer/LargeData/BlobSweeper.cs",
        "src/FhirServer/Ledger/StoreLeaves.cs",
        "src/FhirServer/Upkeep/StoreUpkeep.cs",
    ];

    [Fact]
    public void The_scope_that_sees_everything_is_for_these_callers_alone()
    {
        var found = Repository.Files("src", "*.cs").Where(path => File.ReadAllText(path).Contains("AccessScope.System(", StringComparison.Ordinal)).Select(Repository.Relative);

        Assert.Equal(Callers.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }
}
