using System.Globalization;
using System.Text;
using HealthChain.Fhir;

namespace HealthChain.FhirServer.GraphQl;

internal enum TokenKind
{
    End,
    Punctuator,
    Name,
    Number,
    String,
}

/// <param name="Text">A string without its quotes, escapes resolved.</param>
internal readonly record struct Token(TokenKind Kind, string Text, Location Location);

/// <summary>Cuts a text into tokens: https://spec.graphql.org/October2021/#sec-Language.Source-Text</summary>
internal sealed class Lexer(string text)
{
    private int _at;
    private int _line = 1;
    private int _lineStart;

    /// <exception cref="FhirException">The text has something that is no token.</exception>
    public Token Next()
    {
        SkipIgnored();
        Location location = Here;
        if (_at == text.Length)
        {
            return new Token(TokenKind.End, "", location);
        }

        char c = text[_at];
        if (IsNameStart(c))
        {
            return new Token(TokenKind.Name, TakeWhile(static letter => IsNameStart(letter) || char.IsAsciiDigit(letter)), location);
        }

        if (char.IsAsciiDigit(c) || c == '-')
        {
            return Number(location);
        }

        if (c == '"')
        {
            return text.AsSpan(_at).StartsWith("\"\"\"") ? BlockString(location) : String(location);
        }

        if (text.AsSpan(_at).StartsWith("..."))
        {
            _at += 3;
            return new Token(TokenKind.Punctuator, "...", location);
        }

        if (!"!$&():=@[]{|}".Contains(c, StringComparison.Ordinal))
        {
            throw Fault(location, $"'{c}' cannot stand here");
        }

        _at++;
        return new Token(TokenKind.Punctuator, c.ToString(), location);
    }

    public static FhirException Fault(Location location, string message) =>
        new(FhirError.Of(ErrorKind.Invalid, IssueType.Invalid, string.Create(CultureInfo.InvariantCulture, $"GraphQL, line {location.Line}, column {location.Column}: {message}.")));

    private Location Here => new(_line, _at - _lineStart + 1);

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    /// <summary>White space, line ends, commas, comments and a byte order mark mean nothing.</summary>
    private void SkipIgnored()
    {
        while (_at < text.Length)
        {
            char c = text[_at];
            if (c == '#')
            {
                int end = text.AsSpan(_at).IndexOfAny('\n', '\r');
                _at = end < 0 ? text.Length : _at + end;
            }
            else if (c is ' ' or '\t' or ',' or '\r' or '\n' or '\uFEFF')
            {
                _at++;
                if (c == '\n')
                {
                    _line++;
                    _lineStart = _at;
                }
            }
            else
            {
                return;
            }
        }
    }

    private string TakeWhile(Func<char, bool> belongs)
    {
        int start = _at;
        while (_at < text.Length && belongs(text[_at]))
        {
            _at++;
        }

        return text[start.._at];
    }

    private Token Number(Location location)
    {
        string number = TakeWhile(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_');
        bool isNumber = decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out _)
            && number[0] != '+' && !number.EndsWith('.') && !HasLeadingZero(number);
        return isNumber ? new Token(TokenKind.Number, number, location) : throw Fault(location, $"'{Searching.SearchPath.Shown(number)}' is no number");
    }

    private static bool HasLeadingZero(string number)
    {
        ReadOnlySpan<char> digits = number.AsSpan().TrimStart('-');
        return digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit(digits[1]);
    }

    private Token String(Location location)
    {
        var value = new StringBuilder();
        _at++;
        while (true)
        {
            if (_at == text.Length || text[_at] is '\n' or '\r')
            {
                throw Fault(location, "the string does not end");
            }

            char c = text[_at++];
            switch (c)
            {
                case '"':
                    return new Token(TokenKind.String, value.ToString(), location);
                case '\\':
                    value.Append(Escaped(location));
                    break;
                case < ' ' and not '\t':
                    throw Fault(location, "the string has a control character");
                default:
                    value.Append(c);
                    break;
            }
        }
    }

    private char Escaped(Location location)
    {
        char c = _at < text.Length ? text[_at++] : '\0';
        if (c == 'u' && _at + 4 <= text.Length && ushort.TryParse(text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
        {
            _at += 4;
            return (char)code;
        }

        return c switch
        {
            '"' or '\\' or '/' => c,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw Fault(location, "the string has an escape that there is not"),
        };
    }

    private Token BlockString(Location location)
    {
        const string Quotes = "\"\"\"";
        _at += Quotes.Length;
        var raw = new StringBuilder();
        while (!text.AsSpan(_at).StartsWith(Quotes))
        {
            if (_at == text.Length)
            {
                throw Fault(location, "the string does not end");
            }

            if (text.AsSpan(_at).StartsWith("\\\"\"\""))
            {
                raw.Append(Quotes);
                _at += Quotes.Length + 1;
                continue;
            }

            if (text[_at] == '\n')
            {
                _line++;
                _lineStart = _at + 1;
            }

            raw.Append(text[_at++]);
        }

        _at += Quotes.Length;
        return new Token(TokenKind.String, Unindented(raw.ToString()), location);
    }

    /// <summary>https://spec.graphql.org/October2021/#BlockStringValue(): without the indentation that all lines share, and without empty lines around.</summary>
    private static string Unindented(string raw)
    {
        string[] lines = raw.ReplaceLineEndings("\n").Split('\n');
        int common = lines.Skip(1).Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => line.Length - line.TrimStart(' ', '\t').Length).DefaultIfEmpty(0).Min();
        IEnumerable<string> shifted = lines.Select((line, index) => index == 0 ? line : line.Length >= common ? line[common..] : "");
        List<string> kept = [.. shifted.SkipWhile(string.IsNullOrWhiteSpace)];
        while (kept.Count > 0 && string.IsNullOrWhiteSpace(kept[^1]))
        {
            kept.RemoveAt(kept.Count - 1);
        }

        return string.Join('\n', kept);
    }
}
