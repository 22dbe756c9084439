using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>Rules on values of data types that no invariant states: sizes and hashes that must agree, uris that must be whole.</summary>
internal static class Datatypes
{
    private const int EarliestYear = 1800;
    private const int LatestYear = 2200;

    /// <summary>Attachment.size and .hash describe .data, when it is there. See R4 datatypes.html#Attachment.</summary>
    public static void CheckAttachment(Element attachment, ValidationRun run)
    {
        Element data = attachment.Child("data");
        Element size = attachment.Child("size");
        Element hash = attachment.Child("hash");
        if (!data.HasLiteral() || !(size.HasLiteral() || hash.HasLiteral()))
        {
            return;
        }

        if ((run.Validator.Options.DataElsewhere?.Invoke(data) ?? FactsOf(data.Value)) is not { } facts)
        {
            return;
        }

        if (size.HasLiteral() && long.TryParse(size.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long stated) && stated != facts.Bytes)
        {
            run.Findings.Error(size, IssueType.Value, "size", $"The attachment says that it has {size.Value} bytes, but its data has {facts.Bytes.ToString(CultureInfo.InvariantCulture)}.");
        }

        Span<byte> given = stackalloc byte[64];
        if (hash.HasLiteral() && hash.Value.Length <= 88 && Base64.DecodeFromUtf8(hash.Value, given, out _, out int written) == OperationStatus.Done
            && !facts.Sha1.Span.SequenceEqual(given[..written]))
        {
            run.Findings.Error(hash, IssueType.Value, "hash", $"The hash is not the SHA-1 of the data; compute it anew or leave it out.");
        }
    }

    /// <summary>Null when the text is no base64.</summary>
    private static DataFacts? FactsOf(ReadOnlySpan<byte> base64)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(base64.Length + 1);
        try
        {
            if (Base64.DecodeFromUtf8(base64, buffer, out _, out int length) != OperationStatus.Done)
            {
                return null;
            }

#pragma warning disable CA5350 // Attachment.hash is SHA-1 by the specification; it detects changes, it protects nothing.
            return new DataFacts(length, SHA1.HashData(buffer.AsSpan(0, length)));
#pragma warning restore CA5350
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A year far from today is most likely a slip of the pen.</summary>
    public static void CheckYear(Element date, ValidationRun run)
    {
        ReadOnlySpan<byte> value = date.RawValue;
        if (value.Length >= 4 && int.TryParse(value[..4], NumberStyles.None, CultureInfo.InvariantCulture, out int year)
            && year is < EarliestYear or > LatestYear)
        {
            run.Findings.Warning(date, IssueType.Value, "year", $"The year {year} is hardly meant; it is outside {EarliestYear} to {LatestYear}.");
        }
    }

    /// <summary>An identifier in the system of uris is a whole uri. See R4 datatypes.html#Identifier.</summary>
    public static void CheckIdentifier(Element identifier, ValidationRun run)
    {
        Element system = identifier.Child("system");
        Element value = identifier.Child("value");
        if (system.HasLiteral() && system.ValueIs("urn:ietf:rfc:3986"u8) && value.HasLiteral() && value.Value.IndexOf((byte)':') < 1)
        {
            run.Findings.Error(
                value, IssueType.Value, "identifier",
                $"An identifier of the system urn:ietf:rfc:3986 must be a whole uri, such as urn:oid:1.2.3; '{value.Value}' is not.");
        }
    }
}
