using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using Xunit;

namespace HealthChain.Fhir.Tests.Patch;

public class JsonPatchTests
{
    private const string Document = """{"b":1.10,"a":["x",{"c":null},3e2],"~/":"t"}""";

    [Theory]
    [InlineData("""[]""", Document)]
    [InlineData("""[{"op":"add","path":"/a/0","value":"é\"\\"}]""", """{"b":1.10,"a":["é\"\\","x",{"c":null},3e2],"~/":"t"}""")]
    [InlineData("""[{"op":"add","path":"/a/3","value":[]}]""", """{"b":1.10,"a":["x",{"c":null},3e2,[]],"~/":"t"}""")]
    [InlineData("""[{"op":"add","path":"/a/-","value":2.50}]""", """{"b":1.10,"a":["x",{"c":null},3e2,2.50],"~/":"t"}""")]
    [InlineData("""[{"op":"add","path":"/b","value":null}]""", """{"b":null,"a":["x",{"c":null},3e2],"~/":"t"}""")]
    [InlineData("""[{"op":"replace","path":"/b","value":2}]""", """{"b":2,"a":["x",{"c":null},3e2],"~/":"t"}""")]
    [InlineData("""[{"op":"replace","path":"/a/1/c","value":0}]""", """{"b":1.10,"a":["x",{"c":0},3e2],"~/":"t"}""")]
    [InlineData("""[{"op":"replace","path":"","value":{"new":1}}]""", """{"new":1}""")]
    [InlineData("""[{"op":"remove","path":"/~0~1"},{"op":"remove","path":"/a/1/c"}]""", """{"b":1.10,"a":["x",{},3e2]}""")]
    [InlineData("""[{"op":"move","from":"/a/2","path":"/a/0"}]""", """{"b":1.10,"a":[3e2,"x",{"c":null}],"~/":"t"}""")]
    [InlineData("""[{"op":"move","from":"/b","path":"/b"}]""", Document)]
    [InlineData("""[{"op":"copy","from":"/a/1","path":"/d"},{"op":"add","path":"/d/e","value":1}]""", """{"b":1.10,"a":["x",{"c":null},3e2],"~/":"t","d":{"c":null,"e":1}}""")]
    [InlineData("""[{"op":"test","path":"/b","value":1.1},{"op":"test","path":"/a","value":["x",{"c":null},300]},{"op":"test","path":"/a/1/c","value":null}]""", Document)]
    public void An_operation_changes_what_it_names_and_nothing_else(string patch, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Apply(Document, patch).Value));

    [Theory]
    [InlineData("""{}""", "must be an array")]
    [InlineData("""[1]""", "Operation 0 must be an object")]
    [InlineData("""[{"path":""}]""", "needs a member 'op'")]
    [InlineData("""[{"op":"frob","path":""}]""", "there is no such operation")]
    [InlineData("""[{"op":"add","path":"/x"}]""", "needs a member 'value'")]
    [InlineData("""[{"op":"add","path":"x","value":1}]""", "needs a member 'path'")]
    [InlineData("""[{"op":"add","path":"/~2","value":1}]""", "needs a member 'path'")]
    [InlineData("""[{"op":"move","path":"/x"}]""", "needs a member 'from'")]
    [InlineData("""[{"op":"test","path":"/b","value":1},{"op":"remove","path":"/b"}]""", "Operation 0 (test /b): the value there is another one")]
    [InlineData("""[{"op":"remove","path":"/b"},{"op":"remove","path":"/b"}]""", "Operation 1 (remove /b): there is no 'b'")]
    [InlineData("""[{"op":"replace","path":"/x/y","value":1}]""", "there is no 'x' on the way")]
    [InlineData("""[{"op":"add","path":"/a/4","value":1}]""", "an index up to 3")]
    [InlineData("""[{"op":"add","path":"/a/01","value":1}]""", "'01' is no place")]
    [InlineData("""[{"op":"remove","path":"/a/-"}]""", "there is no '-'")]
    [InlineData("""[{"op":"add","path":"/b/x","value":1}]""", "no object or array to hold 'x'")]
    [InlineData("""[{"op":"remove","path":""}]""", "cannot be removed")]
    [InlineData("""[{"op":"move","from":"/a","path":"/a/0"}]""", "into itself")]
    [InlineData("""[{"op":"add","path":"/x","value":"\ud800"}]""", "not JSON that can be worked on")]
    [InlineData("""[{"op":"add","path":"/x","value":1,"value":2}]""", "not JSON that can be worked on")]
    [InlineData("""[""", "not JSON that can be worked on")]
    public void A_patch_that_does_not_fit_says_which_operation_and_why(string patch, string message) =>
        Assert.Contains(message, Assert.Single(Apply(Document, patch).Error!.Issues).Message, StringComparison.Ordinal);

    [Fact]
    public void Copies_into_itself_cannot_blow_up_a_document()
    {
        string deep = string.Concat(Enumerable.Range(0, 300).Select(_ => """{"op":"copy","from":"","path":"/x"},""")).TrimEnd(',');
        string wide = string.Concat(Enumerable.Range(0, 300).Select(_ => """{"op":"copy","from":"/a","path":"/a/-"},""")).TrimEnd(',');

        Assert.Contains("deep", Apply(Document, $"[{deep}]").Error!.ToString(), StringComparison.Ordinal);
        Assert.False(Apply(Document, $"[{wide}]").IsOk);
        Assert.Contains("at most 2", JsonPatch.Apply(Encoding.UTF8.GetBytes(Document), Encoding.UTF8.GetBytes($"[{wide}]"), new PatchLimits { MaxOperations = 2 }).Error!.ToString(), StringComparison.Ordinal);
        Assert.Contains("copies more than 20 values", JsonPatch.Apply(Encoding.UTF8.GetBytes(Document), Encoding.UTF8.GetBytes($"[{wide}]"), new PatchLimits { MaxCopiedValues = 20 }).Error!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_patched_resource_is_a_sound_resource_or_an_error()
    {
        Element patient = FhirJson.Read("""{"resourceType":"Patient","name":[{"given":["Ann"]}],"multipleBirthInteger":1}"""u8.ToArray()).Root;

        ElementTree good = JsonPatch.Apply(patient, """[{"op":"replace","path":"/name/0/given/0","value":"Eve"}]"""u8.ToArray()).Value;
        FhirError bad = JsonPatch.Apply(patient, """[{"op":"add","path":"/multipleBirthBoolean","value":true},{"op":"add","path":"/birthDate","value":"x"}]"""u8.ToArray()).Error!;

        Assert.Equal("Eve", good.Root.Child("name").Child("given").Text);
        Assert.Equal(2, bad.Issues.Count);
        Assert.All(bad.Issues, issue => Assert.StartsWith("The patch would leave an invalid resource", issue.Message, StringComparison.Ordinal));
    }

    private static Result<byte[]> Apply(string document, string patch) =>
        JsonPatch.Apply(Encoding.UTF8.GetBytes(document), Encoding.UTF8.GetBytes(patch));
}
