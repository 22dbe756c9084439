using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Extensions: known or not, where they may stand, whether they may change the meaning of what they stand on. Their content is
/// checked like that of any profile. See R4 extensibility.html and defining-extensions.html#context.
/// </summary>
internal static class Extensions
{
    private static readonly string[] ExampleHosts = ["example.org", "example.com", "acme.com", "acme.org"];

    /// <summary>Checks an extension on its own and gives the profile that defines its content, when there is one.</summary>
    public static ProfileSchema? Check(Element extension, ValidationRun run)
    {
        bool hasValue = extension.Child(Known.ExtensionValue).Exists;
        bool hasParts = extension.Child(Known.ExtensionExtension).Exists;
        if (hasValue == hasParts)
        {
            run.Findings.Error(
                extension, IssueType.Invariant, "ext-1",
                $"An extension has either a value or extensions of its own, this one has {(hasValue ? "both" : "neither")} (ext-1).");
        }

        Element url = extension.Child(Known.ExtensionUrl);
        if (!url.HasLiteral())
        {
            return null;
        }

        // The parts of a complex extension have names that only their parent's definition knows.
        if (!ReferenceLiteralIsAbsolute(url.Value))
        {
            if (IsPart(extension))
            {
                CheckPart(extension.Parent, url, run);
            }
            else
            {
                run.Findings.Error(
                    url, IssueType.Value, "extension", $"The url of an extension must be absolute; '{url.Value}' is not.");
            }

            return null;
        }

        if (run.Validator.ExtensionProfile(url.Value) is not { } profile)
        {
            ReportUnknown(extension, url, run);
            return null;
        }

        CheckModifier(extension, profile, run);
        CheckContext(extension, profile.Structure, run);
        return profile;
    }

    private static bool ReferenceLiteralIsAbsolute(ReadOnlySpan<byte> url) => url.IndexOf((byte)':') > 0;

    private static bool IsPart(Element extension)
    {
        return ReferenceEquals(extension.Parent.Type, Known.Extension);
    }

    // Only the definition of the whole gives a meaning to the relative url of a part (extensibility.html#extension).
    private static void CheckPart(Element whole, Element url, ValidationRun run)
    {
        Element wholeUrl = whole.Child(Known.ExtensionUrl);
        if (!wholeUrl.HasLiteral() || !ReferenceLiteralIsAbsolute(wholeUrl.Value)
            || run.Validator.ExtensionProfile(wholeUrl.Value) is not { } profile)
        {
            return;
        }

        bool hasParts = false;
        foreach (ElementDefinition element in profile.Structure.Snapshot)
        {
            if (element.Path != "Extension.extension.url" || element.Fixed is not { } name)
            {
                continue;
            }

            hasParts = true;
            if (name.Json.Span[1..^1].SequenceEqual(url.Value))
            {
                return;
            }
        }

        if (hasParts)
        {
            run.Findings.Error(
                url, IssueType.Extension, profile.Canonical, $"'{url.Value}' is no part of the extension {profile.Structure.Url}.");
        }
    }

    private static void ReportUnknown(Element extension, Element url, ValidationRun run)
    {
        string text = url.Text!;
        ValidatorOptions options = run.Validator.Options;
        foreach (string domain in options.AllowedExtensionDomains)
        {
            if (text.StartsWith(domain, StringComparison.Ordinal))
            {
                return;
            }
        }

        // In the name space of R4's own definitions an unknown url is most likely a wrong one; guides (hl7.org/fhir/us/...) are just not loaded.
        bool isCore = text.StartsWith("http://hl7.org/fhir/StructureDefinition/", StringComparison.Ordinal);
        bool isModifier = extension.Schema is { Name: "modifierExtension" };
        IssueSeverity severity = isCore ? IssueSeverity.Error : options.UnknownExtension;
        string consequence = isModifier ? "a modifier extension that is not understood must not be processed" : "its content is not checked";
        run.Findings.Report(
            severity, extension, isCore ? IssueType.Extension : IssueType.NotFound, "extension",
            $"The extension {text} is not known; {consequence}. Load the package that defines it, or correct the url.");
        if (options.RefuseExampleUrls && IsExample(text))
        {
            run.Findings.Error(url, IssueType.Invalid, "extension", $"'{text}' is an example url; use one that you own.");
        }
    }

    private static bool IsExample(string url)
    {
        foreach (string host in ExampleHosts)
        {
            if (url.Contains("://" + host, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static void CheckModifier(Element extension, ProfileSchema profile, ValidationRun run)
    {
        bool isModifier = profile.Structure.Snapshot[0].IsModifier ?? false;
        bool isWrittenAsModifier = extension.Schema is { Name: "modifierExtension" };
        if (isModifier && !isWrittenAsModifier)
        {
            run.Findings.Error(
                extension, IssueType.Extension, profile.Canonical,
                $"{profile.Structure.Url} changes the meaning of what it stands on, so it must be a modifierExtension.");
        }
        else if (!isModifier && isWrittenAsModifier)
        {
            run.Findings.Error(
                extension, IssueType.Extension, profile.Canonical,
                $"{profile.Structure.Url} is not a modifier extension; write it as extension.");
        }
    }

    private static void CheckContext(Element extension, StructureDefinition definition, ValidationRun run)
    {
        Element parent = extension.Parent;
        if (definition.Contexts.Count > 0 && parent.Exists)
        {
            // R4 defines this one for ElementDefinition.type.code, but all its own definitions have it on ElementDefinition.type.
            bool allowed = definition.Url == "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
                && parent.Type.Name == "ElementDefinition.type";
            foreach (ExtensionContext context in definition.Contexts)
            {
                if (Fits(extension, parent, context, run))
                {
                    allowed = true;
                    break;
                }
            }

            if (!allowed)
            {
                run.Findings.Error(
                    extension, IssueType.Extension, definition.Url,
                    $"{definition.Url} is not allowed on {parent.Type.Name}; it belongs on {Places(definition)}.");
            }
        }

        foreach (string invariant in definition.ContextInvariants)
        {
            if (!Holds(invariant, parent, run))
            {
                run.Findings.Error(
                    extension, IssueType.Invariant, definition.Url,
                    $"{definition.Url} may stand only where this holds: {invariant}.");
            }
        }
    }

    // What cannot be evaluated is a fault of the definition, not of the resource.
    private static bool Holds(string invariant, Element parent, ValidationRun run)
    {
        try
        {
            return run.Validator.Expression(invariant) is not { IsOk: true } compiled || compiled.Value.IsTrue(parent, run.EvaluationContext);
        }
        catch (FhirException)
        {
            return true;
        }
    }

    private static string Places(StructureDefinition definition) =>
        string.Join(", ", definition.Contexts.Select(context => context.Expression));

    private static bool Fits(Element extension, Element parent, ExtensionContext context, ValidationRun run)
    {
        switch (context.Kind)
        {
            case "element":
                return IsElement(parent, context.Expression, run);
            case "extension":
                // On the extension itself, or on its value.
                Element owner = parent.Schema is { Name: "value" } && parent.Parent.Exists ? parent.Parent : parent;
                return ReferenceEquals(owner.Type, Known.Extension) && IsExtension(owner, context.Expression);
            default:
                if (run.Validator.Expression(context.Expression) is not { IsOk: true } compiled)
                {
                    return true;
                }

                foreach (FhirPathValue value in compiled.Value.Evaluate(extension.Resource, run.EvaluationContext))
                {
                    if (value.Element == parent)
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    // A context may name a part of a complex extension: url#part.
    private static bool IsExtension(Element parent, string expression)
    {
        int hash = expression.IndexOf('#');
        if (hash < 0)
        {
            return parent.Child(Known.ExtensionUrl).Is(Encoding.UTF8.GetBytes(expression));
        }

        return parent.Child(Known.ExtensionUrl).Is(Encoding.UTF8.GetBytes(expression[(hash + 1)..]))
            && ReferenceEquals(parent.Parent.Type, Known.Extension)
            && parent.Parent.Child(Known.ExtensionUrl).Is(Encoding.UTF8.GetBytes(expression[..hash]));
    }

    /// <summary>
    /// True when an element is what a path such as <c>Patient.contact.name</c>, <c>HumanName</c> or <c>Element</c> speaks of: going
    /// up by the names of the path leads to the type at its head.
    /// </summary>
    private static bool IsElement(Element element, string path, ValidationRun run)
    {
        // The definitions of HL7 say Element where they mean anything, resources included.
        if (path is "Element")
        {
            return true;
        }

        if (path.StartsWith("http", StringComparison.Ordinal))
        {
            int hash = path.IndexOf('#');
            StructureDefinition? profile = run.Validator.Definitions.Structure(hash < 0 ? path : path[..hash]);
            return profile is not null && IsElement(element, hash < 0 ? profile.Type : path[(hash + 1)..], run);
        }

        ReadOnlySpan<char> rest = path;
        Element current = element;
        while (current.Exists)
        {
            for (TypeSchema? type = current.Type; type is not null; type = type.Base)
            {
                if (rest.SequenceEqual(type.Name))
                {
                    return true;
                }
            }

            int dot = rest.LastIndexOf('.');
            if (dot < 0 || current.Schema is not { } schema || !NameIs(schema, current, rest[(dot + 1)..]))
            {
                return false;
            }

            rest = rest[..dot];
            current = current.Parent;
        }

        return false;
    }

    private static bool NameIs(ElementSchema schema, Element element, ReadOnlySpan<char> name)
    {
        if (name.EndsWith("[x]"))
        {
            name = name[..^3];
        }

        // A path may choose the type of a choice: valueQuantity.
        return name.SequenceEqual(schema.Name)
            || (schema.IsChoice && name.SequenceEqual(Encoding.UTF8.GetString(schema.JsonName(element.Type))));
    }
}
