using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>What people call a person or an organisation.</summary>
internal static class PlainName
{
    /// <summary>The first name as one reads it: the text that somebody wrote, or its parts. Null for who has none.</summary>
    public static string? Of(Element resource)
    {
        foreach (Element name in resource.ChildrenOf("name"))
        {
            string text = name.HasValue ? name.Text! : name.TextOf("text") ?? PartsOf(name);
            return text.Trim().Length > 0 ? text : null;
        }

        return null;
    }

    private static string PartsOf(Element name) =>
        string.Join(' ', name.ChildrenOf("given").ToList().Select(given => given.Text).Append(name.TextOf("family")).OfType<string>());
}
