using System.Globalization;
using System.Text;
using HealthChain.FhirServer.Http;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.FhirServer.Tests.LargeData;

public sealed class FilterProperties : IDisposable
{
    private const string Json = """
        {"resourceType":"Bundle","x":"\"data\":\"\\","entry":[{"resource":{"resourceType":"Binary","data":"QUJDREVGR0hJSktM"}},
        {"data" :"QU\u004aDREVG\/0hJSktM"},{"valueSampledData":{"data":"12345678 12345678"}},{"a":[{"data":"QUJDREVGR0hJ\nSktM"}],"data":"QUJD"},
        {"data":"QUJDREVGR0hJSktMTQ=="}]}
        """;

    private const string Xml = """
        <?xml version="1.0"?><!-- a -- <data value="QUJDREVGR0hJSktM"/> --><f:Bundle xmlns:f='http://hl7.org/fhir'><f:entry id="a>b"><f:data value="QUJDREVGR0hJSktM"/></f:entry>
        <text><div><data value="QUJDREVGR0hJSktM"/></div></text><valueSampledData><data value="12345678 12345678"/></valueSampledData><![CDATA[<data value="]]>
        <data id="x" value = 'QUJDREVG&#x52;0hJ&#83;ktM' /><data value="QUJDREVG&#10;R0hJSktM"/><data value="QUJDREVGR0hJSktMTQ=="></data></f:Bundle>
        """;

    private readonly FilterFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(nameof(FhirFormat.Json))]
    [InlineData(nameof(FhirFormat.Xml))]
    public async Task It_does_not_matter_where_the_pieces_of_a_document_end(string name)
    {
        FhirFormat format = Enum.Parse<FhirFormat>(name);
        byte[] document = Encoding.UTF8.GetBytes(format == FhirFormat.Json ? Json : Xml);
        (byte[] whole, int diverted) = _folder.Take(format, [document]).Value;
        string expected = await _folder.GiveAsync(format, whole);
        Assert.Equal(4, diverted);
        for (int at = 1; at < document.Length; at++)
        {
            (byte[] kept, int count) = _folder.Take(format, [document.AsMemory(0, at), document.AsMemory(at)]).Value;
            Assert.Equal(diverted, count);
            Assert.Equal(expected, await _folder.GiveAsync(format, kept));
        }

        (byte[] byBytes, _) = _folder.Take(format, Enumerable.Range(0, document.Length).Select(at => (ReadOnlyMemory<byte>)document.AsMemory(at, 1))).Value;
        Assert.Equal(expected, await _folder.GiveAsync(format, byBytes));
    }

    // Values of all lengths around the limit, at all offsets in their pieces.
    [Fact]
    public async Task Documents_made_at_random_come_back_to_the_byte()
    {
        int seed = Seed.Or(20_261_122);
        var random = new Random(seed);
        using var folder = new FilterFolder(inlineBytes: 50);
        for (int i = 0; i < 400; i++)
        {
            FhirFormat format = random.Next(2) == 0 ? FhirFormat.Json : FhirFormat.Xml;
            (string document, int large) = RandomDocument(random, format);
            (byte[] kept, int diverted) = folder.Take(format, Pieces(random, Encoding.UTF8.GetBytes(document))).Value;
            Assert.True(large == diverted && document == await folder.GiveAsync(format, kept), string.Create(CultureInfo.InvariantCulture, $"seed {seed}, document {i}: {document}"));
        }
    }

    // Whatever comes, the filter neither throws nor alters what it does not take.
    [Fact]
    public void Garbage_passes_or_is_refused()
    {
        int seed = Seed.Or(20_261_122);
        var random = new Random(seed);
        byte[] letters = Encoding.UTF8.GetBytes("{}[]\",:\\\\u00 data\"data\":\"<>/='!-?&#x;QUJDREVGR0hJ");
        for (int i = 0; i < 3000; i++)
        {
            FhirFormat format = random.Next(2) == 0 ? FhirFormat.Json : FhirFormat.Xml;
            byte[] start = Encoding.UTF8.GetBytes(format == FhirFormat.Json ? "{\"data\":\"QUJD" : "<a><data value=\"QUJD");
            byte[] garbage = [.. start[..random.Next(start.Length)], .. random.GetItems(letters, random.Next(200))];
            if (_folder.Take(format, Pieces(random, garbage)) is { IsOk: true, Value: var (kept, diverted) } && diverted == 0)
            {
                Assert.True(IsBeginning(kept, garbage), string.Create(CultureInfo.InvariantCulture, $"seed {seed}, document {i}: {Encoding.UTF8.GetString(garbage)}"));
            }
        }

        // A large value that has not ended is not there yet.
        static bool IsBeginning(byte[] kept, byte[] all) => all.AsSpan().StartsWith(kept);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(Random random, byte[] document)
    {
        for (int at = 0; at < document.Length;)
        {
            int length = Math.Min(document.Length - at, random.Next(1, 60));
            yield return document.AsMemory(at, length);
            at += length;
        }
    }

    private static (string Document, int Large) RandomDocument(Random random, FhirFormat format)
    {
        var text = new StringBuilder(format == FhirFormat.Json ? "{\"resourceType\":\"X\"" : "<X>");
        int large = 0;
        int members = random.Next(1, 8);
        for (int i = 0; i < members; i++)
        {
            var data = new byte[random.Next(0, 90)];
            random.NextBytes(data);
            string base64 = Convert.ToBase64String(data);
            bool isData = random.Next(3) > 0;
            large += isData && base64.Length > 50 ? 1 : 0;
            string name = isData ? "data" : "title";
            text.Append(format == FhirFormat.Json ? $",\"m{i}\":{{\"{name}\":\"{base64}\",\"n\":\"\\\\\\\"é\"}}" : $"<m{i}><{name} value=\"{base64}\"/><n value='&quot;é'/></m{i}>");
        }

        return (text.Append(format == FhirFormat.Json ? "}" : "</X>").ToString(), large);
    }
}
