using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace HealthChain.Fhir.Model;

/// <summary>A stretch of the text: a string without its quotes, or a number.</summary>
internal readonly record struct Token(int Start, int Length, bool IsEscaped);

/// <summary>
/// A strict RFC 8259 tokenizer over bytes that are known to be valid UTF-8. It hands out offsets instead of values and stops at the
/// first fault of syntax with a <see cref="FhirException"/>, because nothing behind such a fault can be trusted.
/// </summary>
internal ref struct JsonScanner(ReadOnlySpan<byte> json, ReadLimits limits)
{
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _json = json;
    private readonly ReadLimits _limits = limits;

    public int Position { get; set; }

    public readonly ReadOnlySpan<byte> Slice(Token token) => _json.Slice(token.Start, token.Length);

    /// <summary>The next byte that is not white space; 0 at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Peek()
    {
        int position = Position;
        if ((uint)position < (uint)_json.Length)
        {
            byte next = _json[position];
            if (next > ' ')
            {
                return next;
            }
        }

        return SkipWhiteSpace();
    }

    /// <summary>Consumes the byte that <see cref="Peek"/> showed.</summary>
    public void Take() => Position++;

    /// <summary>Consumes <paramref name="expected"/>, which must come next.</summary>
    public void Expect(byte expected, string where)
    {
        byte next = Peek();
        if (next != expected)
        {
            Fail($"expected '{(char)expected}' {where}", next);
        }

        Position++;
    }

    /// <summary>After a member or item: true when a comma promises another one, false when the closing byte was consumed.</summary>
    public bool MoreBefore(byte closing)
    {
        byte next = Peek();
        if (next == (byte)',')
        {
            Position++;
            return true;
        }

        if (next != closing)
        {
            Fail($"expected ',' or '{(char)closing}'", next);
        }

        Position++;
        return false;
    }

    /// <summary>Reads a string; the opening quote must come next.</summary>
    public Token String()
    {
        byte next = Peek();
        if (next != (byte)'"')
        {
            Fail("expected a string", next);
        }

        int start = Position + 1;
        int position = start;
        bool escaped = false;
        while (true)
        {
            int offset = FindStringEnd(_json[position..]);
            if (offset < 0)
            {
                Position = _json.Length;
                Fail("the string that starts here has no end", 0, start - 1);
            }

            position += offset;
            byte end = _json[position];
            if (end == (byte)'"')
            {
                break;
            }

            if (end != (byte)'\\')
            {
                Position = position;
                Fail("a control character inside a string must be escaped", end);
            }

            escaped = true;
            position = SkipEscape(position);
        }

        if (position - start > _limits.MaxStringBytes)
        {
            FailLimit($"a string is longer than the limit of {_limits.MaxStringBytes} bytes", start - 1);
        }

        Position = position + 1;
        return new Token(start, position - start, escaped);
    }

    /// <summary>Reads a number by the grammar of JSON.</summary>
    public Token Number()
    {
        int start = Position;
        int position = start;
        if (At(position) == (byte)'-')
        {
            position++;
        }

        if (At(position) == (byte)'0')
        {
            position++;
        }
        else
        {
            position = Digits(position);
        }

        if (At(position) == (byte)'.')
        {
            position = Digits(position + 1);
        }

        if ((At(position) | 0x20) == (byte)'e')
        {
            position++;
            if (At(position) is (byte)'+' or (byte)'-')
            {
                position++;
            }

            position = Digits(position);
        }

        byte after = At(position);
        if (after is >= (byte)'0' and <= (byte)'9' or (byte)'.' or (byte)'-' or (byte)'+')
        {
            Position = position;
            Fail("the number is not written as JSON demands", after);
        }

        Position = position;
        return new Token(start, position - start, false);
    }

    /// <summary>Reads <c>true</c>, <c>false</c> or <c>null</c>.</summary>
    public Token Literal()
    {
        ReadOnlySpan<byte> rest = _json[Position..];
        ReadOnlySpan<byte> literal = rest.StartsWith("true"u8) ? "true"u8 : rest.StartsWith("false"u8) ? "false"u8 : "null"u8;
        if (!rest.StartsWith(literal))
        {
            Fail("expected a JSON value", At(Position));
        }

        var token = new Token(Position, literal.Length, false);
        Position += literal.Length;
        return token;
    }

    /// <summary>Passes over one value of any kind, still checking its syntax. Iterative, so that depth costs no stack.</summary>
    public void SkipValue()
    {
        // One bit a level: set for an object, clear for an array.
        Span<bool> objects = stackalloc bool[_limits.MaxDepth + 1];
        int depth = 0;
        while (true)
        {
            byte next = Peek();
            if (next is (byte)'{' or (byte)'[')
            {
                if (depth == _limits.MaxDepth)
                {
                    FailDepth();
                }

                bool isObject = next == (byte)'{';
                objects[depth++] = isObject;
                Position++;
                if (Peek() == (isObject ? (byte)'}' : (byte)']'))
                {
                    Position++;
                    depth--;
                }
                else
                {
                    if (isObject)
                    {
                        SkipName();
                    }

                    continue;
                }
            }
            else
            {
                SkipScalar(next);
            }

            while (depth > 0 && !MoreBefore(objects[depth - 1] ? (byte)'}' : (byte)']'))
            {
                depth--;
            }

            if (depth == 0)
            {
                return;
            }

            if (objects[depth - 1])
            {
                SkipName();
            }
        }
    }

    [DoesNotReturn]
    public readonly void FailDepth() =>
        FailLimit($"objects and arrays nest deeper than the limit of {_limits.MaxDepth}", Position);

    [DoesNotReturn]
    public readonly void Fail(string what, byte found, int at = -1)
    {
        int offset = at < 0 ? Math.Min(Position, _json.Length) : at;
        string context = found == 0 && at >= 0 ? "" : found == 0 ? "; the text ends" : $"; found '{Printable(found)}'";
        throw Failure(IssueType.Invalid, $"Not well-formed JSON at line {Line(offset)}: {what}{context}.", offset);
    }

    /// <summary>Line and column of an offset, both from 1.</summary>
    public readonly (int Line, int Column) LineAndColumn(int offset)
    {
        ReadOnlySpan<byte> before = _json[..Math.Min(offset, _json.Length)];
        return (before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n'));
    }

    // Names and codes are short: a plain loop beats the set-up of the vector search for them.
    private static int FindStringEnd(ReadOnlySpan<byte> text)
    {
        int prefix = Math.Min(text.Length, 16);
        for (int i = 0; i < prefix; i++)
        {
            byte b = text[i];
            if (b == (byte)'"' || b == (byte)'\\' || b < 0x20)
            {
                return i;
            }
        }

        if (prefix == text.Length)
        {
            return -1;
        }

        int offset = text[prefix..].IndexOfAny(StringEnds);
        return offset < 0 ? -1 : offset + prefix;
    }

    private static string Printable(byte found) => found is > 0x20 and < 0x7F ? ((char)found).ToString() : $"0x{found:X2}";

    private readonly byte At(int position) => (uint)position < (uint)_json.Length ? _json[position] : (byte)0;

    private byte SkipWhiteSpace()
    {
        ReadOnlySpan<byte> text = _json;
        int position = Position;
        while ((uint)position < (uint)text.Length)
        {
            byte next = text[position];
            if (next > ' ')
            {
                break;
            }

            if (next is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                Position = position;
                Fail("this character may not stand between values", next);
            }

            position++;
        }

        Position = position;
        return At(position);
    }

    private readonly int Digits(int position)
    {
        int start = position;
        while (At(position) is >= (byte)'0' and <= (byte)'9')
        {
            position++;
        }

        if (position == start)
        {
            Fail("expected a digit", At(position), position);
        }

        return position;
    }

    private int SkipEscape(int backslash)
    {
        byte kind = At(backslash + 1);
        switch (kind)
        {
            case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                return backslash + 2;
            case (byte)'u':
                int unit = HexUnit(backslash);
                if (unit is >= 0xDC00 and <= 0xDFFF)
                {
                    Fail("a low surrogate escape stands alone", 0, backslash);
                }

                if (unit is not (>= 0xD800 and <= 0xDBFF))
                {
                    return backslash + 6;
                }

                int low = backslash + 6;
                if (At(low) != (byte)'\\' || At(low + 1) != (byte)'u' || HexUnit(low) is not (>= 0xDC00 and <= 0xDFFF))
                {
                    Fail("a high surrogate escape stands alone", 0, backslash);
                }

                return low + 6;
            default:
                Position = backslash;
                Fail("unknown escape in a string", kind);
                return 0;
        }
    }

    private readonly int HexUnit(int backslash)
    {
        int unit = 0;
        for (int i = 2; i < 6; i++)
        {
            int digit = HexValue(At(backslash + i));
            if (digit > 15)
            {
                Fail("an escape needs four hexadecimal digits", 0, backslash);
            }

            unit = (unit << 4) | digit;
        }

        return unit;
    }

    private static int HexValue(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => 0xFF,
    };

    private void SkipName()
    {
        String();
        Expect((byte)':', "after a member's name");
    }

    private void SkipScalar(byte next)
    {
        if (next == (byte)'"')
        {
            String();
        }
        else if (next == (byte)'-' || next is >= (byte)'0' and <= (byte)'9')
        {
            Number();
        }
        else
        {
            Literal();
        }
    }

    private readonly int Line(int offset) => LineAndColumn(offset).Line;

    [DoesNotReturn]
    private readonly void FailLimit(string what, int offset) =>
        throw Failure(IssueType.TooCostly, $"The text goes beyond a limit: {what}.", offset);

    private readonly FhirException Failure(IssueType type, string message, int offset) =>
        new(new FhirError(ErrorKind.Invalid, [new Issue(IssueSeverity.Fatal, type, message) { Position = LineAndColumn(offset) }]));
}
