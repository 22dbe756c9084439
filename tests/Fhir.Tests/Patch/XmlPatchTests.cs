using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using Xunit;

namespace HealthChain.Fhir.Tests.Patch;

public class XmlPatchTests
{
    private const string Document = "<a xmlns=\"urn:x\"><b id=\"1\">t</b> <b id=\"2\"><c>v</c></b><!--k--></a>";

    [Theory]
    [InlineData("<add sel=\"a\" pos=\"prepend\"><n/><m/></add>", "<a xmlns=\"urn:x\"><n /><m /><b id=\"1\">t</b> <b id=\"2\"><c>v</c></b><!--k--></a>")]
    [InlineData("<add sel=\"/a/b[2]\" pos=\"after\"><n/><m/></add>", "<a xmlns=\"urn:x\"><b id=\"1\">t</b> <b id=\"2\"><c>v</c></b><n /><m /><!--k--></a>")]
    [InlineData("<add sel=\"a/b[c='v']\" type=\"@y\">&lt;</add>", "<a xmlns=\"urn:x\"><b id=\"1\">t</b> <b id=\"2\" y=\"&lt;\"><c>v</c></b><!--k--></a>")]
    [InlineData("<replace sel=\"a/*[@id='1'][.='t']\"><n/></replace>", "<a xmlns=\"urn:x\"><n /> <b id=\"2\"><c>v</c></b><!--k--></a>")]
    [InlineData("<replace sel=\"a/comment()\"><!--z--></replace>", "<a xmlns=\"urn:x\"><b id=\"1\">t</b> <b id=\"2\"><c>v</c></b><!--z--></a>")]
    [InlineData("<remove sel=\"a/b[@id='2']\" ws=\"before\"/>", "<a xmlns=\"urn:x\"><b id=\"1\">t</b><!--k--></a>")]
    [InlineData("<remove sel=\"a/b[1]\"/><remove sel=\"a/text()\"/>", "<a xmlns=\"urn:x\"><b id=\"2\"><c>v</c></b><!--k--></a>")]
    [InlineData("<replace sel=\"q:a/q:b[1]/text()\" xmlns:q=\"urn:x\">u</replace>", "<a xmlns=\"urn:x\"><b id=\"1\">u</b> <b id=\"2\"><c>v</c></b><!--k--></a>")]
    public void An_operation_changes_what_it_names_and_nothing_else(string operations, string expected) =>
        Assert.EndsWith(expected, Encoding.UTF8.GetString(Apply(operations).Value), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "no operations")]
    [InlineData("<frob sel=\"a\"/>", "no such operation")]
    [InlineData("<remove sel=\"a/b\"/>", "Operation 0 (remove a/b): the selector matches several nodes")]
    [InlineData("<remove sel=\"a/z\"/>", "matches nothing")]
    [InlineData("<remove sel=\"a\"/>", "root element cannot be removed")]
    [InlineData("<remove sel=\"\"/>", "a name is expected")]
    [InlineData("<remove sel=\"a//b\"/>", "a name is expected")]
    [InlineData("<remove sel=\"a/b[last()]\"/>", "'=' is expected")]
    [InlineData("<remove sel=\"a/b[0]\"/>", "count from 1")]
    [InlineData("<remove sel=\"a/b[@id=1]\"/>", "text in quotes")]
    [InlineData("<remove sel=\"z:a\"/>", "prefix 'z' is not declared")]
    [InlineData("<remove sel=\"a/@id/b\"/>", "nothing can follow")]
    [InlineData("<remove sel=\"a/b[1]\" ws=\"both\"/>", "white space that is not there")]
    [InlineData("<add sel=\"a/b[1]\" type=\"@id\">x</add>", "already")]
    [InlineData("<add sel=\"a/b[1]\" type=\"id\">x</add>", "'type' names an attribute")]
    [InlineData("<add sel=\"a/b[1]\" type=\"@1\">x</add>", "not a name")]
    [InlineData("<add sel=\"a/b[1]\" type=\"@xmlns\">x</add>", "not a name")]
    [InlineData("<add sel=\"a\" pos=\"after\"><b/></add>", "one root element")]
    [InlineData("<add sel=\"a\" pos=\"middle\"><b/></add>", "no position 'middle'")]
    [InlineData("<replace sel=\"a/b[1]\">text</replace>", "must be one node of the kind")]
    [InlineData("<replace sel=\"a/b[1]/@id\"><x/></replace>", "without elements")]
    [InlineData("<remove sel=\"a/b", "not well-formed")]
    public void A_patch_that_does_not_fit_says_which_operation_and_why(string operations, string message) =>
        Assert.Contains(message, Assert.Single(Apply(operations).Error!.Issues).Message, StringComparison.Ordinal);

    [Fact]
    public void A_patched_resource_is_a_sound_resource_or_an_error()
    {
        Element patient = FhirJson.Read("""{"resourceType":"Patient","name":[{"family":"A"}],"extension":[{"url":"u","valueDecimal":1.10}]}"""u8.ToArray()).Root;
        byte[] Patch(string operations) => Encoding.UTF8.GetBytes($"<diff>{operations}</diff>");

        ElementTree good = XmlPatch.Apply(patient, Patch("<replace sel=\"f:Patient/f:name/f:family/@value\">B</replace>")).Value;
        FhirError bad = XmlPatch.Apply(patient, Patch("<add sel=\"f:Patient/f:name\" type=\"@foo\">x</add>")).Error!;

        Assert.Equal("""{"resourceType":"Patient","extension":[{"url":"u","valueDecimal":1.10}],"name":[{"family":"B"}]}""", Encoding.UTF8.GetString(FhirJson.ToBytes(good.Root)));
        Assert.Contains("would leave an invalid resource", bad.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_operations_and_selectors_are_limited()
    {
        string deep = string.Concat(Enumerable.Repeat("<x>", 100_000)) + string.Concat(Enumerable.Repeat("</x>", 100_000));
        string steps = string.Join('/', Enumerable.Repeat("a", 100_000));

        Assert.Contains("deep", Apply($"<add sel=\"a\">{deep}</add>").Error!.ToString(), StringComparison.Ordinal);
        Assert.Contains("more than", Apply($"<remove sel=\"{steps}\"/>").Error!.ToString(), StringComparison.Ordinal);
        Assert.Contains("operations", Apply(string.Concat(Enumerable.Repeat("<remove sel=\"a\"/>", 2000))).Error!.ToString(), StringComparison.Ordinal);
    }

    private static Result<byte[]> Apply(string operations) =>
        XmlPatch.Apply(Encoding.UTF8.GetBytes(Document), Encoding.UTF8.GetBytes($"<diff xmlns=\"urn:x\">{operations}</diff>"));
}
