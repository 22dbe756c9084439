using System.Buffers;
using System.Buffers.Text;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.LargeData;

/// <summary>
/// The filter for XML in UTF-8: follows tags and attributes, and lets everything else pass. Long values are those of the attribute <c>value</c> of
/// elements called <c>data</c> outside the narrative.
/// </summary>
internal sealed class XmlDataFilter(BlobStore blobs, BlobOptions options, long maxBytes, int capacity)
    : LargeDataFilter(blobs, options, maxBytes, capacity)
{
    private const int LongestName = 64;

    private static readonly SearchValues<byte> EndOfName = SearchValues.Create(" \t\r\n/>="u8);
    private static readonly SearchValues<byte> EndOfDataRun = SearchValues.Create("\"'&\t\r\n"u8);

    private readonly List<Frame> _open = [];
    private readonly byte[] _name = new byte[LongestName];
    private State _state;
    private int _nameLength;
    private byte _before;
    private byte _beforeThat;
    private Frame _element;
    private bool _isData;
    private bool _isValueAttribute;
    private bool _closesItself;
    private byte _quote;
    private bool _afterCarriageReturn;

    private enum State
    {
        Content,
        Markup,
        Declaration,
        Instruction,
        Comment,
        CharacterData,
        EndTag,
        ElementName,
        Tag,
        AttributeName,
        AttributeEquals,
        Text,
        Value,
        ValueEntity,
        Foreign,
    }

    /// <summary>An element that is open.</summary>
    private readonly record struct Frame(bool IsSampledData, bool IsNarrative);

    protected override int Step(ReadOnlySpan<byte> piece) => _state switch
    {
        State.Content => Content(piece),
        State.Markup => Markup(piece),
        State.Declaration => Declaration(piece),
        State.Instruction or State.Comment or State.CharacterData => Skip(piece),
        State.EndTag => EndTag(piece),
        State.ElementName => ElementName(piece),
        State.Tag => Tag(piece),
        State.AttributeName => AttributeName(piece),
        State.AttributeEquals => AttributeEquals(piece),
        State.Text => Text(piece),
        State.Value => Value(piece),
        State.ValueEntity => ValueEntity(piece),
        _ => CopyAll(piece),
    };

    protected override void RestartValue() => (_state, _afterCarriageReturn) = (State.Value, false);

    private int CopyAll(ReadOnlySpan<byte> piece)
    {
        Copy(piece);
        return piece.Length;
    }

    private int Content(ReadOnlySpan<byte> piece)
    {
        int at = piece.IndexOf((byte)'<');
        Copy(at < 0 ? piece : piece[..(at + 1)]);
        _state = at < 0 ? State.Content : State.Markup;
        return at < 0 ? piece.Length : at + 1;
    }

    /// <summary>After the bracket: what sort of markup is it?</summary>
    private int Markup(ReadOnlySpan<byte> piece)
    {
        _nameLength = 0;
        (_before, _beforeThat) = (0, 0);
        switch (piece[0])
        {
            case (byte)'/':
                _state = State.EndTag;
                break;
            case (byte)'!':
                _state = State.Declaration;
                break;
            case (byte)'?':
                _state = State.Instruction;
                break;
            case 0:
                // UTF-16, in which large values are rare: it stays as it is.
                _state = State.Foreign;
                break;
            default:
                _state = State.ElementName;
                return ElementName(piece);
        }

        Copy(piece[..1]);
        return 1;
    }

    /// <summary>A comment, a CDATA section, or something that the reader will refuse.</summary>
    private int Declaration(ReadOnlySpan<byte> piece)
    {
        Copy(piece[..1]);
        Remember(piece[..1]);
        ReadOnlySpan<byte> text = _name.AsSpan(0, _nameLength);
        if (text.SequenceEqual("--"u8))
        {
            _state = State.Comment;
        }
        else if (text.SequenceEqual("[CDATA["u8))
        {
            _state = State.CharacterData;
        }
        else if (piece[0] == (byte)'>')
        {
            _state = State.Content;
        }

        return 1;
    }

    /// <summary>Skips to the end of a comment (two dashes), a CDATA section (two brackets) or an instruction (a question mark).</summary>
    private int Skip(ReadOnlySpan<byte> piece)
    {
        byte last = _state switch { State.Comment => (byte)'-', State.CharacterData => (byte)']', _ => (byte)'?' };
        for (int at = 0; at < piece.Length; at++)
        {
            bool isEnd = piece[at] == (byte)'>' && _before == last && (_state == State.Instruction || _beforeThat == last);
            (_before, _beforeThat) = (piece[at], _before);
            if (isEnd)
            {
                Copy(piece[..(at + 1)]);
                _state = State.Content;
                return at + 1;
            }
        }

        Copy(piece);
        return piece.Length;
    }

    private int EndTag(ReadOnlySpan<byte> piece)
    {
        int at = piece.IndexOf((byte)'>');
        Copy(at < 0 ? piece : piece[..(at + 1)]);
        if (at < 0)
        {
            return piece.Length;
        }

        if (_open.Count > 0)
        {
            _open.RemoveAt(_open.Count - 1);
        }

        _state = State.Content;
        return at + 1;
    }

    private int ElementName(ReadOnlySpan<byte> piece)
    {
        int length = NameLength(piece);
        Copy(piece[..length]);
        Remember(piece[..length]);
        if (length == piece.Length)
        {
            return length;
        }

        ReadOnlySpan<byte> name = _name.AsSpan(0, _nameLength);
        name = name[(name.IndexOf((byte)':') + 1)..];
        Frame parent = _open.Count > 0 ? _open[^1] : default;
        _isData = !parent.IsSampledData && !parent.IsNarrative && name.SequenceEqual("data"u8);
        _element = new Frame(name.EndsWith("SampledData"u8), parent.IsNarrative || name.SequenceEqual("div"u8));
        _closesItself = false;
        _state = State.Tag;
        return length == 0 ? Tag(piece) : length;
    }

    /// <summary>Inside a tag, between its parts.</summary>
    private int Tag(ReadOnlySpan<byte> piece)
    {
        switch (piece[0])
        {
            case (byte)'>':
                Copy(piece[..1]);
                Open();
                return 1;
            case (byte)'/' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                _closesItself = piece[0] == (byte)'/';
                Copy(piece[..1]);
                return 1;
            default:
                _nameLength = 0;
                _state = State.AttributeName;
                return AttributeName(piece);
        }
    }

    private void Open()
    {
        _state = State.Content;
        if (_closesItself)
        {
            return;
        }

        _open.Add(_element);
        if (_open.Count > MaxDepth)
        {
            FailDepth();
        }
    }

    private int AttributeName(ReadOnlySpan<byte> piece)
    {
        int length = NameLength(piece);
        Copy(piece[..length]);
        Remember(piece[..length]);
        if (length == piece.Length)
        {
            return length;
        }

        _isValueAttribute = _name.AsSpan(0, _nameLength).SequenceEqual("value"u8);
        _state = State.AttributeEquals;
        return length == 0 ? AttributeEquals(piece) : length;
    }

    /// <summary>After an attribute's name: up to the quote. Anything else than white space and an equals sign is for the reader to refuse.</summary>
    private int AttributeEquals(ReadOnlySpan<byte> piece)
    {
        Copy(piece[..1]);
        if (piece[0] is (byte)'"' or (byte)'\'')
        {
            _quote = piece[0];
            _state = _isData && _isValueAttribute ? State.Value : State.Text;
            if (_state == State.Value)
            {
                _afterCarriageReturn = false;
                BeginValue();
            }
        }
        else if (piece[0] == (byte)'>')
        {
            Open();
        }

        return 1;
    }

    private int Text(ReadOnlySpan<byte> piece)
    {
        int at = piece.IndexOf(_quote);
        Copy(at < 0 ? piece : piece[..(at + 1)]);
        _state = at < 0 ? State.Text : State.Tag;
        return at < 0 ? piece.Length : at + 1;
    }

    private int Value(ReadOnlySpan<byte> piece)
    {
        int length = piece.IndexOfAny(EndOfDataRun) is >= 0 and var end ? end : piece.Length;
        if (length > 0)
        {
            _afterCarriageReturn = false;
            AppendValue(piece[..length], piece[..length]);
            return length;
        }

        if (piece[0] == _quote)
        {
            EndValue();
            Copy(piece[..1]);
            _state = State.Tag;
        }
        else if (piece[0] == (byte)'&')
        {
            _afterCarriageReturn = false;
            _nameLength = 0;
            _state = State.ValueEntity;
            AppendValue(piece[..1], default);
        }
        else if (piece[0] is (byte)'"' or (byte)'\'')
        {
            _afterCarriageReturn = false;
            AppendValue(piece[..1], piece[..1]);
        }
        else
        {
            // A parser makes a space of each white character in an attribute, and one of a line end of two (XML 1.0, 2.11 and 3.3.3).
            bool isRestOfLineEnd = _afterCarriageReturn && piece[0] == (byte)'\n';
            _afterCarriageReturn = piece[0] == (byte)'\r';
            AppendValue(piece[..1], isRestOfLineEnd ? default : " "u8);
        }

        return 1;
    }

    /// <summary>After an ampersand: <c>#10;</c>, <c>#xA;</c>. Other references give nothing that base64 could hold.</summary>
    private int ValueEntity(ReadOnlySpan<byte> piece)
    {
        bool isEnd = piece[0] == (byte)';' || _nameLength == LongestName;
        if (!isEnd)
        {
            Remember(piece[..1]);
            AppendValue(piece[..1], default);
            return 1;
        }

        _state = State.Value;
        AppendValue(piece[..1], [MeaningOf(_name.AsSpan(0, _nameLength))]);
        return 1;
    }

    private static byte MeaningOf(ReadOnlySpan<byte> reference)
    {
        bool isHex = reference.StartsWith("#x"u8);
        ReadOnlySpan<byte> digits = isHex ? reference[2..] : reference.StartsWith("#"u8) ? reference[1..] : default;
        return Utf8Parser.TryParse(digits, out byte code, out int length, isHex ? 'x' : 'D') && length == digits.Length ? code : (byte)'&';
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, LongestName - _nameLength)];
        bytes.CopyTo(_name.AsSpan(_nameLength));
        _nameLength += bytes.Length;
    }

    private static int NameLength(ReadOnlySpan<byte> piece) => piece.IndexOfAny(EndOfName) is >= 0 and var length ? length : piece.Length;
}
