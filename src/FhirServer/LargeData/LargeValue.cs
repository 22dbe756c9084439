using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;

namespace HealthChain.FhirServer.LargeData;

/// <summary>
/// Takes a value of type base64Binary into a blob, piece by piece, and checks its base64 on the way. The blob gets the data; but when decoding would
/// lose something of the text, such as line breaks, the text. Not thread-safe; dispose it: nothing stays of what was not completed.
/// </summary>
internal sealed class LargeValue(BlobStore blobs) : IDisposable
{
    private const int GroupLength = 4;
    private const int DataBytesAtOnce = 48 << 10;
    private const int TextBytesAtOnce = DataBytesAtOnce / 3 * GroupLength;

    private static readonly SearchValues<byte> White = SearchValues.Create(" \t\r\n"u8);

#pragma warning disable CA5350 // Attachment.hash is SHA-1 by the specification; it detects changes, it protects nothing.
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
    private readonly byte[] _data = ArrayPool<byte>.Shared.Rent(DataBytesAtOnce);

    // The last characters, one to four once there are any: whether padding may stand there shows at the end.
    private readonly byte[] _held = new byte[GroupLength];
    private int _heldCount;
    private BlobWriter _writer = blobs.Create();
    private BlobForm _form = BlobForm.Data;
    private long _dataBytes;

    private static FhirError NotBase64 { get; } = FhirError.Of(
        ErrorKind.Invalid, IssueType.Value, "A value of 'data' is not base64 text in groups of four characters.");

    /// <summary>Takes some of the base64 text, escapes of JSON or XML resolved; says what is wrong with it, or null.</summary>
    public FhirError? Append(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOfAny(White) is >= 0 and var white ? white : text.Length;
            if (end > 0 && (Keep(text[..end]) ?? Decode(text[..end])) is { } error)
            {
                return error;
            }

            text = text[end..];
            if (text.IsEmpty)
            {
                return null;
            }

            end = text.IndexOfAnyExcept(White) is >= 0 and var next ? next : text.Length;
            if ((TurnToText() ?? Keep(text[..end])) is { } fault)
            {
                return fault;
            }

            text = text[end..];
        }

        return null;
    }

    /// <summary>Takes some of the data itself, for values that come without base64 around them.</summary>
    public FhirError? AppendData(ReadOnlySpan<byte> data)
    {
        _hash.AppendData(data);
        _dataBytes += data.Length;
        return _form == BlobForm.Base64 || _writer.TryAppend(data) ? null : BlobStore.TooLong(_writer.MaxBytes);
    }

    /// <summary>Ends the value. The blob is durable when this returns.</summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public Result<BlobStandIn> Complete()
    {
        if (_heldCount > 0 && DecodeEnd() is { } error)
        {
            return error;
        }

        Result<BlobReference> blob = _writer.Complete();
        return blob.IsOk ? new BlobStandIn(_form, blob.Value, _dataBytes, Sha1Digest.Read(_hash.GetHashAndReset())) : blob.Error;
    }

    public void Dispose()
    {
        _writer.Dispose();
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_data, clearArray: true);
    }

    /// <summary>Keeps the text, when it is the text that is kept.</summary>
    private FhirError? Keep(ReadOnlySpan<byte> text) =>
        _form == BlobForm.Data || _writer.TryAppend(text) ? null : BlobStore.TooLong(_writer.MaxBytes);

    private FhirError? Decode(ReadOnlySpan<byte> text)
    {
        if (_heldCount + text.Length <= GroupLength)
        {
            text.CopyTo(_held.AsSpan(_heldCount));
            _heldCount += text.Length;
            return null;
        }

        int fill = GroupLength - _heldCount;
        if (_heldCount > 0)
        {
            text[..fill].CopyTo(_held.AsSpan(_heldCount));
            text = text[fill..];
            if (DecodeGroups(_held) is { } error)
            {
                return error;
            }
        }

        int groups = (text.Length - 1) / GroupLength * GroupLength;
        text[groups..].CopyTo(_held);
        _heldCount = text.Length - groups;
        return DecodeGroups(text[..groups]);
    }

    private FhirError? DecodeGroups(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> part = text[..Math.Min(text.Length, TextBytesAtOnce)];
            if (Base64.DecodeFromUtf8(part, _data, out int consumed, out int written, isFinalBlock: false) != OperationStatus.Done || consumed != part.Length)
            {
                return NotBase64;
            }

            if (AppendData(_data.AsSpan(0, written)) is { } error)
            {
                return error;
            }

            text = text[part.Length..];
        }

        return null;
    }

    private FhirError? DecodeEnd()
    {
        // Bits after the last byte must be zero (RFC 4648 §3.5 lets a decoder ask for it), so that the text can be made from the data again.
        Span<byte> end = stackalloc byte[3];
        return _heldCount == GroupLength && Base64.DecodeFromUtf8(_held, end, out _, out int written) == OperationStatus.Done
            ? AppendData(end[..written])
            : NotBase64;
    }

    /// <summary>From here on the text is kept: what was decoded so far becomes text again. The blob of it remains for the sweep.</summary>
    private FhirError? TurnToText()
    {
        if (_form == BlobForm.Base64)
        {
            return null;
        }

        Result<BlobReference> decoded = _writer.Complete();
        _writer.Dispose();
        _writer = blobs.Create();
        _form = BlobForm.Base64;
        if (!decoded.IsOk)
        {
            return decoded.Error;
        }

        if (blobs.Open(decoded.Value, out BlobStream? stream) != SealStatus.Ok)
        {
            throw new IOException("A blob that was just written cannot be read.");
        }

        byte[] text = ArrayPool<byte>.Shared.Rent(TextBytesAtOnce);
        try
        {
            using (stream)
            {
                while (stream!.ReadAtLeast(_data.AsSpan(0, DataBytesAtOnce), DataBytesAtOnce, throwOnEndOfStream: false) is > 0 and int count)
                {
                    Base64.EncodeToUtf8(_data.AsSpan(0, count), text, out _, out int written);
                    if (Keep(text.AsSpan(0, written)) is { } error)
                    {
                        return error;
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text, clearArray: true);
        }

        return Keep(_held.AsSpan(0, _heldCount));
    }
}
