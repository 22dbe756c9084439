using System.Globalization;
using System.Text;

namespace HealthChain.Fhir.FhirPath;

internal enum TokenKind : byte
{
    End,

    /// <summary>A word, which may be a name or an operator.</summary>
    Word,

    /// <summary>A name in back quotes; never an operator.</summary>
    Quoted,
    String,
    Number,
    Long,
    Temporal,

    /// <summary><c>$this</c> and its like.</summary>
    Special,

    /// <summary><c>%name</c>.</summary>
    Variable,
    Symbol,
}

/// <summary>A token; <see cref="Text"/> is what it means (escapes resolved), the range is where it stands.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, string Text);

/// <summary>Cuts an expression into tokens (FHIRPath, "Lexical Elements").</summary>
internal sealed class Lexer(string text)
{
    private int _at;

    public string Source => text;

    public Token Next()
    {
        SkipBlanks();
        int start = _at;
        if (_at >= text.Length)
        {
            return new Token(TokenKind.End, start, start, "end of expression");
        }

        char c = text[_at];
        if (IsNameStart(c))
        {
            return Word(start);
        }

        if (char.IsAsciiDigit(c))
        {
            return Number(start);
        }

        switch (c)
        {
            case '\'':
                string value = Delimited(c);
                return new Token(TokenKind.String, start, _at, value);
            case '`':
            case '"':
                // Double quotes were the delimiter of identifiers before FHIRPath 1.3.
                string name = Name(c);
                return new Token(TokenKind.Quoted, start, _at, name);
            case '@':
                return Temporal(start);
            case '$':
                _at++;
                SkipName();
                return new Token(TokenKind.Special, start, _at, text[start.._at]);
            case '%':
                return Variable(start);
            default:
                return Symbol(start);
        }
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private Token Word(int start)
    {
        SkipName();
        return new Token(TokenKind.Word, start, _at, text[start.._at]);
    }

    private void SkipName()
    {
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
        {
            _at++;
        }
    }

    private Token Variable(int start)
    {
        _at++;
        char c = _at < text.Length ? text[_at] : '\0';
        if (c is '\'' or '`')
        {
            string name = Name(c);
            return new Token(TokenKind.Variable, start, _at, name);
        }

        int nameStart = _at;
        SkipName();
        if (_at == nameStart)
        {
            throw Error(start, "a name after '%'");
        }

        return new Token(TokenKind.Variable, start, _at, text[nameStart.._at]);
    }

    private Token Number(int start)
    {
        SkipDigits();
        if (_at + 1 < text.Length && text[_at] == '.' && char.IsAsciiDigit(text[_at + 1]))
        {
            _at++;
            SkipDigits();
        }
        else if (_at < text.Length && text[_at] == 'L')
        {
            _at++;
            return new Token(TokenKind.Long, start, _at, text[start..(_at - 1)]);
        }

        return new Token(TokenKind.Number, start, _at, text[start.._at]);
    }

    private void SkipDigits()
    {
        while (_at < text.Length && char.IsAsciiDigit(text[_at]))
        {
            _at++;
        }
    }

    /// <summary>A date, dateTime or time without its '@'. The parser of values checks the ranges.</summary>
    private Token Temporal(int start)
    {
        _at++;
        bool hasTime = false;
        if (Peek('T'))
        {
            _at++;
            SkipTime();
        }
        else
        {
            SkipDigits();
            while (_at < text.Length && text[_at] == '-' && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]))
            {
                _at++;
                SkipDigits();
            }

            if (Peek('T'))
            {
                _at++;
                hasTime = SkipTime();
            }
        }

        if (hasTime)
        {
            SkipOffset();
        }

        return new Token(TokenKind.Temporal, start, _at, text[(start + 1).._at]);
    }

    private bool SkipTime()
    {
        int start = _at;
        SkipDigits();
        while (_at + 1 < text.Length && text[_at] is ':' or '.' && char.IsAsciiDigit(text[_at + 1]))
        {
            _at++;
            SkipDigits();
        }

        return _at > start;
    }

    private void SkipOffset()
    {
        if (Peek('Z'))
        {
            _at++;
        }
        else if (_at + 5 < text.Length && text[_at] is '+' or '-' && text[_at + 3] == ':' && char.IsAsciiDigit(text[_at + 5]))
        {
            _at += 6;
        }
    }

    private bool Peek(char c) => _at < text.Length && text[_at] == c;

    private Token Symbol(int start)
    {
        int length = _at + 1 < text.Length && text.AsSpan(_at, 2) is "<=" or ">=" or "!=" or "!~" ? 2 : 1;
        ReadOnlySpan<char> symbol = text.AsSpan(_at, length);
        if (length == 1 && !"()[]{}.,|=~<>+-*/&".Contains(symbol[0]))
        {
            throw Error(start, "a name, a literal or an operator");
        }

        _at += length;
        return new Token(TokenKind.Symbol, start, _at, symbol.ToString());
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }
            else if (text.AsSpan(_at).StartsWith("//"))
            {
                int end = text.AsSpan(_at).IndexOfAny('\n', '\r');
                _at = end < 0 ? text.Length : _at + end;
            }
            else if (text.AsSpan(_at).StartsWith("/*"))
            {
                int end = text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    throw SyntaxErrors.At(text, _at, "'*/' at the end of the comment", "the end of the expression");
                }

                _at = end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private string Name(char quote)
    {
        int start = _at;
        string name = Delimited(quote);
        return name.Length > 0 ? name : throw SyntaxErrors.At(text, start, "a name between the quotes", "nothing");
    }

    /// <summary>Reads a string or identifier between two <paramref name="quote"/>s, resolving escapes.</summary>
    private string Delimited(char quote)
    {
        int start = _at++;
        int end = text.AsSpan(_at).IndexOfAny(quote, '\\');
        if (end >= 0 && text[_at + end] == quote)
        {
            string plain = text.Substring(_at, end);
            _at += end + 1;
            return plain;
        }

        var builder = new StringBuilder();
        while (_at < text.Length && text[_at] != quote)
        {
            builder.Append(text[_at] == '\\' ? Escape() : text[_at++]);
        }

        if (_at >= text.Length)
        {
            throw SyntaxErrors.At(text, start, $"a closing {quote}", "the end of the expression");
        }

        _at++;
        return builder.ToString();
    }

    private char Escape()
    {
        int start = _at++;
        char c = _at < text.Length ? text[_at++] : '\0';
        switch (c)
        {
            case '\'' or '"' or '`' or '\\' or '/':
                return c;
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when _at + 4 <= text.Length
                && ushort.TryParse(text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code):
                _at += 4;
                return (char)code;
            default:
                throw SyntaxErrors.At(text, start, "one of the escapes \\' \\\" \\` \\\\ \\/ \\f \\n \\r \\t \\uXXXX", $"'\\{c}'");
        }
    }

    private FhirException Error(int position, string expected) =>
        SyntaxErrors.At(text, position, expected, $"'{text[position]}'");
}

internal static class SyntaxErrors
{
    /// <summary>An error that shows where: line and column, and the text from there on.</summary>
    public static FhirException At(string text, int position, string expected, string found)
    {
        int line = text.AsSpan(0, position).Count('\n') + 1;
        int column = position - (text.AsSpan(0, position).LastIndexOf('\n') + 1) + 1;
        string rest = position >= text.Length ? "" : $" in front of \"{text.Substring(position, Math.Min(24, text.Length - position))}\"";
        Issue issue = Issue.Error(
            IssueType.Invalid,
            $"FHIRPath syntax error at line {line}, column {column}: expected {expected}, found {found}{rest}.");
        return new FhirException(new FhirError(ErrorKind.Invalid, [issue with { Position = (line, column) }]));
    }
}
