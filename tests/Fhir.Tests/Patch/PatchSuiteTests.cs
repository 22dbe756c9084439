using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using HealthChain.Fhir.Xml;
using HealthChain.RoundTrip;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Patch;

/// <summary>The patch cases of FHIR/fhir-test-cases, all of them (conformance/patch/README.md).</summary>
public class PatchSuiteTests
{
    [Fact]
    public void Fhirpath_patch_cases()
    {
        XElement[] cases = [.. XDocument.Load(Suite("fhir-patch-tests.xml"), LoadOptions.PreserveWhitespace).Root!.Elements("case")];

        Assert.Equal(33, cases.Length);
        Assert.Equal("", Failures(cases, "name", FhirPathCase));
    }

    [Fact]
    public void Json_patch_cases()
    {
        using JsonDocument suite = JsonDocument.Parse(File.ReadAllBytes(Suite("json-patch-tests.json")));
        JsonElement[] cases = [.. suite.RootElement.EnumerateArray()];
        var failures = new StringBuilder();
        foreach (JsonElement test in cases)
        {
            Result<byte[]> result = JsonPatch.Apply(Bytes(test.GetProperty("doc")), Bytes(test.GetProperty("patch")));
            string? failure = test.TryGetProperty("expected", out JsonElement expected)
                ? result.Error?.ToString() ?? JsonDifference.Find(Bytes(expected), result.Value)
                : result.IsOk ? "an error was expected" : null;
            failures.Append(failure is null ? "" : $"{test.GetProperty("comment")}: {failure}\n");
        }

        Assert.Equal(16, cases.Length);
        Assert.Equal("", failures.ToString());
    }

    [Fact]
    public void Xml_patch_cases()
    {
        XElement[] cases = [.. XDocument.Load(Suite("xml-patch-tests.xml"), LoadOptions.PreserveWhitespace).Root!.Elements("case")];

        Assert.Equal(29, cases.Length);
        Assert.Equal("", Failures(cases, "name", XmlCase));
    }

    private static string? FhirPathCase(XElement test)
    {
        Element input = FhirXml.Read(Xml(test.Element("input")!)).Root;
        Element diff = FhirXml.Read(Xml(test.Element("diff")!)).Root;
        Result<ElementTree> result = FhirPathPatch.Apply(input, diff);
        if (test.Element("output") is not { } output)
        {
            return result.IsOk ? "an error was expected" : null;
        }

        return result.Error?.ToString()
            ?? JsonDifference.Find(FhirJson.ToBytes(FhirXml.Read(Xml(output)).Root), FhirJson.ToBytes(result.Value.Root));
    }

    private static string? XmlCase(XElement test)
    {
        XNamespace fhir = "http://hl7.org/fhir";
        Result<byte[]> result = XmlPatch.Apply(Xml(test.Element("target")!), Encoding.UTF8.GetBytes(test.Element(fhir + "patch")!.ToString(SaveOptions.DisableFormatting)));
        if (test.Element("patched") is not { } patched)
        {
            return result.IsOk ? "an error was expected" : null;
        }

        if (result.Error is { } error)
        {
            return error.ToString();
        }

        string expected = Normal(patched.Elements().Single());
        string actual = Normal(XElement.Parse(Encoding.UTF8.GetString(result.Value)));
        return expected == actual ? null : $"expected {expected}, found {actual}";
    }

    // The cases are indented for the eye; white space around elements is no part of what they expect.
    private static string Normal(XElement element)
    {
        var copy = XElement.Parse(element.ToString(SaveOptions.DisableFormatting));
        foreach (XText text in copy.DescendantNodes().OfType<XText>().Where(text => string.IsNullOrWhiteSpace(text.Value)).ToArray())
        {
            text.Remove();
        }

        foreach (XElement each in copy.DescendantsAndSelf())
        {
            each.ReplaceAttributes(each.Attributes().OrderBy(attribute => attribute.Name.ToString()).ToArray());
        }

        return copy.ToString(SaveOptions.DisableFormatting).Replace("></foo>", " />", StringComparison.Ordinal).Replace("></doc>", " />", StringComparison.Ordinal);
    }

    private static string Failures(IEnumerable<XElement> cases, string name, Func<XElement, string?> run)
    {
        var failures = new StringBuilder();
        foreach (XElement test in cases)
        {
            if (run(test) is { } failure)
            {
                failures.Append(test.Attribute(name)!.Value).Append(": ").AppendLine(failure);
            }
        }

        return failures.ToString();
    }

    private static byte[] Xml(XElement holder) =>
        Encoding.UTF8.GetBytes(holder.Elements().SingleOrDefault()?.ToString(SaveOptions.DisableFormatting) ?? "");

    private static byte[] Bytes(JsonElement json) => Encoding.UTF8.GetBytes(json.GetRawText());

    private static string Suite(string file)
    {
        string? shared = Repository.Shared;
        Assert.SkipUnless(shared is not null, "The outside suites are not here.");
        return Path.Combine(shared, "data", "fhir-test-cases", "patch", file);
    }
}
