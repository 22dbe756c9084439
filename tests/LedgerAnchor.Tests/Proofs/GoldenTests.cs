using System.Text;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

/// <summary>Bytes that were handed out once stay readable and are written the same way for ever; docs/ledger.md points strangers to them.</summary>
public sealed class GoldenTests
{
    private static readonly SampleLog Log = new(12);

    /// <summary>The roots over the first 1 to 8 of the leaves that Certificate Transparency has always been tested with.</summary>
    public static TheoryData<int, string> CertificateTransparencyRoots => new()
    {
        { 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
        { 2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
        { 3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
        { 4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
        { 5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
        { 6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
        { 7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
        { 8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
    };

    [Theory]
    [MemberData(nameof(CertificateTransparencyRoots))]
    public void Trees_have_the_roots_that_all_implementations_of_rfc_6962_have(int size, string root)
    {
        string[] leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        Hash256[] hashes = [.. leaves[..size].Select(leaf => MerkleProof.LeafHash(Convert.FromHexString(leaf)))];
        var builder = new TreeBuilder();
        builder.AppendLeafHashes([.. hashes.SelectMany(hash => hash.ToArray())]);

        Assert.Equal(root, builder.Head.Root.ToString());
        Assert.Equal(root, new PlainTree(hashes).Root(0, size).ToString());
    }

    [Fact]
    public void A_receipt_is_the_one_on_file()
    {
        AssertIsOnFile("version.tlog-proof", Log.Receipt(5, 11, 2, 6, 12).ToBytes());
        AssertIsOnFile("access.tlog-proof", Log.Receipt(6, 11, 2).ToBytes());
        AssertIsOnFile("erasure.tlog-proof", Log.Receipt(7, 11, 2).ToBytes());
        AssertIsOnFile("policy", Encoding.UTF8.GetBytes(Log.Policy(2).ToString()));
    }

    [Theory]
    [InlineData("version.tlog-proof", 5)]
    [InlineData("access.tlog-proof", 6)]
    [InlineData("erasure.tlog-proof", 7)]
    public void The_receipts_on_file_verify(string name, int index)
    {
        Assert.True(TrustPolicy.TryRead(Encoding.UTF8.GetString(OnFile("policy")), out var policy, out _));
        Assert.True(new ReceiptVerifier(policy).TryVerify(OnFile(name), out var proven, out var problem), problem);
        Assert.Equal(index, proven.Index);
        Assert.Equal(SampleLog.StatementAt(index), proven.Statement);
    }

    private static void AssertIsOnFile(string name, byte[] bytes) => Assert.Equal(Encoding.UTF8.GetString(OnFile(name)), Encoding.UTF8.GetString(bytes));

    private static byte[] OnFile(string name) => File.ReadAllBytes(Repository.PathOf($"tests/LedgerAnchor.Tests/Proofs/Golden/{name}"));
}
