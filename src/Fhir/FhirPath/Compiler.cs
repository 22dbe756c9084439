using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// Turns a parsed expression into nodes: names of functions, types and variables are resolved, counts of arguments checked, and
/// combinations that can be answered with less work get a node of their own.
/// </summary>
internal sealed partial class Compiler(string text, FhirPathOptions options)
{
    private int _slots;

    /// <summary>Number of variables that the expression defines.</summary>
    public int Slots => _slots;

    public Node Compile(Syntax syntax)
    {
        Scope? scope = null;
        return Build(syntax, ref scope);
    }

    /// <summary>
    /// Builds a node. <paramref name="scope"/> holds the variables defined to the left in the same chain, and receives those
    /// that <paramref name="syntax"/> defines; operands and arguments get copies, so that theirs end with them.
    /// </summary>
    private Node Build(Syntax syntax, ref Scope? scope)
    {
        switch (syntax)
        {
            case LiteralSyntax literal:
                return new ConstantNode(literal.Value);
            case EmptySyntax:
                return new EmptyNode();
            case SpecialSyntax special:
                return special.Name switch
                {
                    "$this" => ThisNode.Instance,
                    "$index" => new IndexNode(),
                    _ => new TotalNode(),
                };
            case VariableSyntax variable:
                return Variable(variable, scope);
            case MemberSyntax { Input: null } start:
                return char.IsAsciiLetterUpper(start.Name[0]) && FhirSchema.R4.Type(start.Name) is { } root
                    ? PathNode.OfType(root)
                    : PathNode.OfThis(start.Name);
            case MemberSyntax member:
                return PathNode.Of(Build(member.Input, ref scope), member.Name);
            case IndexerSyntax indexer:
                Node list = Build(indexer.Input, ref scope);
                return new IndexerNode(list, Operand(indexer.Index, scope));
            case PolaritySyntax polarity:
                return Polarity(polarity, scope);
            case TypeSyntax type:
                return type.IsTest
                    ? Is(type.Operand, FindType(type.Type, type.Position), ref scope)
                    : new OfTypeNode(Build(type.Operand, ref scope), FindType(type.Type, type.Position), single: !options.AsFilters);
            case BinarySyntax binary:
                return Binary(binary, Operand(binary.Left, scope), Operand(binary.Right, scope));
            case CallSyntax call:
                return Call(call, ref scope);
            case SortKeySyntax key:
                throw SyntaxErrors.At(text, key.Position, "an expression without direction", "'asc' or 'desc', which only sort() knows");
            default:
                throw new System.Diagnostics.UnreachableException(syntax.GetType().Name);
        }
    }

    private Node Operand(Syntax syntax, Scope? scope) => Build(syntax, ref scope);

    private static Node Variable(VariableSyntax variable, Scope? scope)
    {
        for (Scope? candidate = scope; candidate is not null; candidate = candidate.Outer)
        {
            if (candidate.Name == variable.Name)
            {
                return new SlotNode(candidate.Slot);
            }
        }

        return Constants.Find(variable.Name) is { } constant ? new ConstantNode(FhirPathValue.OfString(constant))
            : variable.Name is "resource" or "rootResource" or "context" ? new ResourceNode(variable.Name)
            : new VariableNode(variable.Name);
    }

    private Node Polarity(PolaritySyntax polarity, Scope? scope)
    {
        var node = new PolarityNode(Operand(polarity.Operand, scope), polarity.IsNegative);
        return polarity.Operand is LiteralSyntax { Value.Kind: FhirPathKind.Integer or FhirPathKind.Decimal }
            ? new ConstantNode(node.Value(new Evaluation(), default))
            : node;
    }

    private static Node Binary(BinarySyntax binary, Node left, Node right) => binary.Operator switch
    {
        Operator.And => new AndNode(left, right),
        Operator.Or => new OrNode(left, right),
        Operator.Xor => new XorNode(left, right),
        Operator.Implies => new ImpliesNode(left, right),
        Operator.Equal or Operator.NotEqual => Equal(left, right, binary.Operator == Operator.NotEqual),
        Operator.Equivalent => new EquivalentNode(left, right, negated: false),
        Operator.NotEquivalent => new EquivalentNode(left, right, negated: true),
        Operator.Less or Operator.LessOrEqual or Operator.Greater or Operator.GreaterOrEqual => new CompareNode(left, right, binary.Operator),
        Operator.In => In(left, right, binary.Right),
        Operator.Contains => In(right, left, binary.Left),
        Operator.Union => new UnionNode(left, right),
        Operator.Concatenate => new ConcatenateNode(left, right),
        _ => new ArithmeticNode(binary.Operator, left, right),
    };

    private static Node Equal(Node left, Node right, bool negated) =>
        right is ConstantNode { Utf8: not null } text ? new EqualTextNode(left, text, negated)
        : left is ConstantNode { Utf8: not null } first ? new EqualTextNode(right, first, negated)
        : new EqualNode(left, right, negated);

    private static Node In(Node item, Node collection, Syntax written)
    {
        var texts = new List<ConstantNode>();
        return AddTexts(written, texts) ? new InTextsNode(item, [.. texts]) : new MembershipNode(item, collection);
    }

    /// <summary>The literals of a union of string literals; false when there is anything else in it.</summary>
    private static bool AddTexts(Syntax syntax, List<ConstantNode> texts)
    {
        switch (syntax)
        {
            case LiteralSyntax { Value.Kind: FhirPathKind.String } literal:
                texts.Add(new ConstantNode(literal.Value));
                return true;
            case BinarySyntax { Operator: Operator.Union } union:
                return AddTexts(union.Left, texts) && AddTexts(union.Right, texts);
            default:
                return false;
        }
    }

    private Node Is(Syntax operand, TypeTest type, ref Scope? scope)
    {
        if (operand is CallSyntax { Name: "resolve", Arguments.Count: 0 } resolve)
        {
            return new ReferenceIsNode(Input(resolve, ref scope), type);
        }

        return new IsNode(Build(operand, ref scope), type);
    }

    private Node Input(CallSyntax call, ref Scope? scope) =>
        call.Input is null ? ThisNode.Instance : Build(call.Input, ref scope);

    private TypeTest FindType(TypeName name, int position) =>
        TypeTest.Find(name) ?? throw SyntaxErrors.At(text, position, "the name of a type of FHIR or System", $"'{name}'");

    /// <summary>The type named by the argument of <c>is()</c>, <c>as()</c> or <c>ofType()</c>, which looks like a path.</summary>
    private TypeTest TypeArgument(Syntax argument) => argument switch
    {
        MemberSyntax { Input: null } name => FindType(new TypeName(null, name.Name), name.Position),
        MemberSyntax { Input: MemberSyntax { Input: null } space } name => FindType(new TypeName(space.Name, name.Name), space.Position),
        _ => throw SyntaxErrors.At(text, argument.Position, "the name of a type", $"'{Printer.Print(argument)}'"),
    };

    /// <summary>A variable made by <c>defineVariable()</c>, visible further right in its chain.</summary>
    private sealed record Scope(string Name, int Slot, Scope? Outer);
}

/// <summary>The variables that the language and FHIR define as fixed strings.</summary>
internal static class Constants
{
    public static string? Find(string name) => name switch
    {
        "ucum" => "http://unitsofmeasure.org",
        "sct" => "http://snomed.info/sct",
        "loinc" => "http://loinc.org",
        _ when name.StartsWith("vs-", StringComparison.Ordinal) => "http://hl7.org/fhir/ValueSet/" + name[3..],
        _ when name.StartsWith("ext-", StringComparison.Ordinal) => "http://hl7.org/fhir/StructureDefinition/" + name[4..],
        _ => null,
    };
}
