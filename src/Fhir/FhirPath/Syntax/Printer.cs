using System.Globalization;
using System.Text;

namespace HealthChain.Fhir.FhirPath;

/// <summary>Writes a parsed expression in one canonical form, with no more parentheses than it needs.</summary>
internal static class Printer
{
    public static string Print(Syntax syntax)
    {
        var builder = new StringBuilder();
        Append(builder, syntax, 0);
        return builder.ToString();
    }

    public static void AppendQuoted(StringBuilder builder, string text, char quote)
    {
        builder.Append(quote);
        foreach (char c in text)
        {
            string? escape = c switch
            {
                '\\' => "\\\\",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when c == quote => "\\" + quote,
                _ when char.IsControl(c) => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
                _ => null,
            };
            _ = escape is null ? builder.Append(c) : builder.Append(escape);
        }

        builder.Append(quote);
    }

    private static void Append(StringBuilder builder, Syntax syntax, int binding)
    {
        int own = BindingOf(syntax);
        if (own < binding)
        {
            builder.Append('(');
        }

        AppendBare(builder, syntax);
        if (own < binding)
        {
            builder.Append(')');
        }
    }

    private static int BindingOf(Syntax syntax) => syntax switch
    {
        BinarySyntax binary => binary.Operator.Binding(),
        TypeSyntax => Operators.TypeBinding,
        PolaritySyntax => Operators.Unary,
        _ => Operators.Unary + 1,
    };

    private static void AppendBare(StringBuilder builder, Syntax syntax)
    {
        switch (syntax)
        {
            case LiteralSyntax literal:
                builder.Append(literal.Text);
                break;
            case EmptySyntax:
                builder.Append("{}");
                break;
            case VariableSyntax variable:
                builder.Append('%');
                AppendName(builder, variable.Name);
                break;
            case SpecialSyntax special:
                builder.Append(special.Name);
                break;
            case MemberSyntax member:
                AppendInput(builder, member.Input);
                AppendName(builder, member.Name);
                break;
            case CallSyntax call:
                AppendInput(builder, call.Input);
                AppendName(builder, call.Name);
                AppendArguments(builder, call.Arguments);
                break;
            case IndexerSyntax indexer:
                Append(builder, indexer.Input, Operators.Unary + 1);
                builder.Append('[');
                Append(builder, indexer.Index, 0);
                builder.Append(']');
                break;
            case PolaritySyntax polarity:
                builder.Append(polarity.IsNegative ? '-' : '+');
                Append(builder, polarity.Operand, Operators.Unary);
                break;
            case TypeSyntax type:
                Append(builder, type.Operand, Operators.TypeBinding);
                builder.Append(type.IsTest ? " is " : " as ");
                AppendType(builder, type.Type);
                break;
            case BinarySyntax binary:
                Append(builder, binary.Left, binary.Operator.Binding());
                builder.Append(' ').Append(binary.Operator.Text()).Append(' ');
                Append(builder, binary.Right, binary.Operator.Binding() + 1);
                break;
            case SortKeySyntax key:
                Append(builder, key.Key, 0);
                builder.Append(key.Descending ? " desc" : " asc");
                break;
        }
    }

    private static void AppendInput(StringBuilder builder, Syntax? input)
    {
        if (input is not null)
        {
            Append(builder, input, Operators.Unary + 1);
            builder.Append('.');
        }
    }

    private static void AppendArguments(StringBuilder builder, IReadOnlyList<Syntax> arguments)
    {
        builder.Append('(');
        for (int i = 0; i < arguments.Count; i++)
        {
            if (i > 0)
            {
                builder.Append(", ");
            }

            Append(builder, arguments[i], 0);
        }

        builder.Append(')');
    }

    private static void AppendType(StringBuilder builder, TypeName type)
    {
        if (type.Namespace is not null)
        {
            AppendName(builder, type.Namespace);
            builder.Append('.');
        }

        AppendName(builder, type.Name);
    }

    private static void AppendName(StringBuilder builder, string name)
    {
        bool plain = name.Length > 0 && !char.IsAsciiDigit(name[0]) && !IsKeyword(name);
        foreach (char c in name)
        {
            plain &= char.IsAsciiLetterOrDigit(c) || c == '_';
        }

        if (plain)
        {
            builder.Append(name);
        }
        else
        {
            AppendQuoted(builder, name, '`');
        }
    }

    private static bool IsKeyword(string name) =>
        Operators.TryGet(name, out _, out _) || name is "is" or "as" or "true" or "false" || QuantityUnit.IsCalendarWord(name);
}
