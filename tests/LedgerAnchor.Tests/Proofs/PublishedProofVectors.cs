using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

/// <summary>The 518 vectors of github.com/transparency-dev/merkle, which say of each proof whether a verifier must take it.</summary>
public sealed class PublishedProofVectors
{
    [Theory]
    [InlineData("inclusion", 98, 6)]
    [InlineData("consistency", 98, 6)]
    [InlineData("subtreeinclusion", 204, 12)]
    [InlineData("subtreeconsistency", 118, 12)]
    public void All_are_judged_as_they_say(string kind, int count, int valid)
    {
        Assert.SkipUnless(Repository.Shared is not null, "The outside suites are not here.");
        var folder = Path.Combine(Repository.Shared, "data", "merkle", "transparency-dev-merkle", kind);
        var files = Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories);
        var taken = 0;
        foreach (var file in files)
        {
            var vector = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
            var verified = Verify(kind, vector);
            Assert.True(verified != (bool)vector["wantErr"]!, $"{Path.GetRelativePath(folder, file)}: verified {verified}");
            taken += verified ? 1 : 0;
        }

        Assert.Equal((count, valid), (files.Length, taken));
    }

    private static bool Verify(string kind, JsonObject vector)
    {
        var hashes = new List<Hash256>();
        foreach (var element in vector["proof"]?.AsArray() ?? [])
        {
            if (ReadHash(element) is not { } hash)
            {
                return false;
            }

            hashes.Add(hash);
        }

        Hash256[] proof = [.. hashes];
        return kind switch
        {
            "inclusion" => Number(vector, "leafIdx") is { } index && Number(vector, "treeSize") is { } size
                && ReadHash(vector["leafHash"]) is { } leaf && ReadHash(vector["root"]) is { } root
                && MerkleProof.VerifyInclusion(index, leaf, proof, new(size, root)),
            "consistency" => Number(vector, "size1") is { } older && Number(vector, "size2") is { } newer
                && ReadHash(vector["root1"]) is { } root1 && ReadHash(vector["root2"]) is { } root2
                && MerkleProof.VerifyConsistency(new(older, root1), proof, new(newer, root2)),
            "subtreeinclusion" => Number(vector, "leafIdx") is { } index && Number(vector, "start") is { } start
                && Number(vector, "end") is { } end && ReadHash(vector["leafHash"]) is { } leaf && ReadHash(vector["root"]) is { } root
                && MerkleProof.VerifySubtreeInclusion(index, start, end, leaf, proof, root),
            _ => Number(vector, "start") is { } start && Number(vector, "end") is { } end && Number(vector, "size") is { } size
                && ReadHash(vector["root1"]) is { } root1 && ReadHash(vector["root2"]) is { } root2
                && MerkleProof.VerifySubtreeConsistency(start, end, root1, proof, new(size, root2)),
        };
    }

    /// <summary>Some vectors have numbers up to 2^64 - 1; ours end at 2^63 - 1, as SQL's do, and a larger one is refused.</summary>
    private static long? Number(JsonObject vector, string name) =>
        vector[name]!.GetValue<JsonElement>().TryGetInt64(out var number) ? number : null;

    /// <summary>
    /// A hash has 32 bytes and nothing else is one. Where the suite writes "don't care" and a number in place of a root, it stands for
    /// some root, the same for the same number.
    /// </summary>
    private static Hash256? ReadHash(JsonNode? text)
    {
        var bytes = Convert.FromBase64String((string?)text ?? "");
        if (Encoding.ASCII.GetString(bytes).StartsWith("don't care ", StringComparison.Ordinal))
        {
            return Hash256.Of(bytes);
        }

        return bytes.Length == Hash256.Bytes ? new Hash256(bytes) : null;
    }
}
