using System.Text;
using HealthChain.FhirServer.Cli;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class InputFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("healthchain").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    private static List<string> Describe(IEnumerable<InputResource> resources) =>
        [.. resources.Select(resource => $"{resource.Place}{(resource.Entry < 0 ? "" : $" entry[{resource.Entry}]")}|{Encoding.UTF8.GetString(resource.Utf8.Span)}")];

    private static MemoryStream StreamOf(string text) => new(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void A_file_with_one_resource_is_read_whole()
    {
        var path = Write("patient.json", """ { "resourceType": "Patient" } """);

        var resource = Assert.Single(InputFile.Read(path, splitBundles: true));

        Assert.False(resource.IsXml);
        Assert.Equal("", resource.Place);
    }

    [Fact]
    public void XML_is_recognised_by_its_first_character_after_a_byte_order_mark()
    {
        var path = Write("patient", "\uFEFF\n<Patient xmlns=\"http://hl7.org/fhir\"/>");

        Assert.True(Assert.Single(InputFile.Read(path, splitBundles: true)).IsXml);
    }

    [Fact]
    public void The_lines_of_NDJSON_are_resources_and_blank_lines_count_but_hold_none()
    {
        var path = Write("all.ndjson", "{\"a\":1}\r\n\n  \n{\"b\":2}\n{\"c\":3}");

        Assert.Equal([":1|{\"a\":1}\r", ":4|{\"b\":2}", ":5|{\"c\":3}"], Describe(InputFile.Read(path, splitBundles: true)));
    }

    [Fact]
    public void Lines_longer_than_the_window_arrive_whole()
    {
        var lines = Enumerable.Range(1, 20).Select(n => new string((char)('a' + n), n * 30_000)).ToList();
        var path = Write("long.ndjson", string.Join('\n', lines) + "\n");

        Assert.Equal(lines, InputFile.Read(path, splitBundles: true).Select(resource => Encoding.UTF8.GetString(resource.Utf8.Span)));
    }

    [Fact]
    public void The_entries_of_a_large_bundle_come_one_by_one()
    {
        var text = """
            { "type": "collection", "resourceType" : "Bundle", "total": 3, "link": [{ "entry": [1] }],
              "entry": [ { "fullUrl": "a", "resource": {"id":"brackets ] } \" and \\"} }, {"request":{"method":"DELETE"}},
                         {"resource":{"id":"2"},"search":{}} ] , "signature": null }
            """;

        Assert.True(LargeBundle.IsOne(StreamOf(text)));
        Assert.Equal([" entry[0]|{\"id\":\"brackets ] } \\\" and \\\\\"}", " entry[2]|{\"id\":\"2\"}"], Describe(LargeBundle.ReadEntries(StreamOf(text))));
    }

    [Fact]
    public void Entries_that_cross_the_windows_edge_arrive_whole()
    {
        var ids = Enumerable.Range(1, 40).Select(n => new string('x', n * 5_000) + "\\\"").ToList();
        var resources = ids.Select(id => $$"""{"id":"{{id}}"}""").ToList();
        var text = $$"""{"resourceType":"Bundle","entry":[{"resource":{{string.Join("},{\"resource\":", resources)}} }]}""";

        Assert.Equal(
            resources,
            LargeBundle.ReadEntries(StreamOf(text)).Select(resource => Encoding.UTF8.GetString(resource.Utf8.Span)));
    }

    [Theory]
    [InlineData("""{"entry":[{}],"resourceType":"List"}""")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"resourceType" "Bundle"}""")]
    public void What_is_no_bundle_is_not_taken_apart(string text) => Assert.False(LargeBundle.IsOne(StreamOf(text)));

    [Theory]
    [InlineData("""{"resourceType":"Bundle","entry":[{"resource":{}}""")]
    [InlineData("""{"resourceType":"Bundle","entry":[{"resource":{}} {}]}""")]
    [InlineData("""{"resourceType":"Bundle","entry":[{"resource":{"id":"1""")]
    [InlineData("""{"resourceType":"Bundle","entry":[,]}""")]
    public void A_broken_frame_is_reported(string text) =>
        Assert.Throws<InvalidDataException>(() => LargeBundle.ReadEntries(StreamOf(text)).Count());

    [Fact]
    public void A_broken_entry_is_handed_on_so_that_its_reader_reports_it()
    {
        var text = """{"resourceType":"Bundle","entry":[{"resource":{"id":}},{"resource":{"id":"2"}}]}""";

        Assert.Equal([" entry[0]|{\"resource\":{\"id\":}}", " entry[1]|{\"id\":\"2\"}"], Describe(LargeBundle.ReadEntries(StreamOf(text))));
    }
}
