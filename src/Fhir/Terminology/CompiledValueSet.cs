using System.Text;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>A value set made ready for membership questions.</summary>
/// <remarks>Immutable, safe to share between threads and to keep; looking up allocates nothing.</remarks>
public sealed class CompiledValueSet
{
    private const int FewSystems = 6;

    private readonly SystemRule[] _systems;
    private readonly CodeTable? _index;
    private readonly CodeMembership _otherSystems;

    internal CompiledValueSet(string canonical, ValueSet? definition, IReadOnlyDictionary<string, CodeRule> rules, CodeMembership otherSystems, IReadOnlyList<string> notes)
    {
        Canonical = canonical;
        Definition = definition;
        Notes = notes;
        _otherSystems = otherSystems;
        _systems = [.. rules.Select(rule => new SystemRule(rule.Key, Encoding.UTF8.GetBytes(rule.Key), rule.Value))];
        _index = _systems.Length > FewSystems ? new CodeTable([.. _systems.Select(system => system.Url)]) : null;
    }

    /// <summary>The canonical it was asked for by.</summary>
    public string Canonical { get; }

    /// <summary>The value set; null when none of that canonical is loaded, and then every answer is CannotSay.</summary>
    public ValueSet? Definition { get; }

    /// <summary>What a careful reader should know about the answers, such as a version of a code system that another stands in for.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Why nothing at all can be said of it; null when something can.</summary>
    internal string? Problem { get; init; }

    /// <summary>Its codes as text for messages, worked out by the service when first needed: null when there are too many.</summary>
    internal Lazy<string?>? Codes { get; set; }

    /// <summary>The code systems whose codes it may contain.</summary>
    public IEnumerable<string> Systems => _systems.Select(system => system.Url);

    /// <summary>Whether the code of that system is in the value set. Without a system it is not.</summary>
    public CodeMembership Contains(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code)
    {
        CodeRule? rule = Rule(system);
        return rule is null ? _otherSystems : rule.Test(code);
    }

    public CodeMembership Contains(string system, string code) => Contains(Encoding.UTF8.GetBytes(system), Encoding.UTF8.GetBytes(code));

    /// <summary>For elements of type <c>code</c>, whose system the binding implies: whether the code is in the value set under any system.</summary>
    public CodeMembership ContainsCode(ReadOnlySpan<byte> code)
    {
        CodeMembership answer = _otherSystems;
        foreach (SystemRule system in _systems)
        {
            answer = answer.Or(system.Rule.Test(code));
            if (answer.IsMember)
            {
                break;
            }
        }

        return answer;
    }

    public override string ToString() => Canonical;

    /// <summary>The systems under which the code is a member.</summary>
    internal IEnumerable<string> SystemsOf(string code)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(code);
        return _systems.Where(system => system.Rule.Test(utf8).IsMember).Select(system => system.Url);
    }

    internal CodeRule RuleFor(string system) => Rule(Encoding.UTF8.GetBytes(system)) ?? new CodeRule.Constant(_otherSystems);

    internal CodeMembership OtherSystems => _otherSystems;

    private CodeRule? Rule(ReadOnlySpan<byte> system)
    {
        if (_index is not null)
        {
            int found = _index.Find(system);
            return found < 0 ? null : _systems[found].Rule;
        }

        foreach (SystemRule candidate in _systems)
        {
            if (system.SequenceEqual(candidate.Utf8))
            {
                return candidate.Rule;
            }
        }

        return null;
    }

    private readonly record struct SystemRule(string Url, byte[] Utf8, CodeRule Rule);
}
