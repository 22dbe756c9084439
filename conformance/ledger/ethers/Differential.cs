using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.TestKit;

namespace HealthChain.EthersDifferential;

/// <summary>A question to ethers and what our answer to it is.</summary>
/// <param name="Expected">Members of ethers' answer, as we compute them; null when we refuse the question.</param>
/// <param name="Check">Further comparisons, on ethers' whole answer; gives what differs.</param>
public sealed record Case(JsonObject Question, JsonObject? Expected, Func<JsonElement, string?>? Check = null)
{
    /// <summary>Whether ethers may take what we refuse.</summary>
    public bool WeAreStricter { get; init; }
}

/// <summary>What a run found.</summary>
/// <param name="Refused">How many of the cases both refused.</param>
public sealed record Findings(int Cases, int Refused, IReadOnlyDictionary<string, int> ByKind, IReadOnlyList<string> Differences);

/// <summary>Asks ethers and us the same random questions.</summary>
public static class Differential
{
    private const int MaxShown = 500;

    private static readonly Func<Draw, Case>[] _makers =
    [
        KeyCases.Keccak, KeyCases.Key, KeyCases.Address, KeyCases.Message, KeyCases.Recover, KeyCases.RecoverNoise,
        TransactionCases.Legacy, TransactionCases.AccessList, TransactionCases.DynamicFee, TransactionCases.DynamicFee, TransactionCases.Rlp, TransactionCases.RlpNoise,
        AbiCases.Encode, AbiCases.Decode, AbiCases.Encode, AbiCases.Call, AbiCases.Event, AbiCases.Error,
        TypedDataCases.Hash, TypedDataCases.Hash,
        KeystoreCases.Theirs, KeystoreCases.Ours,
    ];

    /// <summary>The script that asks npm's ethers; null when Node.js or its packages are not to be had.</summary>
    public static NodeProgram? TryStartOracle() => NodeProgram.TryStart("conformance/ledger/ethers", "oracle.mjs");

    /// <summary>The same seed gives the same cases.</summary>
    public static Findings Run(NodeProgram oracle, int cases, int seed)
    {
        var draw = new Draw(seed);
        var byKind = new SortedDictionary<string, int>();
        var differences = new List<string>();
        int refused = 0;
        for (int i = 0; i < cases; i++)
        {
            Case one = _makers[i % _makers.Length](draw);
            string kind = (string)one.Question["kind"]!;
            byKind[kind] = byKind.GetValueOrDefault(kind) + 1;
            JsonElement answer = oracle.Ask(one.Question);
            refused += one.Expected is null && answer.TryGetProperty("refused", out _) ? 1 : 0;
            if (Difference(one, answer) is { } difference)
            {
                differences.Add($"case {i} of seed {seed}, {kind}: {difference}\n  question {Short(one.Question.ToJsonString())}\n  ethers   {Short(answer.GetRawText())}");
            }
        }

        return new Findings(cases, refused, byKind, differences);
    }

    /// <summary>What differs between ethers' answer and ours; null when nothing does.</summary>
    public static string? Difference(Case one, JsonElement answer)
    {
        bool refused = answer.TryGetProperty("refused", out _);
        if (one.Expected is not { } expected || refused)
        {
            return one.Expected is null == refused || (one.WeAreStricter && !refused) ? null
                : refused ? "ethers refuses it, we do not" : "we refuse it, ethers does not";
        }

        foreach ((string name, JsonNode? ours) in expected)
        {
            if (!JsonNode.DeepEquals(ours, JsonNode.Parse(answer.GetProperty(name).GetRawText())))
            {
                return $"{name} is {Short(ours?.ToJsonString() ?? "null")} here";
            }
        }

        return one.Check?.Invoke(answer);
    }

    private static string Short(string text) => text.Length <= MaxShown ? text : text[..MaxShown] + "…";
}
