using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace HealthChain.LedgerProofs;

/// <summary>Reads the text of a policy line by line.</summary>
internal sealed class TrustPolicyReader(string text)
{
    private const int MaxCharacters = 256 * 1024;

    // Of each kind; the specification recommends 32 at least.
    private const int MaxDefinitions = 256;

    private readonly List<NoteVerifier> _logs = [];
    private readonly List<NoteVerifier> _witnesses = [];
    private readonly Dictionary<string, TrustPolicy.Member> _named = [];

    // A name counts in one group only, so that no witness is counted twice.
    private readonly HashSet<string> _members = [];
    private TrustPolicy.Member? _quorum;
    private bool _hasQuorum;

    public bool TryRead([NotNullWhen(true)] out TrustPolicy? policy, [NotNullWhen(false)] out string? problem)
    {
        policy = null;
        if (text.Length > MaxCharacters)
        {
            problem = $"the policy is longer than {MaxCharacters} characters";
            return false;
        }

        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            problem = ReadLine(line);
            if (problem is not null)
            {
                problem = $"line {number} of the policy: {problem}";
                return false;
            }
        }

        if (!_hasQuorum)
        {
            problem = "the policy has no quorum line";
            return false;
        }

        policy = new TrustPolicy(_logs, _witnesses, _quorum, text);
        problem = null;
        return true;
    }

    private string? ReadLine(string line)
    {
        foreach (var character in line)
        {
            if (character is < ' ' and not '\t' or '\u007f')
            {
                return "a control character";
            }
        }

        var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [] => null,
            [['#', ..], ..] => null,
            ["log", var key] => AddLog(key),
            ["log", var key, _] => AddLog(key),
            ["witness", var name, var key] => AddWitness(name, key),
            ["witness", var name, var key, _] => AddWitness(name, key),
            ["group", var name, var needed, .. var members] => AddGroup(name, needed, members),
            ["quorum", var name] => SetQuorum(name),
            _ => "neither log, witness, group nor quorum",
        };
    }

    private string? AddLog(string text) => AddKey(text, NoteKeyType.Ed25519, _logs, out _);

    private string? AddWitness(string name, string text)
    {
        var problem = AddKey(text, NoteKeyType.Cosignature, _witnesses, out var key);
        return problem ?? Define(name, new TrustPolicy.Member(key, 1, []));
    }

    private static string? AddKey(string text, NoteKeyType type, List<NoteVerifier> keys, out NoteVerifier? key)
    {
        if (!NoteVerifier.TryParse(text, out key, out var problem))
        {
            return problem;
        }

        if (key.Type != type)
        {
            return $"a key of type {(int)key.Type} where one of type {(int)type} belongs";
        }

        foreach (var other in keys)
        {
            if (other.Key.SequenceEqual(key.Key))
            {
                return "a key that is there already";
            }
        }

        if (keys.Count == MaxDefinitions)
        {
            return $"more than {MaxDefinitions} keys";
        }

        keys.Add(key);
        return null;
    }

    private string? AddGroup(string name, string needed, string[] names)
    {
        var members = new List<TrustPolicy.Member>();
        foreach (var member in names)
        {
            if (!_named.TryGetValue(member, out var defined))
            {
                return $"{member} is not defined above";
            }

            if (!_members.Add(member))
            {
                return $"{member} is a member of a group already";
            }

            members.Add(defined);
        }

        var count = needed switch
        {
            "any" => 1,
            "all" => members.Count,
            _ => int.TryParse(needed, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0,
        };
        return count < 1 || count > members.Count
            ? "a group needs one of its members at least, and has no more than it has"
            : Define(name, new TrustPolicy.Member(null, count, members));
    }

    private string? Define(string name, TrustPolicy.Member member)
    {
        if (_named.Count == 2 * MaxDefinitions)
        {
            return "too many definitions";
        }

        return name != TrustPolicy.NoQuorum && _named.TryAdd(name, member) ? null : $"the name {name} is taken";
    }

    private string? SetQuorum(string name)
    {
        if (_hasQuorum)
        {
            return "a second quorum";
        }

        _hasQuorum = true;
        return name == TrustPolicy.NoQuorum || _named.TryGetValue(name, out _quorum) ? null : $"{name} is not defined above";
    }
}
