using System.Globalization;
using System.Text;
using HealthChain.Fhir;

namespace HealthChain.FhirServer.Searching;

/// <summary>
/// Reads the text of <c>_filter</c>. "and" and "or" bind alike and from the left, as R4 has no precedence between them. Faults are
/// thrown within and say at which character they stand; depth and number of comparisons are limited.
/// </summary>
internal sealed class FilterParser
{
    private readonly string _text;
    private readonly SearchLimits _limits;
    private int _at;
    private int _depth;
    private int _terms;

    private FilterParser(string text, SearchLimits limits) => (_text, _limits) = (text, limits);

    public static Result<FilterNode> Parse(string text, SearchLimits limits)
    {
        var parser = new FilterParser(text, limits);
        try
        {
            FilterNode filter = parser.ReadFilter();
            return parser._at == text.Length ? filter : parser.Fault($"expected 'and', 'or' or the end, found '{text[parser._at]}'");
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
    }

    private FilterNode ReadFilter()
    {
        if (++_depth > _limits.MaxFilterDepth)
        {
            throw new FhirException(FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"_filter nests more than {_limits.MaxFilterDepth} deep."));
        }

        FilterNode left = ReadOperand();
        while (true)
        {
            SkipSpace();
            if (TryWord("and"))
            {
                left = new FilterAnd(left, ReadOperand());
            }
            else if (TryWord("or"))
            {
                left = new FilterOr(left, ReadOperand());
            }
            else
            {
                _depth--;
                return left;
            }
        }
    }

    private FilterNode ReadOperand()
    {
        SkipSpace();
        if (TryWord("not"))
        {
            SkipSpace();
            return Current == '(' ? new FilterNot(ReadGroup('(', ')')) : throw Thrown("expected '(' behind 'not'");
        }

        return Current == '(' ? ReadGroup('(', ')') : ReadComparison();
    }

    private FilterNode ReadGroup(char open, char close)
    {
        Expect(open);
        FilterNode filter = ReadFilter();
        SkipSpace();
        Expect(close);
        return filter;
    }

    private FilterCompare ReadComparison()
    {
        if (++_terms > _limits.MaxFilterTerms)
        {
            throw new FhirException(SearchFaults.TooMany("comparisons in _filter", _limits.MaxFilterTerms));
        }

        int start = _at;
        List<SearchStep> path = ReadPath();
        SkipSpace();
        int operatorStart = _at;
        while (char.IsAsciiLetter(Current))
        {
            _at++;
        }

        string word = _text[operatorStart.._at];
        if (!FilterText.Operators.Contains(word))
        {
            _at = operatorStart;
            throw Thrown($"expected an operator ({string.Join(' ', FilterText.Operators)}), found '{SearchPath.Shown(word)}'");
        }

        SkipSpace();
        bool isQuoted = Current == '"';
        string value = isQuoted ? ReadQuoted() : ReadBare();
        return new FilterCompare(path, word, value, isQuoted, start + 1);
    }

    private List<SearchStep> ReadPath()
    {
        var steps = new List<SearchStep>();
        while (true)
        {
            int start = _at;
            while (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '-' or ':')
            {
                _at++;
            }

            string part = _text[start.._at];
            if (part.Length == 0 || !(char.IsAsciiLetter(part[0]) || part[0] == '_'))
            {
                _at = start;
                throw Thrown("expected the name of a search parameter");
            }

            if (SearchPath.AddPart(part, part, steps, _limits.MaxChainDepth) is { } error)
            {
                throw new FhirException(error);
            }

            bool hasCondition = Current == '[';
            if (hasCondition)
            {
                steps[^1] = steps[^1] with { Condition = ReadGroup('[', ']') };
            }

            if (Current == '.')
            {
                _at++;
            }
            else if (hasCondition)
            {
                throw Thrown("expected '.' and a parameter behind ']'");
            }
            else
            {
                return steps[^1].Source is null ? steps : throw Thrown("expected _has:Type:reference:parameter");
            }
        }
    }

    /// <summary>A JSON string.</summary>
    private string ReadQuoted()
    {
        var value = new StringBuilder();
        for (_at++; _at < _text.Length; _at++)
        {
            char c = _text[_at];
            if (c == '"')
            {
                _at++;
                return value.ToString();
            }

            value.Append(c == '\\' ? ReadEscape() : c);
        }

        throw Thrown("the text in quotes does not end");
    }

    /// <summary>Reads the escape at the backslash and stays on its last character.</summary>
    private char ReadEscape()
    {
        _at++;
        switch (Current)
        {
            case '"' or '\\' or '/':
                return Current;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when _at + 4 < _text.Length
                && ushort.TryParse(_text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit):
                _at += 4;
                return (char)unit;
            default:
                throw Thrown("expected an escape of JSON behind the backslash");
        }
    }

    private string ReadBare()
    {
        int start = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(Current) && Current is not ('(' or ')' or '[' or ']' or '"'))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw Thrown("expected a value");
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    /// <summary>Takes a word of the language; a parameter may begin with the same letters.</summary>
    private bool TryWord(string word)
    {
        int end = _at + word.Length;
        bool isWord = string.CompareOrdinal(_text, _at, word, 0, word.Length) == 0
            && (end == _text.Length || char.IsWhiteSpace(_text[end]) || _text[end] == '(');
        _at = isWord ? end : _at;
        return isWord;
    }

    private void Expect(char expected)
    {
        if (Current != expected || _at == _text.Length)
        {
            throw Thrown($"expected '{expected}'");
        }

        _at++;
    }

    private FhirException Thrown(string problem) => new(Fault(problem));

    private FhirError Fault(string problem) => new(
        ErrorKind.Invalid,
        [Issue.Error(IssueType.Invalid, $"_filter cannot be read at character {_at + 1}: {problem}.") with { Position = (1, _at + 1) }]);
}
