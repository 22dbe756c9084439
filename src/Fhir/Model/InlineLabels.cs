namespace HealthChain.Fhir.Model;

/// <summary>
/// Security labels on parts of a resource, by HL7's Data Segmentation for Privacy: an extension on the element, and
/// <c>PROCESSINLINELABEL</c> on the resource, which says that there are such. https://hl7.org/fhir/uv/security-label-ds4p/inline_security_labels.html
/// </summary>
public static class InlineLabels
{
    /// <summary>The code of v3-ActCode that a resource with such labels has in <c>meta.security</c>.</summary>
    public const string Mark = "PROCESSINLINELABEL";

    /// <summary>How far data can be trusted is no matter of who may see it.</summary>
    private static ReadOnlySpan<byte> Integrity => "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"u8;

    private static ReadOnlySpan<byte> Url => "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"u8;

    /// <summary>Whether a resource says that parts of it have labels.</summary>
    public static bool AreIn(Element resource)
    {
        if (resource.Child("meta") is { Exists: true } meta)
        {
            foreach (Element label in meta.ChildrenOf("security"))
            {
                if (label.Child("code") is { Exists: true } code && code.ValueIs("PROCESSINLINELABEL"u8))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// What of a resource may be known by whoever knows that it is there: without the parts that a label can withhold, and without narrative, which may say the same in
    /// words. By this it is found and judged; the parts are judged by themselves. The resource itself where it has no such parts.
    /// </summary>
    public static Element Open(Element resource) =>
        AreIn(resource) ? PartialResource.Without(resource, static element => element.Type.Name == "Narrative" || Cover(element)) : resource;

    /// <summary>Whether an extension is such a label.</summary>
    public static bool Is(Element extension) =>
        extension.Type.Name == "Extension" && extension.Child("url") is { Exists: true } url && url.ValueIs(Url);

    /// <summary>
    /// Whether an extension is a label that can withhold the element on which it stands. One without a code can: what it should say is not known.
    /// </summary>
    public static bool Withholds(Element extension) =>
        Is(extension)
        && !(extension.Child("value") is { Exists: true, Type.Name: "Coding" } label && label.Child("system") is { Exists: true } system && system.ValueIs(Integrity));

    /// <summary>Whether an element is under a label of its own that can withhold it. A resource that stands by itself or in a Bundle is not: <c>meta.security</c> is for it.</summary>
    public static bool Cover(Element element)
    {
        if (element.Type.IsResource && element.Schema is not { Name: "contained" })
        {
            return false;
        }

        foreach (Element child in element.Children)
        {
            if (child.Schema is { Name: "extension" } && Withholds(child))
            {
                return true;
            }
        }

        return false;
    }
}
