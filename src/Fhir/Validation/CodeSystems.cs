using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>Rules of R4 codesystem.html that no invariant states: content and concepts agree, properties are declared and of their type.</summary>
internal static class CodeSystems
{
    // Properties that need no declaration: codesystem.html#defined-props.
    private static readonly string[] Predefined = ["inactive", "deprecated", "deprecationDate", "notSelectable", "parent", "child", "status", "partOf", "synonym", "comment", "itemWeight"];

    public static void Check(Element system, ValidationRun run)
    {
        Element content = system.Child("content");
        if (system.Child("supplements").Exists && content.HasLiteral() && !content.ValueIs("supplement"u8))
        {
            run.Findings.Error(
                content, IssueType.BusinessRule, "content", $"A code system that supplements another has the content supplement, not {content.Value}.");
        }

        if (content.Is("not-present"u8) && system.Child("concept") is { Exists: true } concept)
        {
            run.Findings.Error(
                concept, IssueType.BusinessRule, "content", $"The code system says that it holds no concepts (not-present), but it does; correct content.");
        }

        CheckConcepts(system, Declared(system, run), run);
    }

    private static Dictionary<string, string> Declared(Element system, ValidationRun run)
    {
        var declared = new Dictionary<string, string>();
        foreach (Element property in system.ChildrenOf("property"))
        {
            string code = property.Child("code").TextOrNull() ?? "";
            if (!declared.TryAdd(code, property.Child("type").TextOrNull() ?? ""))
            {
                run.Findings.Error(property, IssueType.Duplicate, "property", $"Another property has the code '{code}' too; codes must differ.");
            }
        }

        return declared;
    }

    private static void CheckConcepts(Element parent, Dictionary<string, string> declared, ValidationRun run)
    {
        foreach (Element concept in parent.ChildrenOf("concept"))
        {
            foreach (Element property in concept.ChildrenOf("property"))
            {
                CheckProperty(property, declared, run);
            }

            CheckConcepts(concept, declared, run);
        }
    }

    private static void CheckProperty(Element property, Dictionary<string, string> declared, ValidationRun run)
    {
        Element code = property.Child("code");
        Element value = property.Child("value");
        if (!code.HasLiteral())
        {
            return;
        }

        if (!declared.TryGetValue(code.Text!, out string? type))
        {
            if (!Predefined.Contains(code.Text!))
            {
                run.Findings.Error(code, IssueType.BusinessRule, "property", $"The property '{code.Value}' is not declared in CodeSystem.property; declare it.");
            }
        }
        else if (value.Exists && type.Length > 0 && value.Type.Name != type)
        {
            run.Findings.Error(
                value, IssueType.BusinessRule, "property", $"The property '{code.Value}' is declared as {type}, but the value is a {value.Type.Name}.");
        }
    }
}
