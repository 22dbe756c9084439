using System.Globalization;

namespace HealthChain.Fhir.FhirPath;

/// <summary>Reads an expression by precedence climbing. Nesting is bounded, so that no expression can exhaust the stack.</summary>
internal sealed class Parser
{
    private readonly Lexer _lexer;
    private readonly int _maxDepth;
    private Token _token;
    private int _depth;

    private Parser(string text, int maxDepth)
    {
        _lexer = new Lexer(text);
        _maxDepth = maxDepth;
        _token = _lexer.Next();
    }

    /// <summary>Parses; throws <see cref="FhirException"/> with the position when the text is no expression.</summary>
    public static Syntax Parse(string text, FhirPathLimits limits)
    {
        if (text.Length > limits.MaxExpressionLength)
        {
            throw new FhirException(FhirError.Of(
                ErrorKind.TooCostly, IssueType.TooLong, $"The FHIRPath expression has {text.Length} characters, the limit is {limits.MaxExpressionLength}."));
        }

        var parser = new Parser(text, limits.MaxDepth);
        Syntax syntax = parser.Expression(0);
        if (parser._token.Kind != TokenKind.End)
        {
            throw parser.Unexpected("an operator or the end of the expression");
        }

        return syntax;
    }

    private Syntax Expression(int minBinding)
    {
        int depth = _depth;
        Enter();
        Syntax left = Polarity();
        while (true)
        {
            int position = _token.Start;
            if (minBinding <= Operators.TypeBinding && (IsWord("is") || IsWord("as")))
            {
                bool isTest = IsWord("is");
                Advance();
                left = new TypeSyntax(position, isTest, left, TypeSpecifier());
            }
            else if (IsOperator(out Operator op, out int binding) && binding >= minBinding)
            {
                Advance();
                left = new BinarySyntax(position, op, left, Expression(binding + 1));
            }
            else
            {
                _depth = depth;
                return left;
            }

            // A long chain of operators makes a tree that leans left, as deep as the chain is long.
            Enter();
        }
    }

    private Syntax Polarity()
    {
        if (_token.Kind == TokenKind.Symbol && _token.Text is "+" or "-")
        {
            (int position, bool negative) = (_token.Start, _token.Text == "-");
            Advance();
            Enter();
            Syntax operand = Polarity();
            _depth--;
            return new PolaritySyntax(position, negative, operand);
        }

        return Postfix();
    }

    private Syntax Postfix()
    {
        int depth = _depth;
        Syntax left = Term();
        while (_token.Kind == TokenKind.Symbol)
        {
            int position = _token.Start;
            if (Take("."))
            {
                left = _token.Kind == TokenKind.Special ? throw Unexpected("a name") : Invocation(left);
            }
            else if (Take("["))
            {
                Syntax index = Expression(0);
                Expect("]");
                left = new IndexerSyntax(position, left, index);
            }
            else
            {
                break;
            }

            Enter();
        }

        _depth = depth;
        return left;
    }

    private Syntax Term()
    {
        Token token = _token;
        switch (token.Kind)
        {
            case TokenKind.String:
                Advance();
                return new LiteralSyntax(token.Start, FhirPathValue.OfString(token.Text), Written(token));
            case TokenKind.Number:
                return Number(token);
            case TokenKind.Long:
                Advance();
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                    ? new LiteralSyntax(token.Start, FhirPathValue.OfLong(number), Written(token))
                    : throw SyntaxErrors.At(_lexer.Source, token.Start, "a number of at most 64 bits", token.Text);
            case TokenKind.Temporal:
                Advance();
                return new LiteralSyntax(token.Start, TemporalLiteral(token), Written(token));
            case TokenKind.Special when token.Text is "$this" or "$index" or "$total":
                Advance();
                return new SpecialSyntax(token.Start, token.Text);
            case TokenKind.Variable:
                Advance();
                return new VariableSyntax(token.Start, token.Text);
            case TokenKind.Word when token.Text is "true" or "false":
                Advance();
                return new LiteralSyntax(token.Start, FhirPathValue.OfBoolean(token.Text == "true"), token.Text);
            case TokenKind.Word or TokenKind.Quoted:
                return Invocation(null);
            case TokenKind.Symbol when token.Text == "(":
                Advance();
                Syntax inner = Expression(0);
                Expect(")");
                return inner;
            case TokenKind.Symbol when token.Text == "{":
                Advance();
                Expect("}");
                return new EmptySyntax(token.Start);
            default:
                throw Unexpected("an expression");
        }
    }

    private LiteralSyntax Number(Token token)
    {
        Advance();
        if (!decimal.TryParse(token.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            throw SyntaxErrors.At(_lexer.Source, token.Start, "a number of at most 28 digits", token.Text);
        }

        Token unit = _token;
        if (unit.Kind == TokenKind.String || (unit.Kind == TokenKind.Word && QuantityUnit.IsCalendarWord(unit.Text)))
        {
            Advance();
            QuantityUnit parsed = unit.Kind == TokenKind.String ? QuantityUnit.OfQuoted(unit.Text) : QuantityUnit.OfCalendarWord(unit.Text)!;
            return new LiteralSyntax(
                token.Start, FhirPathValue.OfQuantity(number, parsed), $"{Written(token)} {Written(unit)}");
        }

        bool isInteger = !token.Text.Contains('.');
        if (isInteger && number > int.MaxValue)
        {
            throw SyntaxErrors.At(_lexer.Source, token.Start, $"an integer of at most {int.MaxValue} (write 'L' behind a longer one)", token.Text);
        }

        FhirPathValue value = isInteger ? FhirPathValue.OfInteger((int)number) : FhirPathValue.OfDecimal(number);
        return new LiteralSyntax(token.Start, value, Written(token));
    }

    private FhirPathValue TemporalLiteral(Token token)
    {
        bool isTime = token.Text.StartsWith('T');
        bool parsed = isTime
            ? Temporal.TryParseTime(token.Text.AsSpan(1), out Temporal value)
            : Temporal.TryParseDateTime(token.Text, out value);
        if (!parsed)
        {
            throw SyntaxErrors.At(_lexer.Source, token.Start, "a date @YYYY-MM-DD, dateTime @YYYY-MM-DDThh:mm:ss.fff(Z|+hh:mm) or time @Thh:mm:ss.fff", $"'{Written(token)}'");
        }

        return isTime ? FhirPathValue.OfTime(value)
            : token.Text.Contains('T') ? FhirPathValue.OfDateTime(value)
            : FhirPathValue.OfDate(value);
    }

    private Syntax Invocation(Syntax? input)
    {
        Token name = _token;
        if (name.Kind is not (TokenKind.Word or TokenKind.Quoted))
        {
            throw Unexpected("a name");
        }

        if (input is null && name.Kind == TokenKind.Word && IsReserved(name.Text))
        {
            throw Unexpected("an expression");
        }

        Advance();
        if (!Take("("))
        {
            return new MemberSyntax(name.Start, input, name.Text);
        }

        var arguments = new List<Syntax>();
        if (!Take(")"))
        {
            do
            {
                arguments.Add(Argument());
            }
            while (Take(","));
            Expect(")");
        }

        return new CallSyntax(name.Start, input, name.Text, arguments);
    }

    private Syntax Argument()
    {
        int position = _token.Start;
        Syntax argument = Expression(0);
        if (IsWord("asc") || IsWord("desc"))
        {
            bool descending = IsWord("desc");
            Advance();
            return new SortKeySyntax(position, argument, descending);
        }

        return argument;
    }

    private TypeName TypeSpecifier()
    {
        string first = Name();
        return Take(".") ? new TypeName(first, Name()) : new TypeName(null, first);
    }

    private string Name()
    {
        if (_token.Kind is not (TokenKind.Word or TokenKind.Quoted))
        {
            throw Unexpected("the name of a type");
        }

        string name = _token.Text;
        Advance();
        return name;
    }

    // As the grammar has it, "as", "contains", "in" and "is" are names too where a name can stand.
    private static bool IsReserved(string word) => word is "and" or "or" or "xor" or "implies" or "div" or "mod";

    private bool IsOperator(out Operator op, out int binding)
    {
        (op, binding) = (default, 0);
        return _token.Kind is TokenKind.Symbol or TokenKind.Word && Operators.TryGet(_token.Text, out op, out binding);
    }

    private bool IsWord(string word) => _token.Kind == TokenKind.Word && _token.Text == word;

    private bool Take(string symbol)
    {
        if (_token.Kind != TokenKind.Symbol || _token.Text != symbol)
        {
            return false;
        }

        Advance();
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }
    }

    private void Advance() => _token = _lexer.Next();

    private void Enter()
    {
        if (++_depth > _maxDepth)
        {
            throw new FhirException(FhirError.Of(
                ErrorKind.TooCostly, IssueType.TooCostly, $"The FHIRPath expression nests deeper than {_maxDepth} levels."));
        }
    }

    private string Written(Token token) => _lexer.Source[token.Start..token.End];

    private FhirException Unexpected(string expected) =>
        SyntaxErrors.At(_lexer.Source, _token.Start, expected, _token.Kind == TokenKind.End ? _token.Text : $"'{Written(_token)}'");
}
