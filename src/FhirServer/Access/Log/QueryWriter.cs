using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>Parameters as text that can be read as parameters again; what does not fit is cut.</summary>
internal ref struct QueryWriter(Span<byte> buffer)
{
    /// <summary>What separates parameters, and what has no letter: controls and the space.</summary>
    private static readonly SearchValues<char> Special = SearchValues.Create([.. "%&+#=\u007f", .. Enumerable.Range(0, ' ' + 1).Select(code => (char)code)]);

    private readonly Span<byte> _buffer = buffer;
    private int _length;
    private bool _isCut;

    public void Raw(ReadOnlySpan<char> text)
    {
        if (_isCut)
        {
            return;
        }

        // Room is kept for the mark that says that something is missing.
        Span<byte> rest = _buffer[_length..^AccessBody.CutMark.Length];
        _isCut = Utf8.FromUtf16(text, rest, out _, out int written) != OperationStatus.Done;
        _length += written;
    }

    public void Escaped(ReadOnlySpan<char> text)
    {
        while (!_isCut && text.IndexOfAny(Special) is >= 0 and var special)
        {
            Raw(text[..special]);
            Raw(string.Create(CultureInfo.InvariantCulture, $"%{(int)text[special]:X2}"));
            text = text[(special + 1)..];
        }

        Raw(text);
    }

    public ReadOnlySpan<byte> End()
    {
        if (_isCut)
        {
            AccessBody.CutMark.CopyTo(_buffer[_length..]);
            _length += AccessBody.CutMark.Length;
        }

        return _buffer[.._length];
    }
}
