using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Storage.Model.Tests;

/// <summary>A key is there for what a query would look up, and not for what it would not.</summary>
public class IndexKeyWriterTests
{
    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);

    [Fact]
    public void Tokens_are_found_by_system_and_code_by_code_and_by_system()
    {
        long[] hashes = Hashes(
            """{"resourceType":"Patient","identifier":[{"system":"http://x.org","value":"1"},{"value":"2"}]}""", "identifier",
            IndexKeyKind.Token, IndexKeyKind.Code, IndexKeyKind.System);
        Assert.Equal(
            Sorted(Hasher.Token("http://x.org"u8, "1"u8), Hasher.Code("1"u8), Hasher.System("http://x.org"u8), Hasher.Token(default, "2"u8), Hasher.Code("2"u8)),
            hashes);
    }

    [Fact]
    public void A_code_with_an_implied_system_is_found_without_one_too()
    {
        long[] hashes = Hashes("""{"resourceType":"Patient","gender":"male"}""", "gender", IndexKeyKind.Token);
        Assert.Contains(Hasher.Token(default, "male"u8), hashes);
        Assert.Contains(Hasher.Token("http://hl7.org/fhir/administrative-gender"u8, "male"u8), hashes);
    }

    [Theory]
    [InlineData("Patient/1", "Patient", "1", "")]
    [InlineData("http://other.org/fhir/Patient/1", "Patient", "1", "http://other.org/fhir")]
    [InlineData("urn:uuid:5", "", "urn:uuid:5", "")]
    public void References_are_found_with_and_without_type(string reference, string type, string id, string server)
    {
        long[] hashes = Hashes($$"""{"resourceType":"Observation","subject":{"reference":"{{reference}}"},"status":"final"}""", "subject", IndexKeyKind.Reference, IndexKeyKind.ReferenceId);
        long[] expected = [Hasher.ReferenceId(Utf8(id)), .. type.Length > 0 ? [Hasher.Reference(Utf8(type), Utf8(id))] : Array.Empty<long>()];
        Assert.Equal(Sorted(server.Length == 0 ? expected : [.. expected.Select(hash => Hasher.Combine(Hasher.Uri(Utf8(server)), hash))]), hashes);
    }

    [Fact]
    public void A_reference_into_the_resource_itself_has_no_key_but_is_present()
    {
        const string Resource = """{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}""";
        Assert.Empty(Hashes(Resource, "subject", IndexKeyKind.Reference));
        Assert.Single(Hashes(Resource, "subject", IndexKeyKind.Present));
    }

    [Theory]
    [InlineData("Áb", new[] { "a", "ab" })]
    [InlineData("漢字", new[] { "漢", "漢字" })]
    [InlineData("abcdefghijklmnop", new[] { "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghij", "abcdefghijk", "abcdefghijkl" })]
    public void Texts_have_a_tag_for_each_of_their_first_letters_and_one_as_written(string family, string[] prefixes)
    {
        long[] hashes = Hashes($$"""{"resourceType":"Patient","name":[{"family":"{{family}}"}]}""", "family", IndexKeyKind.Text);
        Assert.Equal(Sorted([Hasher.ExactText(Utf8(family)), .. prefixes.Select(prefix => Hasher.TextPrefix(Utf8(prefix)))]), hashes);
    }

    [Theory]
    [InlineData("http://x.org/a/b")]
    [InlineData("http://x.org/a/")]
    [InlineData("http://x.org/a")]
    [InlineData("http://x.org/")]
    [InlineData("http://x.org/a/b/c")]
    [InlineData("http://x.org/a/bc")]
    [InlineData("http://x.o")]
    public void A_uri_is_below_what_the_matcher_says(string top)
    {
        IndexValues values = Extract("""{"resourceType":"ValueSet","url":"http://x.org/a/b","status":"draft"}""");
        IndexedParameter url = Parameters.Find(FhirSchema.R4.Type("ValueSet")!, "url")!;
        bool isBelow = SearchMatcher.Matches(values, url.Id, SearchModifier.Below, [new UriQuery(SearchModifier.Below, Utf8(top), default)]);
        Assert.Equal(isBelow, Keys(values).Contains(new IndexKey(url.Id, IndexKeyKind.UriTop, Hasher.UriTop(Utf8(top)), 0, 0)));
    }

    [Fact]
    public void Dates_keep_their_range()
    {
        IndexValues values = Extract("""{"resourceType":"Patient","birthDate":"1980-03"}""");
        IndexKey key = Assert.Single(Keys(values), key => key.Kind == IndexKeyKind.Date);
        Assert.Equal((new DateTime(1980, 3, 1).Ticks, new DateTime(1980, 4, 1).Ticks), (key.Low, key.High));
    }

    [Fact]
    public void Quantities_of_equal_amount_share_a_canonical_key()
    {
        static IndexKey Canonical(string quantity)
        {
            IndexValues values = Extract($$"""{"resourceType":"Observation","valueQuantity":{"system":"http://unitsofmeasure.org",{{quantity}} },"status":"final"}""");
            IndexedParameter parameter = Parameters.Find(FhirSchema.R4.Type("Observation")!, "value-quantity")!;
            return Assert.Single(Keys(values), key => key.Parameter == parameter.Id && key.Hash == Hasher.CanonicalUnit("g"u8));
        }

        Assert.Equal(Canonical("\"value\":5,\"code\":\"mg\""), Canonical("\"value\":0.005,\"code\":\"g\""));
        Assert.NotEqual(Canonical("\"value\":5,\"code\":\"mg\""), Canonical("\"value\":6,\"code\":\"mg\""));
    }

    [Fact]
    public void Tuples_join_the_parts_of_one_item_only()
    {
        IndexValues values = Extract(
            """{"resourceType":"Observation","component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":2}}]}""");
        IndexedParameter parameter = Parameters.Find(FhirSchema.R4.Type("Observation")!, "component-code-value-quantity")!;
        long a = Hasher.Combine(Hasher.Combine(0, Hasher.Code("a"u8)), 0);
        IndexKey found = Assert.Single(Keys(values), key => key.Parameter == parameter.Id && key.Kind == IndexKeyKind.Tuple && key.Hash == a);
        Assert.Equal((OrderedNumber.Of(1), OrderedNumber.Of(1)), (found.Low, found.High));
    }

    [Fact]
    public void Too_many_tuples_become_one_that_any_search_finds()
    {
        string codings = string.Join(',', Enumerable.Range(0, 1000).Select(number => $"{{\"system\":\"http://x.org\",\"code\":\"{number}\"}}"));
        IndexValues values = Extract(
            "{\"resourceType\":\"Observation\",\"code\":{\"coding\":[" + codings + "]},\"valueCodeableConcept\":{\"coding\":[" + codings + "]}}");
        IndexedParameter parameter = Parameters.Find(FhirSchema.R4.Type("Observation")!, "code-value-concept")!;
        IndexKey found = Assert.Single(Keys(values), key => key.Parameter == parameter.Id && key.Kind == IndexKeyKind.Tuple);
        Assert.Equal((IndexKeyWriter.AnyTuple, long.MinValue, long.MaxValue), (found.Hash, found.Low, found.High));
    }

    [Fact]
    public void Keys_are_sorted_and_none_stands_twice()
    {
        List<IndexKey> keys = Keys(Extract("""{"resourceType":"Patient","name":[{"family":"Ab","given":["Ab","ab"]},{"family":"Ab"}]}"""));
        Assert.Equal(keys.Distinct().Order(), keys);
        Assert.NotEmpty(keys);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static long[] Sorted(params long[] hashes) => [.. hashes.Order()];

    private static IndexValues Extract(string json)
    {
        var values = new IndexValues();
        new SearchExtractor(Parameters).Extract(FhirJson.Read(Utf8(json)).Root, values);
        return values;
    }

    private static List<IndexKey> Keys(IndexValues values)
    {
        var keys = new List<IndexKey>();
        new IndexKeyWriter(Hasher).Write(values, keys);
        return keys;
    }

    private static long[] Hashes(string json, string code, params IndexKeyKind[] kinds)
    {
        IndexValues values = Extract(json);
        string type = FhirJson.Read(Utf8(json)).Root.Type.Name;
        ushort parameter = Parameters.Find(FhirSchema.R4.Type(type)!, code)!.Id;
        return [.. Keys(values).Where(key => key.Parameter == parameter && kinds.Contains(key.Kind)).Select(key => key.Hash).Order()];
    }
}
