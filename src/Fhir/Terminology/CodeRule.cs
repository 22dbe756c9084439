using System.Collections;

namespace HealthChain.Fhir.Terminology;

/// <summary>What a value set says about the codes of one code system: a small tree of immutable tests, built once.</summary>
internal abstract class CodeRule
{
    public abstract CodeMembership Test(ReadOnlySpan<byte> code);

    /// <summary>How many tests an answer may take. Value sets that import each other crosswise multiply it, so it has a limit.</summary>
    public virtual long Cost => 1;

    public static CodeRule Any(IReadOnlyList<CodeRule> rules) => rules.Count == 1 ? rules[0] : new Union([.. rules]);

    public static CodeRule Both(CodeRule left, CodeRule right) => new Intersection(left, right);

    public static CodeRule Except(CodeRule included, CodeRule excluded) => new Difference(included, excluded);

    private static long Sum(ReadOnlySpan<CodeRule> rules)
    {
        long cost = 0;
        foreach (CodeRule rule in rules)
        {
            cost += rule.Cost;
        }

        return cost;
    }

    /// <summary>The same answer for every code.</summary>
    internal sealed class Constant(CodeMembership answer) : CodeRule
    {
        public static readonly Constant Nothing = new(CodeMembership.NotMember);

        public override CodeMembership Test(ReadOnlySpan<byte> code) => answer;
    }

    /// <summary>The codes of a table, of which <paramref name="selected"/> counts (null: all).</summary>
    /// <param name="absent">The answer for a code that is not in the table at all.</param>
    internal sealed class InTable(CodeTable codes, BitArray? selected, CodeMembership absent) : CodeRule
    {
        public override CodeMembership Test(ReadOnlySpan<byte> code)
        {
            int index = codes.Find(code);
            return index < 0 ? absent
                : selected is null || selected[index] ? CodeMembership.Member
                : CodeMembership.NotMember;
        }
    }

    /// <summary>The codes that a grammar accepts.</summary>
    internal sealed class ByGrammar(GrammarSystem grammar) : CodeRule
    {
        public override CodeMembership Test(ReadOnlySpan<byte> code) => grammar.Check(code);
    }

    private sealed class Union(CodeRule[] rules) : CodeRule
    {
        public override long Cost { get; } = Sum(rules);

        public override CodeMembership Test(ReadOnlySpan<byte> code)
        {
            CodeMembership answer = CodeMembership.NotMember;
            foreach (CodeRule rule in rules)
            {
                answer = answer.Or(rule.Test(code));
                if (answer.IsMember)
                {
                    break;
                }
            }

            return answer;
        }
    }

    private sealed class Intersection(CodeRule left, CodeRule right) : CodeRule
    {
        public override long Cost { get; } = Sum([left, right]);

        public override CodeMembership Test(ReadOnlySpan<byte> code)
        {
            CodeMembership answer = left.Test(code);
            return answer.Answer == Membership.NotMember ? answer : answer.And(right.Test(code));
        }
    }

    private sealed class Difference(CodeRule included, CodeRule excluded) : CodeRule
    {
        public override long Cost { get; } = Sum([included, excluded]);

        public override CodeMembership Test(ReadOnlySpan<byte> code)
        {
            CodeMembership answer = included.Test(code);
            return answer.Answer == Membership.NotMember ? answer : answer.And(excluded.Test(code).Not());
        }
    }
}
