using System.Text;
using System.Xml;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.Fhir.Patch;

/// <summary>
/// XML Patch (RFC 5261) over the XML form of a resource, with selectors as <see cref="XmlSelector"/> has them. All operations are
/// applied or none; each sees the outcome of the one before. A narrative comes out as equal XHTML, not always spelled the same.
/// </summary>
public static class XmlPatch
{
    private const string NamespaceDeclarations = "http://www.w3.org/2000/xmlns/";

    /// <summary>Patches a resource; what comes out is read again, so that it is a sound resource or an error.</summary>
    public static Result<ElementTree> Apply(Element resource, ReadOnlyMemory<byte> patch, PatchLimits? limits = null)
    {
        limits ??= PatchLimits.Default;
        Result<byte[]> xml = FhirXml.ToBytes(resource);
        Result<byte[]> patched = xml.Error is { } unwritable ? unwritable : Apply(xml.Value, patch, limits);
        return patched.Error is { } error ? error : PatchedResource.Read(FhirXml.Read(patched.Value, limits.Read));
    }

    /// <summary>Patches any XML document.</summary>
    public static Result<byte[]> Apply(ReadOnlyMemory<byte> document, ReadOnlyMemory<byte> patch, PatchLimits? limits = null)
    {
        limits ??= PatchLimits.Default;
        try
        {
            XmlDocument operations = Load(patch, limits, "patch");
            XmlDocument target = Load(document, limits, "document");
            XmlElement[] list = [.. operations.DocumentElement!.ChildNodes.OfType<XmlElement>()];
            if (list.Length == 0)
            {
                return FhirError.Invalid("The patch holds no operations; they are add, replace and remove.");
            }

            if (limits.CheckCount(list.Length) is { } tooMany)
            {
                return tooMany;
            }

            long work = 0;
            for (int index = 0; index < list.Length; index++)
            {
                work += document.Length + patch.Length;
                if (work > limits.MaxWorkBytes)
                {
                    return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, "The patch has too many operations for a document of this size; split it.");
                }

                Apply(list[index], index, target);
            }

            return Write(target);
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
    }

    private static void Apply(XmlElement operation, int index, XmlDocument target)
    {
        string where = $"Operation {index} ({operation.LocalName} {operation.GetAttribute("sel")})";
        XmlNode[] selected = [.. XmlSelector.Parse(operation.GetAttribute("sel"), operation).Select(target).Take(2)];
        if (selected.Length != 1)
        {
            throw Refuse($"{where}: the selector matches {(selected.Length == 0 ? "nothing" : "several nodes")}; it must match one node.");
        }

        string? failure = operation.LocalName switch
        {
            "add" => Add(operation, selected[0]),
            "replace" => Replace(operation, selected[0]),
            "remove" => Remove(operation, selected[0]),
            _ => "there is no such operation; there are add, replace and remove.",
        };
        if (failure is not null)
        {
            throw Refuse($"{where}: {failure}");
        }

        // Texts that have become neighbours are one text node for the next selector.
        target.DocumentElement!.Normalize();
    }

    private static string? Add(XmlElement operation, XmlNode target)
    {
        string type = operation.GetAttribute("type");
        if (type.Length > 0)
        {
            return AddAttribute(operation, target as XmlElement, type);
        }

        string position = operation.GetAttribute("pos");
        bool isSibling = position is "before" or "after";
        if (target is XmlAttribute || (!isSibling && target is not XmlElement) || target.ParentNode is null)
        {
            return "nothing can be added there.";
        }

        if (isSibling && target.ParentNode is XmlDocument && operation.ChildNodes.Cast<XmlNode>().Any(node => node is XmlElement or XmlText or XmlCDataSection))
        {
            return "a document has one root element.";
        }

        if (position is not ("" or "before" or "after" or "prepend"))
        {
            return $"there is no position '{position}'; there are before, after and prepend.";
        }

        XmlNode anchor = target;
        foreach (XmlNode child in Contents(operation))
        {
            XmlNode added = target.OwnerDocument!.ImportNode(child, deep: true);
            switch (position)
            {
                case "":
                    target.AppendChild(added);
                    break;
                case "prepend":
                    target.InsertAfter(added, ReferenceEquals(anchor, target) ? null : anchor);
                    anchor = added;
                    break;
                case "before":
                    target.ParentNode.InsertBefore(added, target);
                    break;
                default:
                    target.ParentNode.InsertAfter(added, anchor);
                    anchor = added;
                    break;
            }
        }

        return null;
    }

    private static string? AddAttribute(XmlElement operation, XmlElement? target, string type)
    {
        const string namespaceAxis = "namespace::";
        bool isDeclaration = type.StartsWith(namespaceAxis, StringComparison.Ordinal);
        string name = isDeclaration ? type[namespaceAxis.Length..] : type.TrimStart('@');
        if (target is null || (!isDeclaration && !type.StartsWith('@')))
        {
            return "'type' names an attribute of an element: '@name' or 'namespace::prefix'.";
        }

        string[] parts = name.Split(':');
        string prefix = parts.Length == 2 ? parts[0] : "";
        if (parts.Length > 2 || !parts.All(IsName) || (isDeclaration && prefix.Length > 0) || parts.Contains("xmlns"))
        {
            return $"'{name}' is not a name that can be given; declarations of namespaces are added by 'namespace::prefix'.";
        }

        string uri = isDeclaration ? NamespaceDeclarations : prefix.Length == 0 ? "" : operation.GetNamespaceOfPrefix(prefix);
        if (prefix.Length > 0 && uri.Length == 0)
        {
            return $"the prefix '{prefix}' is not declared.";
        }

        if (target.HasAttribute(parts[^1], uri))
        {
            return $"there is an attribute '{name}' already; use replace.";
        }

        XmlAttribute attribute = target.OwnerDocument.CreateAttribute(isDeclaration ? "xmlns" : prefix, parts[^1], uri);
        attribute.Value = operation.InnerText;
        target.SetAttributeNode(attribute);
        return null;
    }

    private static string? Replace(XmlElement operation, XmlNode target)
    {
        if (target is XmlAttribute or XmlCharacterData and not XmlComment)
        {
            if (operation.ChildNodes.OfType<XmlElement>().Any())
            {
                return "a text or an attribute is replaced by text, without elements.";
            }

            target.Value = operation.InnerText;
            return null;
        }

        XmlNode[] contents = [.. Contents(operation).Where(node => node is not XmlWhitespace and not XmlSignificantWhitespace)];
        if (contents.Length != 1 || contents[0].NodeType != target.NodeType)
        {
            return $"the contents must be one node of the kind to be replaced ({target.NodeType}).";
        }

        target.ParentNode!.ReplaceChild(target.OwnerDocument!.ImportNode(contents[0], deep: true), target);
        return null;
    }

    private static string? Remove(XmlElement operation, XmlNode target)
    {
        if (target is XmlAttribute attribute)
        {
            attribute.OwnerElement!.RemoveAttributeNode(attribute);
            return null;
        }

        if (target is XmlElement { ParentNode: XmlDocument })
        {
            return "the root element cannot be removed.";
        }

        XmlNode?[] spaces = operation.GetAttribute("ws") switch
        {
            "" => [],
            "before" => [target.PreviousSibling],
            "after" => [target.NextSibling],
            "both" => [target.PreviousSibling, target.NextSibling],
            _ => throw Refuse("'ws' is before, after or both."),
        };
        if (spaces.Any(space => space is not XmlCharacterData || !string.IsNullOrWhiteSpace(space.Value)))
        {
            return "'ws' names white space that is not there.";
        }

        foreach (XmlNode node in spaces.Append(target).OfType<XmlNode>())
        {
            node.ParentNode!.RemoveChild(node);
        }

        return null;
    }

    private static XmlNode[] Contents(XmlElement operation) => [.. operation.ChildNodes.Cast<XmlNode>()];

    private static bool IsName(string text) => text.Length > 0 && XmlConvert.IsStartNCNameChar(text[0]) && text.All(XmlConvert.IsNCNameChar);

    private static XmlDocument Load(ReadOnlyMemory<byte> xml, PatchLimits limits, string what)
    {
        if (xml.Length > limits.Read.MaxBytes)
        {
            throw new FhirException(FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, $"The {what} has {xml.Length} bytes; at most {limits.Read.MaxBytes} are accepted."));
        }

        string text = XmlInput.Decode(xml, out _).Value;
        using XmlReader depths = XmlInput.Parse(text);
        try
        {
            // A resource in a resource is two levels of XML.
            while (depths.Read())
            {
                if (depths.Depth > 2 * limits.Read.MaxDepth)
                {
                    throw Refuse($"The {what} is nested more than {2 * limits.Read.MaxDepth} deep.");
                }
            }
        }
        catch (XmlException exception)
        {
            Issue issue = XmlInput.NotWellFormed(exception, null, (IXmlLineInfo)depths);
            throw new FhirException(new FhirError(ErrorKind.Invalid, [issue with { Message = $"The {what}: {issue.Message}" }]));
        }

        using XmlReader reader = XmlInput.Parse(text);
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        document.Load(reader);
        return document;
    }

    private static Result<byte[]> Write(XmlDocument document)
    {
        using var output = new MemoryStream();
        try
        {
            using (var writer = XmlWriter.Create(output, new XmlWriterSettings { Encoding = new UTF8Encoding(false), NewLineHandling = NewLineHandling.Entitize }))
            {
                document.Save(writer);
            }
        }
        catch (Exception exception) when (exception is XmlException or ArgumentException or InvalidOperationException)
        {
            // Names and prefixes that do not fit together are only found here.
            return FhirError.Invalid($"The patch would leave something that is not XML: {exception.Message}");
        }

        return output.ToArray();
    }

    private static FhirException Refuse(string message) => new(FhirError.Of(ErrorKind.Unprocessable, IssueType.Processing, message));
}
