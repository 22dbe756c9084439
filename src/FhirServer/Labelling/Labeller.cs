using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Labelling;

/// <summary>
/// The security labelling service: decides which labels a resource has when it is stored. Labels by what it holds are this server's to give and to
/// take away; those that others gave stay, whatever an update says, and confidentiality only rises. https://hl7.org/fhir/R4/security-labels.html
/// </summary>
/// <remarks>docs/labels.md. Thread-safe.</remarks>
internal sealed class Labeller(SensitivityTable table, LabelOptions options)
{
    private static readonly TypeSchema Coding = FhirSchema.R4.Type("Coding")!;
    private static readonly TypeSchema Extension = FhirSchema.R4.Type("Extension")!;
    private static readonly SecurityLabel HasInlineLabels = SecurityLabel.Derived(SensitivityTables.ActCodeSystem, InlineLabels.Mark);

    private readonly SecurityLabel[] _derived = [.. table.Labels.Select(label => SecurityLabel.Derived(SensitivityTables.ActCodeSystem, label))];

    /// <summary>Whether a requester may take labels off that somebody gave.</summary>
    public bool MayRelabel(Requester requester) =>
        requester.Scope.SeesEverything || (requester.Role is { } role && options.Relabellers.Contains(role));

    /// <summary>The resource as it is to be stored.</summary>
    /// <param name="resource">The root of a tree of its own.</param>
    /// <param name="before">What it comes after; null for nothing.</param>
    /// <param name="relabels">Labels that stood there need not stay.</param>
    public Result<Element> Label(Element resource, StoredVersion? before, bool relabels)
    {
        var content = new LabelledContent(resource, table, isOfSomebody: !TypeGroups.Shared.Contains(resource.Type.Name));
        for (int i = 1; i < resource.Tree.Count; i++)
        {
            Element element = resource.Tree.ElementAt(i);
            if (ReferenceEquals(element.Type, Coding))
            {
                content.Add(element);
            }
            else if (ReferenceEquals(element.Type, Extension) && InlineLabels.Is(element))
            {
                content.AddInline(element);
            }
        }

        if (content.Fault is { } fault)
        {
            return fault;
        }

        List<SecurityLabel> stood = LabelsOf(before);
        if (!content.HasAny && stood.Count == 0)
        {
            return resource;
        }

        List<SecurityLabel> given = SecurityLabel.Of(resource);
        List<SecurityLabel> labels = relabels ? Asserted(given, stood) : Keep(Asserted(given, stood), stood);
        AddDerived(labels, content);
        return AreSame(labels, given) ? resource : SecurityLabel.Give(resource, labels);
    }

    private static List<SecurityLabel> LabelsOf(StoredVersion? before) =>
        before is { IsDeleted: false } && before.Json.Span.IndexOf("\"security\":["u8) >= 0 ? SecurityLabel.Of(FhirJson.Read(before.Json).Root) : [];

    /// <summary>
    /// What a client says of labels itself. One that this server gave to what stood there is only sent back; on anything else it came from elsewhere, and is
    /// as good as any.
    /// </summary>
    private static List<SecurityLabel> Asserted(List<SecurityLabel> given, List<SecurityLabel> stood) =>
        [.. given.Where(label => !label.IsDerived || !stood.Exists(other => other.IsDerived && other.SaysTheSame(label))).Select(label => label.Asserted())];

    /// <summary>With the labels that stood there; of several levels of confidentiality the highest.</summary>
    private static List<SecurityLabel> Keep(List<SecurityLabel> labels, List<SecurityLabel> stood)
    {
        labels.AddRange(stood.Where(label => !label.IsDerived && !labels.Exists(label.SaysTheSame)));
        if (stood.Exists(label => label is { IsDerived: false, IsConfidentiality: true }))
        {
            int highest = labels.Max(label => label.Rank);
            labels.RemoveAll(label => label.IsConfidentiality && label.Rank < highest);
        }

        return labels;
    }

    private void AddDerived(List<SecurityLabel> labels, LabelledContent content)
    {
        void AddNew(SecurityLabel label)
        {
            if (!labels.Exists(label.SaysTheSame))
            {
                labels.Add(label);
            }
        }

        for (int bit = 0; bit < _derived.Length; bit++)
        {
            if ((content.Sensitivities & (1UL << bit)) != 0)
            {
                AddNew(_derived[bit]);
            }
        }

        foreach (SecurityLabel within in content.OfParts)
        {
            if (!within.IsConfidentiality)
            {
                AddNew(SecurityLabel.Derived(within.System!, within.Code!));
            }
        }

        // "High water mark": a whole is as confidential as the most confidential of its parts.
        if (content.OfParts.MaxBy(label => label.Rank) is { Rank: >= 0 } most && most.Rank > labels.Select(label => label.Rank).DefaultIfEmpty(-1).Max())
        {
            labels.Add(SecurityLabel.Derived(most.System!, most.Code!));
        }

        if (content.HasInline)
        {
            // As the server writes it, whoever wrote it before and with whatever escapes: redaction looks for it in the text.
            labels.RemoveAll(HasInlineLabels.SaysTheSame);
            labels.Add(HasInlineLabels);
        }
    }

    private static bool AreSame(List<SecurityLabel> labels, List<SecurityLabel> given) =>
        labels.Count == given.Count && labels.Zip(given).All(pair => pair.First.Json.Span.SequenceEqual(pair.Second.Json.Span));
}

/// <summary>What in a resource calls for labels.</summary>
/// <param name="isOfSomebody">False for definitions and the directory, whose codes tell of nobody.</param>
internal sealed class LabelledContent(Element resource, SensitivityTable table, bool isOfSomebody)
{
    private List<SecurityLabel>? _ofParts;
    private bool _hasOwn;

    /// <summary>Whether there is anything about labels in it.</summary>
    public bool HasAny => _hasOwn || HasInline || Sensitivities != 0 || _ofParts is not null;

    public bool HasInline { get; private set; }

    /// <summary>Bits of the labels that its codes stand for.</summary>
    public ulong Sensitivities { get; private set; }

    /// <summary>Labels of the resources in a Bundle: they are labels of the Bundle too.</summary>
    public IReadOnlyList<SecurityLabel> OfParts => _ofParts ?? (IReadOnlyList<SecurityLabel>)[];

    public FhirError? Fault { get; private set; }

    /// <summary>A Coding anywhere in the resource.</summary>
    public void Add(Element coding)
    {
        Element parent = coding.Parent;
        if (parent.Type.Name == "Meta")
        {
            if (coding.Name == "security")
            {
                AddLabel(coding, parent.Parent == resource);
            }
        }
        else if (isOfSomebody
            && coding.Child("code") is { Exists: true } code
            && coding.Child("system") is { Exists: true } system
            && table.Of(system.Value, code.Value) is var bits and not 0)
        {
            Sensitivities |= bits & ~CoveredAt(coding);
        }
    }

    /// <summary>A label on a part.</summary>
    public void AddInline(Element extension)
    {
        HasInline |= !extension.Parent.Type.IsResource || extension.Parent.Schema is { Name: "contained" };
        if (extension.Child("value") is { Exists: true, Type.Name: "Coding" } label)
        {
            CheckConfidentiality(label);

            // On a resource as a whole it says what its meta should say.
            if (extension.Parent.Type.IsResource && extension.Parent.Schema is not { Name: "contained" })
            {
                AddPart(label);
            }
        }

        if (InlineLabels.Withholds(extension))
        {
            Fault ??= InlineFaults.Of(extension.Parent);
        }
    }

    private void AddLabel(Element coding, bool isOwn)
    {
        CheckConfidentiality(coding);
        if (isOwn)
        {
            _hasOwn = true;
        }
        else
        {
            AddPart(coding);
        }
    }

    /// <summary>Of the labels of a part those count for the whole that say how sensitive it is.</summary>
    private void AddPart(Element coding)
    {
        if (TextOf(coding, "system") is SensitivityTables.ActCodeSystem or SecurityLabel.ConfidentialitySystem && TextOf(coding, "code") is { } code && code != InlineLabels.Mark)
        {
            (_ofParts ??= []).Add(new SecurityLabel(TextOf(coding, "system"), code, default, IsDerived: true));
        }
    }

    /// <summary>A confidentiality that nobody can compare with others would be open or closed by accident.</summary>
    private void CheckConfidentiality(Element coding)
    {
        if (new SecurityLabel(TextOf(coding, "system"), TextOf(coding, "code"), default, false) is { IsConfidentiality: true, Rank: < 0 })
        {
            Fault ??= FhirError.Of(
                ErrorKind.Unprocessable, IssueType.CodeInvalid, $"A confidentiality is one of U, L, M, N, R and V of {SecurityLabel.ConfidentialitySystem}.", coding.Expression);
        }
    }

    /// <summary>The labels that parts around a code have themselves: what is labelled there need not make the whole sensitive.</summary>
    private ulong CoveredAt(Element element)
    {
        ulong covered = 0;
        for (Element part = element; !part.Type.IsResource; part = part.Parent)
        {
            foreach (Element extension in part.ChildrenOf("extension"))
            {
                if (InlineLabels.Is(extension) && extension.Child("value") is { Exists: true, Type.Name: "Coding" } label && TextOf(label, "system") == SensitivityTables.ActCodeSystem)
                {
                    covered |= table.BitOf(TextOf(label, "code"));
                }
            }
        }

        return covered;
    }

    private static string? TextOf(Element element, string name) => element.Child(name) is { Exists: true } child ? child.Text : null;
}

/// <summary>Where a label on a part cannot be honoured: then the resource needs it as a whole.</summary>
internal static class InlineFaults
{
    /// <summary>Why a part cannot be withheld by itself; null when it can.</summary>
    public static FhirError? Of(Element part)
    {
        if (part.Type.IsResource && part.Schema is not { Name: "contained" })
        {
            return null;
        }

        string? reason =
            IsOrIsIn(part, element => element.Schema is { Name: "modifierExtension" }) ? "it changes what the rest means"
            : IsOrIsIn(part, element => element.Type.Name == "Meta") ? "meta tells how the resource is to be treated"
            : NamesPatient(part) ? "it says whose the resource is"
            : null;
        return reason is null ? null : FhirError.Of(
            ErrorKind.Unprocessable, IssueType.BusinessRule, $"A security label cannot withhold this part alone, since {reason}; label the resource in meta.security.", part.Expression);
    }

    private static bool IsOrIsIn(Element part, Func<Element, bool> test)
    {
        for (Element element = part; element.Exists; element = element.Parent)
        {
            if (test(element))
            {
                return true;
            }
        }

        return false;
    }

    private static bool NamesPatient(Element part)
    {
        if (part.Type.Name == "Patient")
        {
            return true;
        }

        if (part.Type.Name == "Reference"
            && part.Child("reference") is { Exists: true } reference
            && Fhir.Search.LiteralReference.Parse(reference.Value) is { Type.Name: "Patient" })
        {
            return true;
        }

        foreach (Element child in part.Children)
        {
            if (NamesPatient(child))
            {
                return true;
            }
        }

        return false;
    }
}
