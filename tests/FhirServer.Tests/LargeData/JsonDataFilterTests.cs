using System.Text;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using Xunit;

namespace HealthChain.FhirServer.Tests.LargeData;

public sealed class JsonDataFilterTests : IDisposable
{
    private readonly FilterFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"resourceType":"Binary","data":"QUJDREVGR0hJSks="}""", 1)]
    [InlineData("""{"resourceType":"Binary","contentType":"a/b", "data" : "QUJDREVGR0hJSktM" }""", 1)]
    [InlineData("""{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Binary","data":"QUJDREVGR0hJSktM"}},{"resource":{"data":"QUJDREVGR0hJSktMTQ=="}}]}""", 2)]
    [InlineData("""{"content":[{"attachment":{"data":"QUJDREVGR0hJSktM","title":"data"}}]}""", 1)]
    [InlineData("""{"data":"QUJDREVG"}""", 0)]
    [InlineData("""{"data":"QUJDREVGR0hJ"}""", 1)]
    [InlineData("""{"data":""}""", 0)]
    [InlineData("""{"data":["QUJDREVGR0hJSktM"]}""", 0)]
    [InlineData("""{"data":{"id":"QUJDREVGR0hJSktM"}}""", 0)]
    [InlineData("""{"_data":"QUJDREVGR0hJSktM","title":"QUJDREVGR0hJSktM","x":"data","y":"QUJDREVGR0hJSktM"}""", 0)]
    [InlineData("""{"title":"\"data\":\"QUJDREVGR0hJSktM\"","end":true}""", 0)]
    [InlineData("""{"title":"\\","data":"QUJDREVGR0hJSktM"}""", 1)]
    [InlineData("""{"d\u0061ta":"QUJDREVGR0hJSktM"}""", 0)]
    [InlineData("""{"valueSampledData":{"origin":{"value":0},"data":"1234 5678 1234 5678"},"data":"QUJDREVGR0hJSktM"}""", 1)]
    [InlineData("""{"component":[{"valueSampledData":{"data":"123456781234"}},{"valueAttachment":{"data":"QUJDREVGR0hJSktM"}}]}""", 1)]
    [InlineData("""["data","QUJDREVGR0hJSktM",{"a":null,"b":1.50,"c":[1,2,{"data":"QUJDREVGR0hJSktM"}]}]""", 1)]
    public async Task Long_data_goes_to_blobs_and_comes_back_to_the_byte(string document, int diverted)
    {
        (byte[] kept, int count) = _folder.Take(FhirFormat.Json, document).Value;
        Assert.Equal(diverted, count);
        Assert.Equal(diverted == 0, Encoding.UTF8.GetString(kept) == document);
        Assert.Equal(document, await _folder.GiveAsync(FhirFormat.Json, kept));
    }

    // What decoding would lose is kept as text.
    [Theory]
    [InlineData("""{"data":"QUJD\nREVG\nR0hJ\nSktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJSktM\n"}""")]
    [InlineData("""{"data":"\r\n\tQUJDREVGR0hJSktM "}""")]
    public async Task Base64_with_more_to_it_than_its_data_comes_back_to_the_byte(string document)
    {
        (byte[] kept, int count) = _folder.Take(FhirFormat.Json, document).Value;
        Assert.Equal(1, count);
        Assert.Equal(document, await _folder.GiveAsync(FhirFormat.Json, kept));
    }

    [Theory]
    [InlineData("""{"data":"QUJDREVG\/0hJSktM"}""", """{"data":"QUJDREVG/0hJSktM"}""")]
    [InlineData("""{"data":"QUJDREVG\u002B0hJSktM"}""", """{"data":"QUJDREVG+0hJSktM"}""")]
    [InlineData("""{"data":"\u0051UJDREVGR0hJSktM"}""", """{"data":"QUJDREVGR0hJSktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ\u000aSktM"}""", """{"data":"QUJDREVGR0hJ\nSktM"}""")]
    public async Task Escapes_mean_what_they_stand_for(string document, string expected) =>
        Assert.Equal(expected, await _folder.RoundTripAsync(FhirFormat.Json, document));

    [Theory]
    [InlineData("""{"data":"QUJDREVGR0hJSkt"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ!ktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ=ktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJSk==SktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJSk==\nSktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJS==="}""")]
    [InlineData("""{"data":"QUJDREVGR0hJSktMTR=="}""")]
    [InlineData("""{"data":"QUJDREVGR0hJSktMTUJ="}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ\\SkM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ\"SkM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ\u0000SktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ\u00e9SktM"}""")]
    [InlineData("""{"data":"QUJDREVGR0hJ\ud83d\ude00SktM"}""")]
    [InlineData("{\"data\":\"QUJDREVGR0hJ\nSktM\"}")]
    [InlineData("""{"data":"QUJDREVGR0hJä=="}""")]
    public void What_is_not_base64_is_refused(string document)
    {
        Assert.Equal(ErrorKind.Invalid, _folder.Take(FhirFormat.Json, document).Error!.Kind);
        Assert.DoesNotContain(_folder.Files(), file => file.Contains("incoming", StringComparison.Ordinal));
    }

    [Fact]
    public void Data_beyond_the_limit_is_refused_and_leaves_nothing()
    {
        using var folder = new FilterFolder(maxBytes: 1000);
        Assert.True(folder.Take(FhirFormat.Json, $$"""{"data":"{{Convert.ToBase64String(new byte[1000])}}"}""").IsOk);
        Assert.Single(folder.Files());
        Assert.Equal(ErrorKind.TooLarge, folder.Take(FhirFormat.Json, $$"""{"data":"{{Convert.ToBase64String(new byte[1001])}}"}""").Error!.Kind);
        Assert.Single(folder.Files());
    }

    [Fact]
    public void What_stays_is_bounded_too()
    {
        byte[] document = Encoding.UTF8.GetBytes($$"""{"title":"{{new string('x', 5000)}}"}""");
        Assert.Equal(ErrorKind.TooLarge, _folder.Take(FhirFormat.Json, [document], maxBytes: 4000).Error!.Kind);
        Assert.True(_folder.Take(FhirFormat.Json, [Encoding.UTF8.GetBytes($$"""{"data":"{{Convert.ToBase64String(new byte[9000])}}"}""")], maxBytes: 4000).IsOk);
    }

    [Fact]
    public void What_is_remembered_of_nesting_is_bounded() =>
        Assert.Equal(ErrorKind.Invalid, _folder.Take(FhirFormat.Json, new string('[', 100_000)).Error!.Kind);

    [Theory]
    [InlineData("""{"data":"QUJDREVGR0hJSktM""")]
    [InlineData("""{"data":"QUJDREVGR0hJSktM\""")]
    public void A_document_that_breaks_off_leaves_nothing(string document)
    {
        Assert.True(_folder.Take(FhirFormat.Json, document).IsOk);
        Assert.Empty(_folder.Files());
    }

    [Theory]
    [InlineData("""}}]],,::"data":"QUJDREVGR0hJSktM"{{""")]
    [InlineData("""{"a":1}{"data":"QUJD""")]
    [InlineData("""{"title":"QUJDREVGR0hJSktM\u00""")]
    [InlineData("""{"data":"QU\u00"}""")]
    public async Task What_is_no_JSON_passes_for_the_reader_to_refuse(string document) =>
        Assert.Equal(document, await _folder.RoundTripAsync(FhirFormat.Json, document));
}
