using System.Globalization;
using System.Numerics;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// Reads the case-sensitive syntax of UCUM (§§ 2-12 and the grammar of § 7): products and quotients from left to right.
/// </summary>
/// <remarks>Work is bounded by the length of the text, the depth of parentheses, and the size of exponents and factors.</remarks>
internal ref struct UcumParser
{
    public const int MaxLength = 256;
    public const int MaxDigits = 28;
    private const int MaxDepth = 16;

    private readonly ReadOnlySpan<char> _text;
    private readonly UcumTable _table;
    private int _position;
    private int _depth;
    private string? _error;

    private UcumParser(ReadOnlySpan<char> text, UcumTable table)
    {
        _text = text;
        _table = table;
    }

    private readonly char Current => _position < _text.Length ? _text[_position] : '\0';

    public static bool TryParse(ReadOnlySpan<char> text, UcumTable table, out UcumUnit unit, out string? error)
    {
        unit = UcumUnit.One;
        error = text.IsEmpty ? "a unit must not be empty; the unit of pure numbers is '1'"
            : text.Length > MaxLength ? $"a unit of more than {MaxLength} characters"
            : null;
        if (error is not null)
        {
            return false;
        }

        var parser = new UcumParser(text, table);
        if (parser.TryMainTerm(out unit))
        {
            return true;
        }

        error = $"{parser._error} (at position {parser._position + 1} of '{text}')";
        return false;
    }

    private bool TryMainTerm(out UcumUnit unit)
    {
        // A leading solidus divides into one; it binds as any other (§ 7.4), so "/a.b" is b/a.
        unit = UcumUnit.One;
        return (Current == '/' || TryComponent(out unit))
            && TryOperators(ref unit)
            && (_position == _text.Length || Fail(Unexpected()));
    }

    private bool TryOperators(ref UcumUnit unit)
    {
        while (Current is '.' or '/')
        {
            var power = Current == '.' ? 1 : -1;
            var start = _position++;
            if (!TryComponent(out var right))
            {
                return false;
            }

            if (!UcumUnit.TryCombine(unit, right, power, out unit, out var error))
            {
                _position = start;
                return Fail(error);
            }
        }

        return true;
    }

    private bool TryComponent(out UcumUnit unit)
    {
        unit = UcumUnit.One;
        switch (Current)
        {
            case '(':
                return TryParenthesis(out unit);
            case '{':
                return TryAnnotation();
            case >= '0' and <= '9' when !IsPowerOfTen():
                return TryNumber(out unit) && TryAnnotation();
            default:
                return TrySimpleUnit(out unit) && TryAnnotation();
        }
    }

    private bool TryParenthesis(out UcumUnit unit)
    {
        unit = UcumUnit.One;
        if (_depth == MaxDepth)
        {
            return Fail($"more than {MaxDepth} parentheses within each other");
        }

        var start = _position++;
        _depth++;
        if (!TryComponent(out unit) || !TryOperators(ref unit))
        {
            return false;
        }

        if (Current != ')')
        {
            var atEnd = _position == _text.Length;
            _position = atEnd ? start : _position;
            return Fail(atEnd ? "this parenthesis is not closed" : Unexpected());
        }

        _depth--;
        _position++;
        return true;
    }

    /// <summary>Passes over an optional annotation, which says something about the measurement and nothing about the unit (§ 6).</summary>
    private bool TryAnnotation()
    {
        if (Current != '{')
        {
            return true;
        }

        var length = _text[_position..].IndexOf('}');
        if (length < 0)
        {
            return Fail("this annotation is not closed");
        }

        var inner = _text.Slice(_position + 1, length - 1);
        var bad = inner.IndexOfAnyExceptInRange('!', '~');
        bad = bad < 0 ? inner.IndexOf('{') : bad;
        if (bad >= 0)
        {
            _position += bad + 1;
            return Fail("an annotation holds ASCII characters other than blanks and braces");
        }

        _position += length + 1;
        return true;
    }

    private readonly bool IsPowerOfTen() =>
        _text[_position..].StartsWith("10*", StringComparison.Ordinal) || _text[_position..].StartsWith("10^", StringComparison.Ordinal);

    private bool TryNumber(out UcumUnit unit)
    {
        unit = UcumUnit.One;
        var digits = Digits();
        if (digits.Length > MaxDigits)
        {
            return Fail($"a number of more than {MaxDigits} digits");
        }

        var number = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        if (number.IsZero)
        {
            return Fail("zero is no factor of a unit");
        }

        _position += digits.Length;
        unit = UcumUnit.OfNumber(number);
        return true;
    }

    private bool TrySimpleUnit(out UcumUnit unit)
    {
        unit = UcumUnit.One;
        var start = _position;
        if (!TrySymbol(out var symbol))
        {
            return false;
        }

        if (!_table.TryResolve(symbol, out unit, out var error))
        {
            _position = start;
            return Fail(error);
        }

        if (!TryExponent(out var power))
        {
            return false;
        }

        if (power != 1 && !UcumUnit.TryPower(unit, power, out unit, out error))
        {
            return Fail(error);
        }

        return true;
    }

    private bool TrySymbol(out ReadOnlySpan<char> symbol)
    {
        symbol = default;
        var start = _position;
        _position += char.IsAsciiDigit(Current) ? "10*".Length : 0;
        while (IsSymbolCharacter(Current))
        {
            if (Current == '[')
            {
                // Inside square brackets, digits and operators are letters (§ 4): B[10.nV].
                var length = _text[_position..].IndexOf(']');
                if (length < 0)
                {
                    return Fail("this square bracket is not closed");
                }

                _position += length;
            }

            _position++;
        }

        symbol = _text[start.._position];
        return symbol.Length > 0 || Fail(Unexpected());
    }

    private bool TryExponent(out int power)
    {
        power = 1;
        var sign = Current is '+' or '-' ? 1 : 0;
        var negative = Current == '-';
        _position += sign;
        var digits = Digits();
        if (digits.IsEmpty)
        {
            return sign == 0 || Fail("a sign must be followed by the digits of an exponent");
        }

        if (!sbyte.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            return Fail($"an exponent beyond {sbyte.MaxValue}");
        }

        _position += digits.Length;
        power = negative ? -size : size;
        return true;
    }

    private readonly ReadOnlySpan<char> Digits()
    {
        var rest = _text[_position..];
        var length = rest.IndexOfAnyExceptInRange('0', '9');
        return length < 0 ? rest : rest[..length];
    }

    private static bool IsSymbolCharacter(char c) =>
        c is > ' ' and <= '~' and not ('.' or '/' or '(' or ')' or '{' or '}' or ']' or '+' or '-' or '=' or '"') && !char.IsAsciiDigit(c);

    private readonly string Unexpected() =>
        _position == _text.Length ? "the unit ends where a symbol, a number or '(' must follow"
        : Current is > ' ' and <= '~' ? $"'{Current}' must not stand here"
        : $"the character U+{(int)Current:X4} must not stand in a unit";

    private bool Fail(string? error)
    {
        _error = error;
        return false;
    }
}
