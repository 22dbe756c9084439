using System.Text;
using HealthChain.Fhir.Schema;
using Xunit;

namespace HealthChain.Fhir.Tests.Model;

public class PrimitiveFormatTests
{
    [Theory]
    [InlineData(PrimitiveKind.Date, "2024|2024-02|2024-02-29|0001-01-01", "24|2024-2|2024-13|2023-02-29|2024-02-30|0000|2024-02-29T10:00:00Z||2024-|2024-00")]
    [InlineData(PrimitiveKind.DateTime, "2024|2024-02|2024-02-29|2024-02-29T10:30:00Z|2024-02-29T23:59:60Z|2024-02-29T10:30:00.123456+14:00|2024-02-29T10:30:00-05:30", "2024-02-29T10:30:00|2024-02-29T10:30Z|2024-02-29T24:00:00Z|2024-02-29T10:30:00+14:01|2024-02-29T10:30:00.Z|2024-02-29 10:30:00Z|2024-02-29T10:60:00Z")]
    [InlineData(PrimitiveKind.Instant, "2024-02-29T10:30:00Z|2024-02-29T10:30:00.1+01:00", "2024-02-29|2024|2024-02-29T10:30:00")]
    [InlineData(PrimitiveKind.Time, "10:30:00|00:00:00.001|23:59:60", "10:30|24:00:00|10:30:00Z|1:30:00|10:30:61|10:30:00.")]
    [InlineData(PrimitiveKind.Code, "a|final|a b|in-progress", "| a|a |a  b|\ta")]
    [InlineData(PrimitiveKind.Id, "a|A-1.b|0123456789012345678901234567890123456789012345678901234567890123", "|a_b|a b|01234567890123456789012345678901234567890123456789012345678901234|é")]
    [InlineData(PrimitiveKind.Uri, "http://x.org/a#b|urn:oid:1.2|é", "|a b|http://x.org/\t")]
    [InlineData(PrimitiveKind.Oid, "urn:oid:1.2.3|urn:oid:2.16.840.1.113883.6.96|urn:oid:0.0", "1.2.3|urn:oid:3.1|urn:oid:1.02|urn:oid:1.|urn:oid:1|urn:oid:1..2")]
    [InlineData(PrimitiveKind.Uuid, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "c757873d-ec9a-4326-a141-556f43239520|urn:uuid:c757873d|urn:uuid:c757873d-ec9a-4326-a141-556f4323952g")]
    [InlineData(PrimitiveKind.Integer, "0|-1|2147483647|-2147483648|-0", "01|+1|1.0|2147483648|1e2|-|")]
    [InlineData(PrimitiveKind.UnsignedInt, "0|2147483647", "-1|2147483648")]
    [InlineData(PrimitiveKind.PositiveInt, "1|2147483647", "0|-1")]
    [InlineData(PrimitiveKind.Decimal, "0|-0.0|1.10|1e10|1.5E-3|123456789012345678901234567890.123", "01|.5|1.|+1|1e|--1|NaN")]
    [InlineData(PrimitiveKind.Boolean, "true|false", "True|1|yes")]
    [InlineData(PrimitiveKind.Base64Binary, "AAAA|AAA=|AA==|AAAA BBBB|AA\nAA", "|AAA|A===|AA=A|AAAA-AAA|====")]
    [InlineData(PrimitiveKind.String, "a| |a\nb", "")]
    public void Formats_accept_the_good_and_refuse_the_bad(PrimitiveKind kind, string good, string bad)
    {
        foreach (string text in good.Split('|'))
        {
            Assert.True(PrimitiveFormat.IsValid(kind, Encoding.UTF8.GetBytes(text)), $"{kind} should accept '{text}'");
        }

        foreach (string text in bad.Split('|'))
        {
            Assert.False(PrimitiveFormat.IsValid(kind, Encoding.UTF8.GetBytes(text)), $"{kind} should refuse '{text}'");
        }
    }
}
