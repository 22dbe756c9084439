using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>
/// A resource without some of its elements, which is still a sound resource: where an element is required something stands in its place that says that it
/// is withheld (https://hl7.org/fhir/R4/extension-data-absent-reason.html), and what would be left empty goes as well.
/// </summary>
public static class PartialResource
{
    private static readonly TypeSchema Extension = FhirSchema.R4.Type("Extension")!;

    /// <param name="resource">The root of a tree, or a resource in one.</param>
    /// <param name="isWithheld">Asked for each element from the outside in; what stands in one that is withheld goes with it.</param>
    /// <returns>A tree of its own.</returns>
    public static Element Without(Element resource, Func<Element, bool> isWithheld)
    {
        ElementDraft draft = Copy(resource, schema: null, isWithheld)!;
        return FhirJson.Read(DraftJson.Write(draft, resource.Tree.Json.Length)).Root;
    }

    /// <summary>The rest of an element; null when there is none.</summary>
    private static ElementDraft? Copy(Element element, ElementSchema? schema, Func<Element, bool> isWithheld)
    {
        var draft = new ElementDraft(schema, element.Type);
        if (element.HasValue)
        {
            int quote = element.IsText ? 1 : 0;
            draft.Json = element.Tree.Json.Slice(element.Node.Start - quote, element.Node.Length + 2 * quote);
        }

        bool isWhole = true;
        foreach (Element child in element.Children)
        {
            ElementDraft? part = isWithheld(child) ? null : Copy(child, child.Schema, isWithheld);
            isWhole &= part is not null;
            part ??= child.Schema!.Min > 0 && CanBeMasked(child.Type) ? Masked(child.Schema, child.Type) : null;
            if (part is not null)
            {
                draft.Append(part);
            }
        }

        return isWhole || SaysSomething(draft) ? draft : null;
    }

    /// <summary>An extension says something by its value or its parts, not by its url (invariant ext-1).</summary>
    private static bool SaysSomething(ElementDraft draft) =>
        ReferenceEquals(draft.Type, Extension) ? draft.Children.ToArray().Any(child => child.Schema!.Name is "value" or "extension") : !draft.IsEmpty;

    /// <summary>All elements take extensions but the XHTML of a narrative.</summary>
    private static bool CanBeMasked(TypeSchema type) => type.Element("extension") is not null;

    /// <summary>Stands for an element that may not be missing.</summary>
    private static ElementDraft Masked(ElementSchema schema, TypeSchema type)
    {
        ElementDraft Part(TypeSchema owner, string name, string? valueType, string? json)
        {
            ElementSchema element = owner.Element(name)!;
            return new ElementDraft(element, valueType is null ? element.Types[0].Type : FhirSchema.R4.Type(valueType)!)
            {
                Json = json is null ? default : System.Text.Encoding.UTF8.GetBytes(json),
            };
        }

        var masked = new ElementDraft(schema, type);
        ElementDraft reason = Part(type, "extension", null, null);
        reason.Append(Part(Extension, "url", null, "\"http://hl7.org/fhir/StructureDefinition/data-absent-reason\""));
        reason.Append(Part(Extension, "value", "code", "\"masked\""));
        masked.Append(reason);
        foreach (ElementSchema required in type.IsPrimitive ? [] : type.Elements)
        {
            if (required.Min > 0 && CanBeMasked(required.Types[0].Type))
            {
                masked.Append(Masked(required, required.Types[0].Type));
            }
        }

        return masked;
    }
}
