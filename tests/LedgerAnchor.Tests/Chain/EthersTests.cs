using System.Text.Json.Nodes;
using HealthChain.EthersDifferential;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>The short form of conformance/ledger/ethers: the same random questions to npm's ethers and to us.</summary>
public sealed class EthersTests
{
    private const int Cases = 440;
    private const int Seed = 20261121;

    [Fact]
    public void We_compute_what_ethers_computes()
    {
        using NodeProgram? oracle = Differential.TryStartOracle();
        Assert.SkipUnless(oracle is not null, "Node.js, or npm's registry to install ethers from, is not to be had.");

        Findings findings = Differential.Run(oracle, Cases, Seed);

        TestContext.Current.SendDiagnosticMessage($"ethers: seed {Seed}, {Cases} cases");
        Assert.Empty(findings.Differences);
    }

    [Fact]
    public void A_difference_is_seen()
    {
        using NodeProgram? oracle = Differential.TryStartOracle();
        Assert.SkipUnless(oracle is not null, "Node.js, or npm's registry to install ethers from, is not to be had.");
        var question = new JsonObject { ["kind"] = "keccak", ["data"] = "0x" };
        JsonObject right = new() { ["hash"] = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" };
        JsonObject wrong = new() { ["hash"] = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a471" };

        Assert.Null(Differential.Difference(new Case(question, right), oracle.Ask(question)));
        Assert.NotNull(Differential.Difference(new Case(question, wrong), oracle.Ask(question)));
        Assert.NotNull(Differential.Difference(new Case(question, null), oracle.Ask(question)));
        Assert.NotNull(Differential.Difference(new Case(question, right, static _ => "no"), oracle.Ask(question)));
        Assert.NotNull(Differential.Difference(new Case(question, right), oracle.Ask(new JsonObject { ["kind"] = "nothing" })));
    }
}
