using System.Numerics;
using System.Text.Json;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>
/// state-proof.json is what anvil answered for a contract that holds 1,000,000 + 7,919·i in slot i, for i below 120: slots 0, 1, 77, 119, and 120
/// and 5,000, which are empty; and for an account that does not exist.
/// </summary>
public sealed class StateProofTests
{
    private static readonly JsonElement _answers = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("tests/LedgerAnchor.Tests/Chain/state-proof.json"))).RootElement;
    private static readonly JsonElement _block = _answers.GetProperty("block");

    private static StateProof Proof() => StateProof.OfAnswers(_block, _answers.GetProperty("proof"));

    [Fact]
    public void A_nodes_answers_prove_what_a_contract_holds()
    {
        ProvenState proven = Proof().Verify();

        Assert.Equal(_block.GetProperty("hash").GetString(), Hex.Data(proven.Header.Hash));
        Assert.Equal(1, proven.Header.Number);
        Assert.Equal(1, proven.Account!.Nonce);
        foreach (int slot in (int[])[0, 1, 77, 119])
        {
            Assert.Equal(1_000_000 + 7_919 * slot, proven.Words[StateProof.SlotOf(slot)]);
        }

        Assert.Equal(BigInteger.Zero, proven.Words[StateProof.SlotOf(120)]);
        Assert.Equal(BigInteger.Zero, proven.Words[StateProof.SlotOf(5000)]);
    }

    [Fact]
    public void An_account_that_does_not_exist_is_proven_not_to()
    {
        ProvenState proven = StateProof.OfAnswers(_block, _answers.GetProperty("absent")).Verify();

        Assert.Null(proven.Account);
        Assert.Equal([BigInteger.Zero], proven.Words.Values);
    }

    [Fact]
    public void A_proof_survives_its_JSON()
    {
        using var json = JsonDocument.Parse(Proof().ToJson().ToJsonString());

        Assert.Equal(Proof().Verify().Words, StateProof.Parse(json.RootElement).Verify().Words);
    }

    [Fact]
    public void No_bit_of_a_node_can_change()
    {
        StateProof proof = Proof();
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> nodes in proof.Slots.Select(static slot => slot.Nodes).Prepend(proof.AccountNodes))
        {
            foreach (ReadOnlyMemory<byte> node in nodes)
            {
                byte[] bytes = Bytes(node);
                for (int bit = 0; bit < 8 * bytes.Length; bit += 7)
                {
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                    Assert.Throws<FormatException>(proof.Verify);
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }
        }

        proof.Verify();
    }

    [Fact]
    public void A_changed_header_is_another_blocks()
    {
        StateProof proof = Proof();
        Hash256 hash = proof.Verify().Header.Hash;
        byte[] bytes = Bytes(proof.Header);
        for (int at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 1;
            Assert.NotEqual(hash, HashOf(proof));
            bytes[at] ^= 1;
        }
    }

    [Fact]
    public void Nodes_that_lack_or_are_too_many_or_of_another_word_prove_nothing()
    {
        StateProof proof = Proof();
        SlotProof first = proof.Slots[0];

        Assert.Throws<FormatException>((proof with { AccountNodes = [.. proof.AccountNodes.SkipLast(1)] }).Verify);
        Assert.Throws<FormatException>((proof with { AccountNodes = [] }).Verify);
        Assert.Throws<FormatException>((proof with { AccountNodes = [.. proof.AccountNodes, proof.AccountNodes[0]] }).Verify);
        Assert.Throws<FormatException>((proof with { Slots = [first with { Nodes = [.. first.Nodes.SkipLast(1)] }] }).Verify);
        Assert.Throws<FormatException>((proof with { Slots = [first with { Nodes = [.. first.Nodes.Reverse()] }] }).Verify);
        Assert.Throws<FormatException>((proof with { Slots = [first with { Nodes = proof.Slots[2].Nodes }] }).Verify);
        Assert.Throws<FormatException>((proof with { Contract = EthereumAddress.OfContract(proof.Contract, 0) }).Verify);
    }

    [Fact]
    public void A_header_that_does_not_have_its_hash_is_refused()
    {
        string lie = _block.GetRawText().Replace("\"gasUsed\": \"0x2", "\"gasUsed\": \"0x3", StringComparison.Ordinal);

        Assert.NotEqual(lie, _block.GetRawText());
        Assert.Throws<FormatException>(() => BlockHeader.OfBlock(JsonDocument.Parse(lie).RootElement));
    }

    // The example that goes with the definition of the trie.
    [Fact]
    public void Keys_of_any_length_are_found()
    {
        var trie = new ModelTrie(new()
        {
            ["do"u8.ToArray()] = "verb"u8.ToArray(),
            ["dog"u8.ToArray()] = "puppy"u8.ToArray(),
            ["doge"u8.ToArray()] = "coin"u8.ToArray(),
            ["horse"u8.ToArray()] = "stallion"u8.ToArray(),
        });

        Assert.Equal("5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84", trie.Root.ToString());
        Assert.Equal("verb"u8.ToArray(), PatriciaTrie.Read(trie.Root, "do"u8, trie.Proof("do"u8)));
        Assert.Equal("coin"u8.ToArray(), PatriciaTrie.Read(trie.Root, "doge"u8, trie.Proof("doge"u8)));
        Assert.Null(PatriciaTrie.Read(trie.Root, "dogs"u8, trie.Proof("dogs"u8)));
        Assert.Null(PatriciaTrie.Read(trie.Root, "cat"u8, trie.Proof("cat"u8)));
        Assert.Equal("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", PatriciaTrie.EmptyRoot.ToString());
    }

    [Fact]
    public void Any_trie_proves_what_it_holds_and_what_it_does_not()
    {
        var random = new Random(20260122);
        for (int round = 0; round < 60; round++)
        {
            // Keys of three small bytes share long starts, so that all kinds of nodes occur, also such as stand in their parents.
            byte[] Key() => [(byte)random.Next(3), (byte)random.Next(18), (byte)random.Next(256)];
            var values = new Dictionary<byte[], byte[]>(ByteOrder.Instance);
            for (int i = random.Next(1, 60); i > 0; i--)
            {
                values[Key()] = [.. Enumerable.Repeat((byte)random.Next(1, 256), random.Next(1, 40))];
            }

            var trie = new ModelTrie(values);
            foreach (byte[] key in values.Keys.Concat(Enumerable.Range(0, 20).Select(_ => Key())))
            {
                values.TryGetValue(key, out byte[]? expected);
                Assert.Equal(expected, PatriciaTrie.Read(trie.Root, key, trie.Proof(key)));
            }
        }
    }

    private static byte[] Bytes(ReadOnlyMemory<byte> memory)
    {
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> segment) && segment.Offset == 0);
        return segment.Array!;
    }

    private static Hash256? HashOf(StateProof proof)
    {
        try
        {
            return proof.Verify().Header.Hash;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
