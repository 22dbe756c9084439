using System.Diagnostics;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>The slices of one element: each occurrence belongs to the first slice whose tests it passes, or to none.</summary>
internal sealed class SliceSet(Slice[] slices, Slice? rest, bool ordered, SlicingRules rules)
{
    public Slice[] Slices { get; } = slices;

    /// <summary>The slice <c>@default</c>, to which everything else belongs.</summary>
    public Slice? Rest { get; } = rest;

    public bool IsOrdered { get; } = ordered;
    public SlicingRules Rules { get; } = rules;

    /// <summary>Where its counters start among those of all slicings below one parent: the last slice seen, then one count per slice.</summary>
    public int CounterOffset { get; private set; }

    /// <summary>Assigns counters to this set and those inside its slices, from <paramref name="offset"/>; gives the next free one.</summary>
    public int Place(int offset)
    {
        CounterOffset = offset;
        int next = offset + 1 + Slices.Length;
        foreach (Slice slice in Slices)
        {
            next = slice.Rules.Slicing?.Place(next) ?? next;
        }

        return Rest?.Rules.Slicing?.Place(next) ?? next;
    }
}

/// <summary>One slice: the tests that an element must pass to belong to it, and the rules it is then held to.</summary>
[DebuggerDisplay("{Name}")]
internal sealed class Slice(string name, ElementRules rules, SliceTest[] tests)
{
    public string Name { get; } = name;
    public ElementRules Rules { get; } = rules;

    public bool Accepts(Element element, ValidationRun run)
    {
        foreach (SliceTest test in tests)
        {
            if (!test.Accepts(element, 0, run))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A discriminator applied to one slice: something at the end of the path must pass. See R4 profiling.html#discriminator.</summary>
internal abstract class SliceTest(DiscriminatorStep[] path)
{
    protected DiscriminatorStep[] Path { get; } = path;

    public virtual bool Accepts(Element element, int step, ValidationRun run)
    {
        if (step == Path.Length)
        {
            return Passes(element, run);
        }

        DiscriminatorStep next = Path[step];
        switch (next.Kind)
        {
            case DiscriminatorStepKind.Child:
                foreach (Element child in element.ChildrenOf(next.Argument))
                {
                    if (Accepts(child, step + 1, run))
                    {
                        return true;
                    }
                }

                return false;
            case DiscriminatorStepKind.Extension:
                foreach (Element child in element.ChildrenOf("extension"))
                {
                    if (child.Child("url").ValueIs(next.ArgumentUtf8) && Accepts(child, step + 1, run))
                    {
                        return true;
                    }
                }

                return false;
            case DiscriminatorStepKind.OfType:
                return element.Type.Name == next.Argument && Accepts(element, step + 1, run);
            default:
                Element target = run.References.Resolve(element);
                return target.Exists && Accepts(target, step + 1, run);
        }
    }

    protected abstract bool Passes(Element element, ValidationRun run);
}

internal enum DiscriminatorStepKind : byte
{
    Child,
    Extension,
    OfType,
    Resolve,
}

internal readonly record struct DiscriminatorStep(DiscriminatorStepKind Kind, string Argument)
{
    public byte[] ArgumentUtf8 { get; } = System.Text.Encoding.UTF8.GetBytes(Argument);

    /// <summary>Reads the restricted FHIRPath of a discriminator; null when it uses more than R4 allows there.</summary>
    public static DiscriminatorStep[]? Parse(string path)
    {
        var steps = new List<DiscriminatorStep>();
        int position = 0;
        while (position < path.Length)
        {
            int end = position;
            int depth = 0;
            while (end < path.Length && (depth > 0 || path[end] != '.'))
            {
                depth += path[end] == '(' ? 1 : path[end] == ')' ? -1 : 0;
                end++;
            }

            string step = path[position..end].Trim();
            position = end + 1;
            int open = step.IndexOf('(');
            string function = open < 0 ? "" : step[..open];
            string argument = open < 0 ? step : step[(open + 1)..].TrimEnd(')').Trim('\'', '"', ' ');
            switch (function)
            {
                case "" when argument == "$this":
                    break;
                case "":
                    steps.Add(new DiscriminatorStep(DiscriminatorStepKind.Child, argument.Replace("[x]", "", StringComparison.Ordinal)));
                    break;
                case "extension":
                    steps.Add(new DiscriminatorStep(DiscriminatorStepKind.Extension, argument));
                    break;
                case "ofType":
                    steps.Add(new DiscriminatorStep(DiscriminatorStepKind.OfType, argument));
                    break;
                case "resolve":
                    steps.Add(new DiscriminatorStep(DiscriminatorStepKind.Resolve, ""));
                    break;
                default:
                    return null;
            }
        }

        return [.. steps];
    }
}

internal sealed class FixedTest(DiscriminatorStep[] path, Element expected) : SliceTest(path)
{
    protected override bool Passes(Element element, ValidationRun run) => Values.AreEqual(element, expected);
}

internal sealed class PatternTest(DiscriminatorStep[] path, Element pattern) : SliceTest(path)
{
    protected override bool Passes(Element element, ValidationRun run) => Values.Matches(element, pattern);
}

internal sealed class BindingTest(DiscriminatorStep[] path, BindingRules binding) : SliceTest(path)
{
    protected override bool Passes(Element element, ValidationRun run) => binding.HasMember(element, run);
}

/// <summary>The element must meet everything that the slice says of it; for discriminators whose value is spread over children.</summary>
internal sealed class RulesTest(DiscriminatorStep[] path, ElementRules rules) : SliceTest(path)
{
    protected override bool Passes(Element element, ValidationRun run) => run.Meets(element, rules);
}

internal sealed class ProfileTest(DiscriminatorStep[] path, string[] canonicals) : SliceTest(path)
{
    protected override bool Passes(Element element, ValidationRun run) => run.MeetsAny(element, canonicals);
}

internal sealed class ExistsTest(DiscriminatorStep[] path, bool mustExist) : SliceTest(path)
{
    public override bool Accepts(Element element, int step, ValidationRun run) =>
        step == 0 ? base.Accepts(element, 0, run) == mustExist : base.Accepts(element, step, run);

    protected override bool Passes(Element element, ValidationRun run) => true;
}

internal sealed class TypeTest(DiscriminatorStep[] path, TypeSchema[] types) : SliceTest(path)
{
    public override bool Accepts(Element element, int step, ValidationRun run)
    {
        // A reference tells its target's type even where the target itself is out of reach.
        if (step == Path.Length - 1 && Path[step].Kind == DiscriminatorStepKind.Resolve)
        {
            return run.References.TargetType(element) is { } type && IsOneOf(type);
        }

        return base.Accepts(element, step, run);
    }

    protected override bool Passes(Element element, ValidationRun run) => IsOneOf(element.Type);

    private bool IsOneOf(TypeSchema type)
    {
        foreach (TypeSchema candidate in types)
        {
            if (type.Is(candidate))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Passes when one of several tests does: for targets that may meet one of several profiles.</summary>
internal sealed class AnyTest(SliceTest[] alternatives) : SliceTest([])
{
    public override bool Accepts(Element element, int step, ValidationRun run)
    {
        foreach (SliceTest alternative in alternatives)
        {
            if (alternative.Accepts(element, step, run))
            {
                return true;
            }
        }

        return false;
    }

    protected override bool Passes(Element element, ValidationRun run) => false;
}
