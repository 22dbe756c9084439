namespace HealthChain.Fhir.FhirPath;

/// <summary>A parsed expression: what was written, before names are resolved. Immutable.</summary>
/// <param name="Position">Offset in the text of the expression, for messages.</param>
internal abstract record Syntax(int Position);

/// <summary>A literal of a System type; <paramref name="Text"/> is how it was written.</summary>
internal sealed record LiteralSyntax(int Position, FhirPathValue Value, string Text) : Syntax(Position);

/// <summary><c>{}</c></summary>
internal sealed record EmptySyntax(int Position) : Syntax(Position);

/// <summary><c>%name</c></summary>
internal sealed record VariableSyntax(int Position, string Name) : Syntax(Position);

/// <summary><c>$this</c>, <c>$index</c> or <c>$total</c>, named with the dollar.</summary>
internal sealed record SpecialSyntax(int Position, string Name) : Syntax(Position);

/// <summary><c>input.name</c>, or <c>name</c> alone.</summary>
internal sealed record MemberSyntax(int Position, Syntax? Input, string Name) : Syntax(Position);

/// <summary><c>input.name(arguments)</c>, or <c>name(arguments)</c> alone.</summary>
internal sealed record CallSyntax(int Position, Syntax? Input, string Name, IReadOnlyList<Syntax> Arguments) : Syntax(Position);

/// <summary><c>input[index]</c></summary>
internal sealed record IndexerSyntax(int Position, Syntax Input, Syntax Index) : Syntax(Position);

/// <summary><c>-operand</c> or <c>+operand</c></summary>
internal sealed record PolaritySyntax(int Position, bool IsNegative, Syntax Operand) : Syntax(Position);

internal sealed record BinarySyntax(int Position, Operator Operator, Syntax Left, Syntax Right) : Syntax(Position);

/// <summary><c>operand is Type</c> or <c>operand as Type</c></summary>
internal sealed record TypeSyntax(int Position, bool IsTest, Syntax Operand, TypeName Type) : Syntax(Position);

/// <summary>An argument of <c>sort</c> with its direction, <c>family desc</c>.</summary>
internal sealed record SortKeySyntax(int Position, Syntax Key, bool Descending) : Syntax(Position);

/// <summary>A type as written: <c>Patient</c>, <c>FHIR.Patient</c>, <c>System.String</c>.</summary>
internal sealed record TypeName(string? Namespace, string Name)
{
    public override string ToString() => Namespace is null ? Name : $"{Namespace}.{Name}";
}

internal enum Operator : byte
{
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    Equivalent,
    NotEqual,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Union,
    Add,
    Subtract,
    Concatenate,
    Multiply,
    Divide,
    IntegerDivide,
    Modulo,
}

/// <summary>How tightly operators bind, after the order of alternatives in the grammar (FHIRPath, appendix "Formal Specification").</summary>
internal static class Operators
{
    public const int TypeBinding = 8;
    public const int Unary = 11;

    private static readonly (Operator Operator, string Text, int Binding)[] All =
    [
        (Operator.Implies, "implies", 1),
        (Operator.Or, "or", 2), (Operator.Xor, "xor", 2),
        (Operator.And, "and", 3),
        (Operator.In, "in", 4), (Operator.Contains, "contains", 4),
        (Operator.Equal, "=", 5), (Operator.Equivalent, "~", 5), (Operator.NotEqual, "!=", 5), (Operator.NotEquivalent, "!~", 5),
        (Operator.Less, "<", 6), (Operator.LessOrEqual, "<=", 6), (Operator.Greater, ">", 6), (Operator.GreaterOrEqual, ">=", 6),
        (Operator.Union, "|", 7),
        (Operator.Add, "+", 9), (Operator.Subtract, "-", 9), (Operator.Concatenate, "&", 9),
        (Operator.Multiply, "*", 10), (Operator.Divide, "/", 10), (Operator.IntegerDivide, "div", 10), (Operator.Modulo, "mod", 10),
    ];

    public static bool TryGet(ReadOnlySpan<char> text, out Operator found, out int binding)
    {
        foreach ((Operator candidate, string spelling, int strength) in All)
        {
            if (text.SequenceEqual(spelling))
            {
                (found, binding) = (candidate, strength);
                return true;
            }
        }

        (found, binding) = (default, 0);
        return false;
    }

    public static string Text(this Operator value) => All[(int)value].Text;

    public static int Binding(this Operator value) => All[(int)value].Binding;
}
