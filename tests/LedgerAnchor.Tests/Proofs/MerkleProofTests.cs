using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class MerkleProofTests
{
    private const int Sizes = 27;

    private static readonly PlainTree Tree = PlainTree.Of(Sizes);

    [Fact]
    public void Every_inclusion_proof_of_every_small_tree_holds_and_no_other_index_or_size_does()
    {
        for (var size = 1; size <= Sizes; size++)
        {
            for (var index = 0; index < size; index++)
            {
                Hash256[] proof = [.. Tree.Inclusion(index, size)];
                Assert.True(MerkleProof.VerifyInclusion(index, Tree.Leaf(index), proof, Tree.Head(size)));
                for (var other = -1; other <= size; other++)
                {
                    Assert.Equal(
                        other == index, MerkleProof.VerifyInclusion(other, Tree.Leaf(index), proof, Tree.Head(size)));
                }

                AlterationsFail(proof, altered => MerkleProof.VerifyInclusion(index, Tree.Leaf(index), altered, Tree.Head(size)));
                Assert.False(MerkleProof.VerifyInclusion(index, Flip(Tree.Leaf(index), 9), proof, Tree.Head(size)));
                Assert.False(MerkleProof.VerifyInclusion(index, Tree.Leaf(index), proof, new(size, Flip(Tree.Root(0, size), 200))));
            }
        }
    }

    [Fact]
    public void Every_consistency_proof_of_every_small_tree_holds_and_no_other_sizes_do()
    {
        for (var newer = 1; newer <= Sizes; newer++)
        {
            for (var older = 1; older <= newer; older++)
            {
                Hash256[] proof = [.. Tree.Consistency(older, newer)];
                Assert.True(MerkleProof.VerifyConsistency(Tree.Head(older), proof, Tree.Head(newer)));
                AlterationsFail(proof, altered => MerkleProof.VerifyConsistency(Tree.Head(older), altered, Tree.Head(newer)));
                Assert.False(MerkleProof.VerifyConsistency(new(older, Flip(Tree.Root(0, older), 0)), proof, Tree.Head(newer)));
                Assert.False(MerkleProof.VerifyConsistency(Tree.Head(older), proof, new(newer, Flip(Tree.Root(0, newer), 255))));
                for (var other = 0; other <= newer + 1; other++)
                {
                    Assert.Equal(
                        other == older,
                        MerkleProof.VerifyConsistency(new(other, Tree.Root(0, older)), proof, Tree.Head(newer)));
                }
            }
        }
    }

    [Fact]
    public void Every_subtree_of_every_small_tree_is_proven_and_what_is_none_is_refused()
    {
        for (var size = 1; size <= Sizes; size++)
        {
            for (var start = 0; start < size; start++)
            {
                for (var end = start + 1; end <= size; end++)
                {
                    if (!MerkleProof.IsSubtree(start, end))
                    {
                        Assert.False(MerkleProof.VerifySubtreeConsistency(start, end, Tree.Root(start, end), [], Tree.Head(size)));
                        continue;
                    }

                    Hash256[] proof = [.. Tree.SubtreeConsistency(start, end, size)];
                    var root = Tree.Root(start, end);
                    Assert.True(MerkleProof.VerifySubtreeConsistency(start, end, root, proof, Tree.Head(size)));
                    Assert.False(MerkleProof.VerifySubtreeConsistency(start, end, Flip(root, 3), proof, Tree.Head(size)));
                    AlterationsFail(
                        proof, altered => MerkleProof.VerifySubtreeConsistency(start, end, root, altered, Tree.Head(size)));
                }
            }
        }
    }

    [Fact]
    public void Leaves_of_subtrees_are_proven()
    {
        for (var start = 0; start < Sizes; start++)
        {
            for (var end = start + 1; end <= Sizes; end++)
            {
                for (var index = start; index < end; index++)
                {
                    Hash256[] proof = [.. Tree.SubtreeInclusion(index, start, end)];
                    Assert.Equal(
                        MerkleProof.IsSubtree(start, end),
                        MerkleProof.VerifySubtreeInclusion(index, start, end, Tree.Leaf(index), proof, Tree.Root(start, end)));
                    Assert.False(MerkleProof.VerifySubtreeInclusion(
                        index + end - start, start, end, Tree.Leaf(index), proof, Tree.Root(start, end)));
                }
            }
        }
    }

    [Fact]
    public void Subtrees_begin_at_multiples_of_the_power_of_two_that_holds_them()
    {
        (int Start, int End)[] subtrees = [.. from start in Enumerable.Range(0, 10) from end in Enumerable.Range(0, 10)
                                              where MerkleProof.IsSubtree(start, end) && end - start == 3 select (start, end)];
        Assert.Equal([(0, 3), (4, 7)], subtrees);
        Assert.False(MerkleProof.IsSubtree(-4, 0));
        Assert.False(MerkleProof.IsSubtree(4, 4));
    }

    [Fact]
    public void An_empty_log_is_consistent_with_itself_only()
    {
        Assert.True(MerkleProof.VerifyConsistency(TreeHead.Empty, [], TreeHead.Empty));
        Assert.False(MerkleProof.VerifyConsistency(TreeHead.Empty, [], Tree.Head(3)));
        Assert.False(MerkleProof.VerifyConsistency(new(0, Tree.Leaf(0)), [], new(0, Tree.Leaf(0))));
        Assert.False(MerkleProof.VerifyConsistency(Tree.Head(3), [], TreeHead.Empty));
    }

    [Fact]
    public void The_largest_sizes_do_no_harm()
    {
        var huge = new TreeHead(long.MaxValue, Tree.Leaf(0));
        Assert.False(MerkleProof.VerifyInclusion(long.MaxValue - 1, Tree.Leaf(1), new Hash256[63], huge));
        Assert.False(MerkleProof.VerifyInclusion(long.MinValue, Tree.Leaf(1), [], huge));
        Assert.False(MerkleProof.VerifyConsistency(new(long.MaxValue - 1, Tree.Leaf(0)), new Hash256[64], huge));
        Assert.False(MerkleProof.VerifySubtreeConsistency(0, long.MaxValue, Tree.Leaf(1), [], huge));
        Assert.False(MerkleProof.VerifySubtreeInclusion(5, 1, long.MaxValue, Tree.Leaf(1), [], Tree.Leaf(1)));
    }

    /// <summary>Drops, doubles, swaps and flips: none of it may pass.</summary>
    private static void AlterationsFail(Hash256[] proof, Func<Hash256[], bool> verify)
    {
        Assert.False(verify([.. proof, Tree.Leaf(0)]));
        Assert.False(verify([Tree.Leaf(0), .. proof]));
        for (var i = 0; i < proof.Length; i++)
        {
            Assert.False(verify([.. proof[..i], .. proof[(i + 1)..]]));
            Assert.False(verify([.. proof[..i], Flip(proof[i], i * 31 % 256), .. proof[(i + 1)..]]));
            if (i > 0)
            {
                Assert.False(verify([.. proof[..(i - 1)], proof[i], proof[i - 1], .. proof[(i + 1)..]]));
            }
        }
    }

    private static Hash256 Flip(Hash256 hash, int bit)
    {
        var bytes = hash.ToArray();
        bytes[bit / 8] ^= (byte)(1 << bit % 8);
        return new Hash256(bytes);
    }
}
