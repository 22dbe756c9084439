using System.Buffers;
using HealthChain.Fhir;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.LargeData;

/// <summary>The filter for JSON: follows strings, brackets and the names of members, and lets everything else pass.</summary>
internal sealed class JsonDataFilter(BlobStore blobs, BlobOptions options, long maxBytes, int capacity)
    : LargeDataFilter(blobs, options, maxBytes, capacity)
{
    private const int LongestName = 64;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],:"u8);
    private static readonly SearchValues<byte> EndOfRun = SearchValues.Create("\"\\"u8);

    private readonly List<Frame> _open = [];
    private readonly byte[] _name = new byte[LongestName];
    private State _state;
    private int _nameLength;
    private NameKind _lastName;
    private bool _isNameNext;
    private int _unicode;
    private int _digits;

    private enum State
    {
        Between,
        Name,
        NameEscape,
        Text,
        TextEscape,
        Value,
        ValueEscape,
        ValueUnicode,
    }

    private enum NameKind
    {
        Other,
        Data,

        /// <summary>Its value is a SampledData, whose <c>data</c> is not base64.</summary>
        SampledData,
    }

    /// <summary>An object or array that is open.</summary>
    private readonly record struct Frame(bool IsObject, bool IsSampledData);

    protected override int Step(ReadOnlySpan<byte> piece) => _state switch
    {
        State.Between => Between(piece),
        State.Name => Name(piece),
        State.Text => Text(piece),
        State.NameEscape => Escaped(piece, State.Name),
        State.TextEscape => Escaped(piece, State.Text),
        State.Value => Value(piece),
        State.ValueEscape => ValueEscape(piece),
        _ => ValueUnicode(piece),
    };

    protected override void RestartValue() => _state = State.Value;

    private int Between(ReadOnlySpan<byte> piece)
    {
        int at = piece.IndexOfAny(Structure);
        if (at < 0)
        {
            Copy(piece);
            return piece.Length;
        }

        Copy(piece[..(at + 1)]);
        switch (piece[at])
        {
            case (byte)'"':
                OpenString();
                break;
            case (byte)'{':
                Open(isObject: true);
                break;
            case (byte)'[':
                Open(isObject: false);
                break;
            case (byte)',':
                _isNameNext = _open.Count > 0 && _open[^1].IsObject;
                break;
            case (byte)':':
                _isNameNext = false;
                break;
            default:
                Close();
                break;
        }

        return at + 1;
    }

    private void OpenString()
    {
        if (_isNameNext)
        {
            _nameLength = 0;
            _state = State.Name;
        }
        else if (_lastName == NameKind.Data && _open is [.., { IsObject: true, IsSampledData: false }])
        {
            BeginValue();
            _state = State.Value;
        }
        else
        {
            _state = State.Text;
        }
    }

    private void Open(bool isObject)
    {
        bool isSampledData = _open is [.., { IsObject: false } array] ? array.IsSampledData : _lastName == NameKind.SampledData;
        _open.Add(new Frame(isObject, isSampledData));
        _isNameNext = isObject;
        _lastName = NameKind.Other;
        if (_open.Count > MaxDepth)
        {
            FailDepth();
        }
    }

    private void Close()
    {
        if (_open.Count > 0)
        {
            _open.RemoveAt(_open.Count - 1);
        }

        _isNameNext = false;
    }

    private int Name(ReadOnlySpan<byte> piece)
    {
        int length = RunLength(piece);
        ReadOnlySpan<byte> run = piece[..length];
        run[..Math.Min(length, LongestName - _nameLength)].CopyTo(_name.AsSpan(_nameLength));
        _nameLength = Math.Min(LongestName, _nameLength + length);
        if (length == piece.Length)
        {
            Copy(run);
            return length;
        }

        Copy(piece[..(length + 1)]);
        if (piece[length] == (byte)'"')
        {
            ReadOnlySpan<byte> name = _name.AsSpan(0, _nameLength);
            _lastName = name.SequenceEqual("data"u8) ? NameKind.Data : name.EndsWith("SampledData"u8) ? NameKind.SampledData : NameKind.Other;
            _isNameNext = false;
            _state = State.Between;
        }
        else
        {
            // No name of FHIR has escapes; the reader will refuse it.
            _nameLength = LongestName;
            _state = State.NameEscape;
        }

        return length + 1;
    }

    private int Text(ReadOnlySpan<byte> piece)
    {
        int length = RunLength(piece);
        int taken = Math.Min(piece.Length, length + 1);
        Copy(piece[..taken]);
        if (length < piece.Length)
        {
            _state = piece[length] == (byte)'"' ? State.Between : State.TextEscape;
        }

        return taken;
    }

    private int Escaped(ReadOnlySpan<byte> piece, State next)
    {
        Copy(piece[..1]);
        _state = next;
        return 1;
    }

    private int Value(ReadOnlySpan<byte> piece)
    {
        int length = RunLength(piece);
        if (length > 0)
        {
            ReadOnlySpan<byte> run = piece[..length];
            if (IsDiverting && run.ContainsAnyInRange((byte)0, (byte)0x1F))
            {
                Fail(FhirError.Of(ErrorKind.Invalid, IssueType.Structure, "There is a control character in a string of the JSON; it must be escaped."));
            }

            AppendValue(run, run);
            return length;
        }

        if (piece[0] == (byte)'"')
        {
            EndValue();
            Copy(piece[..1]);
            _state = State.Between;
        }
        else
        {
            // The state first: the value may turn out to be long here and be gone through once more, up to this byte.
            _state = State.ValueEscape;
            AppendValue(piece[..1], default);
        }

        return 1;
    }

    private int ValueEscape(ReadOnlySpan<byte> piece)
    {
        if (piece[0] == (byte)'u')
        {
            (_state, _unicode, _digits) = (State.ValueUnicode, 0, 0);
            AppendValue(piece[..1], default);
            return 1;
        }

        byte meaning = piece[0] switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'/' => (byte)'/',
            // All others are wrong in base64.
            _ => (byte)'\\',
        };
        _state = State.Value;
        AppendValue(piece[..1], [meaning]);
        return 1;
    }

    private int ValueUnicode(ReadOnlySpan<byte> piece)
    {
        int digit = HexDigit(piece[0]);
        _unicode = (_unicode << 4) | digit;
        _digits++;
        bool isWhole = _digits == 4 || digit < 0;
        if (isWhole)
        {
            _state = State.Value;
        }

        byte meaning = _unicode is > 0 and < 0x80 ? (byte)_unicode : (byte)'\\';
        AppendValue(piece[..1], isWhole ? [meaning] : default);
        return 1;
    }

    private static int HexDigit(byte letter) => letter switch
    {
        >= (byte)'0' and <= (byte)'9' => letter - '0',
        >= (byte)'a' and <= (byte)'f' => letter - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => letter - 'A' + 10,
        _ => -1,
    };

    private static int RunLength(ReadOnlySpan<byte> piece) => piece.IndexOfAny(EndOfRun) is >= 0 and var length ? length : piece.Length;
}
