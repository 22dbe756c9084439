using HealthChain.Fhir;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.LargeData;

/// <summary>
/// Takes in the text of a resource or Bundle, piece by piece as it arrives, and keeps it, except for long values of members <c>data</c>: those go to
/// the blob store, and a <see cref="BlobStandIn"/> takes their place. So a document of any size becomes a small one, which the rest of the server handles as a
/// whole. Not thread-safe; dispose it.
/// </summary>
/// <remarks>
/// In R4 all elements called data are base64Binary (of Attachment, Binary and Signature) except that of SampledData, which is text, and two that are no
/// primitives. SampledData stands in choices only, so the name of the member around it ends with its type. The filter judges names, not types, and knows nothing else of FHIR:
/// what is wrong with the document, the reader finds in the small one.
/// </remarks>
/// <param name="maxBytes">Longest document that is kept.</param>
/// <param name="capacity">About how long it will be.</param>
internal abstract class LargeDataFilter(BlobStore blobs, BlobOptions options, long maxBytes, int capacity) : IDisposable
{
    /// <summary>Deeper documents are refused by any reader; this bounds what the filter remembers.</summary>
    protected const int MaxDepth = 1000;

    private byte[] _text = new byte[capacity];
    private int _length;

    // Where the value that may be long begins in _text; -1 outside of such values.
    private int _valueStart = -1;
    private LargeValue? _value;
    private FhirError? _error;

    /// <summary>How many values went to the blob store.</summary>
    public int Diverted { get; private set; }

    /// <summary>The document with stand-ins, once all of it was taken.</summary>
    public ReadOnlyMemory<byte> Document => _text.AsMemory(0, _length);

    /// <summary>True inside a value that goes to the blob store.</summary>
    protected bool IsDiverting => _value is not null;

    /// <summary>Takes the next piece of the document; says why it cannot go on, or null.</summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public FhirError? Append(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty && _error is null)
        {
            piece = piece[Step(piece)..];
        }

        return _error;
    }

    public void Dispose() => _value?.Dispose();

    /// <summary>Handles some bytes, at least one, and says how many.</summary>
    protected abstract int Step(ReadOnlySpan<byte> piece);

    /// <summary>Goes back to the beginning of the value that may be long.</summary>
    protected abstract void RestartValue();

    protected void Fail(FhirError error) => _error ??= error;

    protected void FailDepth() => Fail(FhirError.Of(ErrorKind.Invalid, IssueType.TooLong, $"Elements are nested more than {MaxDepth} deep."));

    /// <summary>Keeps bytes of the document.</summary>
    protected void Copy(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > maxBytes)
        {
            Fail(FhirError.Of(ErrorKind.TooLarge, IssueType.TooLong, $"The content of the request is longer than {maxBytes} bytes, attachments not counted."));
            return;
        }

        if (_length + bytes.Length > _text.Length)
        {
            Array.Resize(ref _text, (int)Math.Min(Array.MaxLength, Math.Max(_text.Length * 2L, _length + (long)bytes.Length)));
        }

        bytes.CopyTo(_text.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>A value that may be long begins.</summary>
    protected void BeginValue() => _valueStart = _length;

    /// <summary>Some of the value: as it stands in the document while the value is short, and what it means once it is long.</summary>
    protected void AppendValue(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> meaning)
    {
        if (_value is not null)
        {
            if (_value.Append(meaning) is { } error)
            {
                Fail(error);
            }

            return;
        }

        if (_length - _valueStart + raw.Length <= options.InlineBytes)
        {
            Copy(raw);
            return;
        }

        // It is long. What was kept of it goes the way of the rest, through the same steps.
        byte[] head = _text[_valueStart.._length];
        _length = _valueStart;
        _value = new LargeValue(blobs);
        RestartValue();
        Append(head);
        Append(raw);
    }

    /// <summary>The value ends, before whatever bounds it.</summary>
    protected void EndValue()
    {
        if (_value is not null)
        {
            Result<BlobStandIn> standIn = _value.Complete();
            _value.Dispose();
            _value = null;
            if (!standIn.IsOk)
            {
                Fail(standIn.Error);
                return;
            }

            Span<byte> text = stackalloc byte[BlobStandIn.Length];
            standIn.Value.Write(text);
            Copy(text);
            Diverted++;
        }

        _valueStart = -1;
    }
}
