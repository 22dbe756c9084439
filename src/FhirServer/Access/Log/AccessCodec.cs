using System.Text;
using System.Text.Unicode;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>
/// Access events as the bytes of records, and back. Records stay for ever: a format that was once written is read for ever, and a new one
/// gets a number of its own.
/// </summary>
/// <remarks>
/// Format 1: <c>1 | role | who | account | FHIR user | organisation | purpose | token | action | outcome | status | target | query | detail | address |
/// request id</c>. A role is one byte, its number plus one, or 0 for none; action and outcome are a byte each. Numbers take seven bits in a
/// byte, the lowest first. A text is its length in UTF-8 plus one, and then its bytes; 0 stands for none.
/// What says who asked comes first, because it is the same for all requests of a token.
/// </remarks>
internal static class AccessCodec
{
    public const byte Format = 1;

    /// <summary>More than that a body never has: each text has its limit, beyond which it is cut.</summary>
    public const int MostBytes = 2 + (6 * (LongestName + 2)) + 2 + 3 + (LongestName + 2) + (LongestQuery + 2) + (LongestDetail + 2) + (2 * (LongestName + 2));

    /// <summary>Bytes of who asked, of a target, an address, a request's id.</summary>
    public const int LongestName = 256;

    public const int LongestQuery = 2048;

    public const int LongestDetail = 512;

    public static byte[] Write(AccessEvent happened)
    {
        Span<byte> buffer = stackalloc byte[MostBytes];
        var body = new AccessBody(buffer);
        WriteWho(ref body, happened.Role, happened.Who, happened.Account, happened.FhirUser, happened.Organisation, happened.Purpose, happened.TokenName);
        body.Byte((byte)happened.Action);
        body.Byte((byte)happened.Outcome);
        body.Number((uint)happened.Status);
        body.Text(happened.Target, LongestName);
        body.Text(happened.Query, LongestQuery);
        body.Text(happened.Detail, LongestDetail);
        body.Text(happened.Address, LongestName);
        body.Text(happened.RequestId, LongestName);
        return body.ToArray();
    }

    /// <summary>The beginning of all bodies of one requester.</summary>
    public static byte[] WriteWho(Requester requester)
    {
        Span<byte> buffer = stackalloc byte[MostBytes];
        var body = new AccessBody(buffer);
        WriteWho(ref body, requester.Role, requester.Who, requester.Account, requester.FhirUser, requester.Organisation, requester.Purpose, requester.TokenName);
        return body.ToArray();
    }

    /// <summary>What a record's body tells; null when it is of no format that this program knows, or damaged.</summary>
    public static AccessEvent? Read(ReadOnlySpan<byte> body)
    {
        if (body is not [Format, var role, ..])
        {
            return null;
        }

        var reader = new AccessBodyReader(body[2..]);
        string? who = reader.Text();
        string? account = reader.Text();
        string? fhirUser = reader.Text();
        string? organisation = reader.Text();
        string? purpose = reader.Text();
        string? tokenName = reader.Text();
        var happened = new AccessEvent((AccessAction)reader.Byte(), (AccessOutcome)reader.Byte())
        {
            Who = who ?? "",
            Account = account,
            FhirUser = fhirUser,
            Role = role == 0 ? null : (Role)(role - 1),
            Organisation = organisation,
            Purpose = purpose,
            TokenName = tokenName,
            Status = (int)reader.Number(),
            Target = reader.Text() ?? "",
            Query = reader.Text(),
            Detail = reader.Text(),
            Address = reader.Text(),
            RequestId = reader.Text(),
        };
        return reader.IsAtEnd ? happened : null;
    }

    private static void WriteWho(ref AccessBody body, Role? role, string who, string? account, string? fhirUser, string? organisation, string? purpose, string? tokenName)
    {
        body.Byte(Format);
        body.Byte(role is { } known ? (byte)(known + 1) : (byte)0);
        body.Text(who, LongestName);
        body.Text(account, LongestName);
        body.Text(fhirUser, LongestName);
        body.Text(organisation, LongestName);
        body.Text(purpose, LongestName);
        body.Text(tokenName, LongestName);
    }
}

/// <summary>A body in the making, on the stack.</summary>
/// <param name="buffer">Of <see cref="AccessCodec.MostBytes"/>.</param>
internal ref struct AccessBody(Span<byte> buffer)
{
    /// <summary>Ends what was cut, so that nobody takes it for all.</summary>
    public static ReadOnlySpan<byte> CutMark => " [cut]"u8;

    private readonly Span<byte> _buffer = buffer;
    private int _length;

    public readonly byte[] ToArray() => _buffer[.._length].ToArray();

    public void Byte(byte value) => _buffer[_length++] = value;

    public void Number(uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Byte((byte)(value | 0x80));
        }

        Byte((byte)value);
    }

    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
    }

    /// <param name="most">Bytes of UTF-8 after which it is cut, with a mark that says so.</param>
    public void Text(string? text, int most)
    {
        if (text is null)
        {
            Byte(0);
            return;
        }

        int length = Encoding.UTF8.GetByteCount(text);
        if (length <= most)
        {
            Number((uint)length + 1);
            _length += Encoding.UTF8.GetBytes(text, _buffer[_length..]);
            return;
        }

        Span<byte> start = stackalloc byte[most - CutMark.Length];
        Utf8.FromUtf16(text, start, out _, out int written);
        Number((uint)(written + CutMark.Length + 1));
        Bytes(start[..written]);
        Bytes(CutMark);
    }

    /// <summary>A text that is UTF-8 already, and not longer than it may be.</summary>
    public void Text(scoped ReadOnlySpan<byte> utf8)
    {
        Number((uint)utf8.Length + 1);
        Bytes(utf8);
    }
}

/// <summary>Reads a body field by field. Where the bytes end too early, or a text is no UTF-8, it is never at the end.</summary>
internal ref struct AccessBodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;
    private bool _isBroken;

    public readonly bool IsAtEnd => !_isBroken && _rest.IsEmpty;

    public byte Byte()
    {
        if (_rest.IsEmpty)
        {
            _isBroken = true;
            return 0;
        }

        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public uint Number()
    {
        uint value = 0;
        for (int shift = 0; shift < 28; shift += 7)
        {
            byte next = Byte();
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        _isBroken = true;
        return 0;
    }

    public string? Text()
    {
        uint length = Number();
        if (length == 0)
        {
            return null;
        }

        if (length - 1 > _rest.Length || !Utf8.IsValid(_rest[..(int)(length - 1)]))
        {
            _isBroken = true;
            return null;
        }

        string text = Encoding.UTF8.GetString(_rest[..(int)(length - 1)]);
        _rest = _rest[(int)(length - 1)..];
        return text;
    }
}
