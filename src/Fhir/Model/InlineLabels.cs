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
            if (child.Type.Name == "Extension" && child.Schema is { Name: "extension" } && Withholds(child))
            {
                return true;
            }
        }

        return false;
    }
}
