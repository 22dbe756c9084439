using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using Xunit;

namespace HealthChain.Fhir.Tests.Model;

public class ResourceEditTests
{
    private const string Bundle = """
        {
          "resourceType": "Bundle", "type": "collection",
          "entry": [
            {"fullUrl": "urn:uuid:1", "resource": { "resourceType" : "Patient" , "active": true, "name": [{"family": "Ä\"ö\n", "given": ["A", "B"], "_given": [null, {"id": "g"}]}], "multipleBirthInteger": 2 }},
            {"_fullUrl": {"id": "f"}, "resource": {"id": "old", "resourceType": "Observation", "status": "final",
               "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01"}, {"resourceType": "Group", "type": "person", "actual": true}],
               "code": {"text": "c"}, "subject": {"reference": "#p"}, "valueQuantity": {"value": 1.50, "unit": "mg"}}, "fullUrl": "urn:uuid:2"},
            {"resource": {"resourceType": "Basic", "_id": {"extension": [{"url": "http://e", "valueString": "x"}]}, "code": {"text": "q"}}},
            {"resource": {"resourceType": "Binary", "contentType": "text/plain"}, "request": {"method": "POST", "url": "Binary"}}
          ]
        }
        """;

    private static IEnumerable<Element> Resources(string json)
    {
        foreach (Element entry in FhirJson.Read(Encoding.UTF8.GetBytes(json)).Tree!.Root.ChildrenOf("entry"))
        {
            yield return entry.Child("resource");
        }
    }

    [Fact]
    public void A_resource_gets_an_id_whether_it_has_one_or_not()
    {
        foreach (Element resource in Resources(Bundle))
        {
            var edit = new ResourceEdit(resource);
            edit.SetId("new-id");

            ElementTree tree = edit.ToTree();

            Assert.Equal("new-id", tree.Root.Child("id").Text);
            Assert.Equal("new-id", (string?)JsonNode.Parse(tree.Json.Span)!["id"]);
            AssertSame(FhirJson.Read(tree.Json).Tree!.Root, tree.Root);
        }
    }

    [Fact]
    public void A_whole_text_without_changes_is_taken_as_it_is()
    {
        ElementTree tree = FhirJson.Read("{\"resourceType\":\"Patient\",\"active\":true}"u8.ToArray()).Tree!;

        Assert.Same(tree, new ResourceEdit(tree.Root).ToTree());
    }

    [Fact]
    public void White_space_around_a_resource_goes()
    {
        ElementTree tree = FhirJson.Read(" \n{\"resourceType\":\"Patient\",\"active\":true}\n"u8.ToArray()).Tree!;

        Assert.Equal("{\"resourceType\":\"Patient\",\"active\":true}"u8, new ResourceEdit(tree.Root).ToTree().Json.Span);
    }

    [Fact]
    public void Whatever_is_changed_the_tree_is_what_reading_the_new_text_gives()
    {
        var random = new Random(71);
        string[] values = ["", "x", "a longer text than before", "\"quoted\\\"", "Ünïcode\n", "Patient/1"];
        for (int round = 0; round < 2_000; round++)
        {
            foreach (Element resource in Resources(Bundle))
            {
                var edit = new ResourceEdit(resource);
                var changed = new Dictionary<string, string>();
                foreach (Element text in Texts(resource).Where(_ => random.Next(4) == 0))
                {
                    // The id and bound values may not be anything.
                    string value = text.Name is "id" or "url" or "status" or "type" or "birthDate" or "contentType"
                        ? text.Text!
                        : values[random.Next(1, values.Length)];
                    edit.SetText(text, value);
                    changed.Add(Relative(text, resource), value);
                }

                if (!changed.ContainsKey(".id") && random.Next(2) == 0)
                {
                    edit.SetId(values[1]);
                    changed.Add(".id", values[1]);
                }

                ElementTree tree = edit.ToTree();

                AssertSame(FhirJson.Read(tree.Json).Root, tree.Root);
                foreach (Element text in Texts(tree.Root))
                {
                    string path = Relative(text, tree.Root);
                    Assert.Equal(changed.GetValueOrDefault(path) ?? Texts(resource).First(before => Relative(before, resource) == path).Text, text.Text);
                }
            }
        }
    }

    private static string Relative(Element element, Element resource) => element.Expression[resource.Expression.Length..];

    private static IEnumerable<Element> Texts(Element element)
    {
        List<Element> children = [];
        foreach (Element child in element.Children)
        {
            children.Add(child);
        }

        return (element.IsText ? [element] : Array.Empty<Element>()).Concat(children.SelectMany(Texts));
    }

    private static void AssertSame(Element expected, Element actual)
    {
        Assert.Same(expected.Type, actual.Type);
        Assert.Same(expected.Schema, actual.Schema);
        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.IsText, actual.IsText);
        Assert.Equal(expected.IsEscaped, actual.IsEscaped);
        Assert.True(expected.RawValue.SequenceEqual(actual.RawValue));

        // A new id comes first among its siblings, wherever its member stands.
        List<Element> left = Sorted(expected);
        List<Element> right = Sorted(actual);
        Assert.Equal(left.Count, right.Count);
        for (int i = 0; i < left.Count; i++)
        {
            AssertSame(left[i], right[i]);
        }

        Assert.Equal(FhirJson.ToBytes(expected).Length, FhirJson.ToBytes(actual).Length);
    }

    private static List<Element> Sorted(Element element)
    {
        List<Element> children = [];
        foreach (Element child in element.Children)
        {
            children.Add(child);
        }

        return [.. children.OrderBy(child => child.Schema!.Id).ThenBy(child => child.Ordinal)];
    }
}
