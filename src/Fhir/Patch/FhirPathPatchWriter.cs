using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Patch;

/// <summary>Writes a FHIRPath Patch: a Parameters resource with an operation for each step.</summary>
internal sealed class FhirPathPatchWriter
{
    private static readonly TypeSchema ParametersType = FhirSchema.R4.Type("Parameters")!;
    private static readonly TypeSchema StringType = FhirSchema.R4.Type("string")!;
    private static readonly ElementSchema Operations = ParametersType.Element("parameter")!;
    private static readonly TypeSchema PartType = Operations.Types[0].Type;

    private readonly ElementDraft _root = new(null, ParametersType);

    public void Add(string path, string name, Element value) => Operation("add", path, ("name", name)).Append(Value(value));

    public void Insert(string path, int index, Element value) => Operation("insert", path, ("index", index)).Append(Value(value));

    public void Replace(string path, Element value) => Operation("replace", path).Append(Value(value));

    public void Delete(string path) => Operation("delete", path);

    public ReadOnlyMemory<byte> ToJson() => DraftJson.Write(_root, 1024);

    private ElementDraft Operation(string type, string path, params ReadOnlySpan<(string Name, object Value)> further)
    {
        var operation = new ElementDraft(Operations, PartType);
        operation.Append(Primitive(PartType.Element("name")!, StringType, "operation"));
        operation.Append(Part("type", "code", type));
        operation.Append(Part("path", "string", path));
        foreach ((string name, object value) in further)
        {
            operation.Append(value is int number ? Part(name, "integer", number) : Part(name, "string", value));
        }

        _root.Append(operation);
        return operation;
    }

    private static ElementDraft Part(string name)
    {
        ElementSchema parts = PartType.Element("part")!;
        var part = new ElementDraft(parts, parts.Types[0].Type);
        part.Append(Primitive(part.Type.Element("name")!, StringType, name));
        return part;
    }

    private static ElementDraft Part(string name, string type, object value)
    {
        ElementDraft part = Part(name);
        part.Append(Primitive(part.Type.Element("value")!, FhirSchema.R4.Type(type)!, value));
        return part;
    }

    /// <summary>The part <c>value</c>: a value where Parameters can hold one of the type, a resource, or else its elements as parts.</summary>
    private static ElementDraft Value(Element element, string name = "value")
    {
        ElementDraft part = Part(name);
        ElementSchema value = part.Type.Element("value")!;
        if (element.Type.IsResource)
        {
            part.Append(ElementDraft.Of(element, part.Type.Element("resource")!));
        }
        else if (value.Types.Any(type => type.Type == element.Type))
        {
            part.Append(ElementDraft.Of(element, value));
        }
        else if (element.Type.IsPrimitive)
        {
            // xhtml: Parameters have no such value; whoever applies the patch knows what a string shall become.
            part.Append(new ElementDraft(value, StringType) { Json = ElementDraft.Of(element).Json });
        }
        else
        {
            foreach (Element child in element.Children)
            {
                part.Append(Value(child, Encoding.UTF8.GetString(child.Schema!.JsonName(child.Type))));
            }
        }

        return part;
    }

    private static ElementDraft Primitive(ElementSchema schema, TypeSchema type, object value)
    {
        string text = value.ToString()!;
        return new ElementDraft(schema, type) { Json = Encoding.UTF8.GetBytes(value is int ? text : $"\"{System.Text.Json.JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"") };
    }
}
