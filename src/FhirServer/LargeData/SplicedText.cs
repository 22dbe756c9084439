using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using HealthChain.FhirServer.Http;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;

namespace HealthChain.FhirServer.LargeData;

/// <summary>A text of JSON or XML with stand-ins, which is written with the data in their places; never whole in memory.</summary>
/// <remarks>Requests may not mention stand-ins (<see cref="StandInMentions"/>), so each one that is found is the server's own.</remarks>
internal sealed class SplicedText
{
    // Three bytes make four characters: parts of the data can be encoded one by one.
    private const int DataBytesAtOnce = 48 << 10;
    private const int TextBytesAtOnce = DataBytesAtOnce / 3 * 4;

    private static readonly SearchValues<byte> LineWhite = SearchValues.Create("\t\r\n"u8);

    private readonly BlobStore _blobs;
    private readonly ReadOnlyMemory<byte> _text;
    private readonly FhirFormat _format;
    private readonly List<(int Start, BlobStandIn StandIn)> _places;

    private SplicedText(BlobStore blobs, ReadOnlyMemory<byte> text, FhirFormat format, List<(int Start, BlobStandIn StandIn)> places)
    {
        _blobs = blobs;
        _text = text;
        _format = format;
        _places = places;
        long length = text.Length;
        foreach ((_, BlobStandIn standIn) in places)
        {
            length += Base64.GetMaxEncodedToUtf8Length(3) * ((standIn.DataBytes + 2) / 3) - BlobStandIn.Length;
        }

        // How many characters of a kept text need an escape, only reading it tells.
        Length = places.Exists(place => place.StandIn.Form == BlobForm.Base64) ? null : length;
    }

    /// <summary>Bytes that will be written; null when only writing tells.</summary>
    public long? Length { get; }

    /// <summary>Finds the stand-ins.</summary>
    /// <exception cref="InvalidDataException">A blob is missing or damaged. Better to know before the answer begins than within it.</exception>
    public static SplicedText Find(BlobStore blobs, ReadOnlyMemory<byte> text, FhirFormat format)
    {
        var places = new List<(int Start, BlobStandIn StandIn)>();
        int start = 0;
        while (text.Span[start..].IndexOf(BlobStandIn.Marker) is >= 0 and var offset)
        {
            start += offset;
            if (!BlobStandIn.TryRead(text.Span[start..], out BlobStandIn standIn))
            {
                throw new InvalidDataException("A stand-in is damaged.");
            }

            if (blobs.Find(standIn.Blob) is not SealStatus.Ok and var status)
            {
                throw Unreadable(standIn, status);
            }

            places.Add((start, standIn));
            start += BlobStandIn.Length;
        }

        return new SplicedText(blobs, text, format, places);
    }

    /// <exception cref="InvalidDataException">A blob was altered; what was written until then must not pass for the whole.</exception>
    public async Task WriteAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        int written = 0;
        foreach ((int start, BlobStandIn standIn) in _places)
        {
            output.Write(_text.Span[written..start]);
            await WriteAsync(standIn, output, cancellationToken);
            written = start + BlobStandIn.Length;
        }

        output.Write(_text.Span[written..]);
        await output.FlushAsync(cancellationToken);
    }

    private async Task WriteAsync(BlobStandIn standIn, PipeWriter output, CancellationToken cancellationToken)
    {
        if (_blobs.Open(standIn.Blob, out BlobStream? stream) is not SealStatus.Ok and var status)
        {
            throw Unreadable(standIn, status);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(DataBytesAtOnce);
        try
        {
            using (stream)
            {
                while (stream!.ReadAtLeast(buffer.AsSpan(0, DataBytesAtOnce), DataBytesAtOnce, throwOnEndOfStream: false) is > 0 and int count)
                {
                    Write(standIn.Form, buffer.AsSpan(0, count), output);
                    FlushResult flush = await output.FlushAsync(cancellationToken);
                    if (flush.IsCompleted)
                    {
                        return;
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private void Write(BlobForm form, ReadOnlySpan<byte> content, PipeWriter output)
    {
        if (form == BlobForm.Data)
        {
            Base64.EncodeToUtf8(content, output.GetSpan(TextBytesAtOnce), out _, out int written);
            output.Advance(written);
            return;
        }

        while (content.IndexOfAny(LineWhite) is >= 0 and var white)
        {
            output.Write(content[..white]);
            output.Write(Escape(content[white]));
            content = content[(white + 1)..];
        }

        output.Write(content);
    }

    private ReadOnlySpan<byte> Escape(byte white) => (_format, white) switch
    {
        (FhirFormat.Json, (byte)'\n') => "\\n"u8,
        (FhirFormat.Json, (byte)'\r') => "\\r"u8,
        (FhirFormat.Json, _) => "\\t"u8,
        (_, (byte)'\n') => "&#xA;"u8,
        (_, (byte)'\r') => "&#xD;"u8,
        _ => "&#x9;"u8,
    };

    private static InvalidDataException Unreadable(BlobStandIn standIn, SealStatus status) =>
        new($"The blob {standIn.Blob.Address} cannot be read: {status}.");
}
