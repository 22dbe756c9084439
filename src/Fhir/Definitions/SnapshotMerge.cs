namespace HealthChain.Fhir.Definitions;

/// <summary>Applies the tree of one differential to the tree of its base.</summary>
internal sealed class SnapshotMerge(StructureDefinition structure, SnapshotGenerator generator)
{
    private static readonly Slicing ByUrl = new([new Discriminator("value", "url")], false, SlicingRules.Open, null);
    private static readonly Slicing ByType = new([new Discriminator("type", "$this")], false, SlicingRules.Open, null);
    private static readonly Slicing ByTypeOnly = ByType with { Rules = SlicingRules.Closed };

    // Slices multiply what they copy. The largest snapshots known have a few thousand elements.
    private const int MaxCopied = 50_000;

    private readonly List<Issue> _issues = [];
    private int _copied;

    public IReadOnlyList<Issue> Issues => _issues;

    /// <summary>Applies what the differential says of an element and of those under it.</summary>
    public void Apply(SnapshotNode change, SnapshotNode target)
    {
        if (change.Element is { } element)
        {
            ApplyElement(element, target);
        }

        if (change.Children.Count == 0 || !Unfold(target, change))
        {
            return;
        }

        NarrowShortcuts(change, target);
        foreach (SnapshotNode child in change.Children)
        {
            if (Find(child, target) is { } found)
            {
                Apply(child, found);
            }
        }
    }

    private void ApplyElement(ElementDefinition change, SnapshotNode target)
    {
        if (target.Element is not { } given)
        {
            // An element that the structure introduces, or the root of a model without a base.
            target.Element = change with { BasePath = change.Path, BaseMin = change.Min, BaseMax = change.Max };
            return;
        }

        ElementDefinition start = given;
        if (change.Types is [{ Profiles: [string profile], Code: not ("Reference" or "canonical") }] && Root(profile) is { } root)
        {
            // What the profile on the value says of its root holds for the element as well.
            start = ElementMerge.OntoProfiled(given, root, target.Slice is not null);
        }

        target.Element = ElementMerge.Apply(start, change, structure.Url);
        if (target.Slice is null || target.Slice == given.SliceName)
        {
            _issues.AddRange(ElementMerge.Check(given, change, structure, generator));
        }
    }

    /// <summary>Finds or makes the child that a change is about; null (with an issue) when there can be none.</summary>
    private SnapshotNode? Find(SnapshotNode change, SnapshotNode parent)
    {
        SnapshotNode? element = parent.Child(change.Name, null);
        string? slice = change.Slice;
        if (element is null && Choice(change.Name, parent) is { } choice)
        {
            // "valueQuantity" stands for the slice of that name and type (https://hl7.org/fhir/R4/elementdefinition.html#path).
            element = choice;
            slice = slice is null ? change.Name : $"{change.Name}/{slice}";
        }

        if (element is null && !structure.IsConstraint)
        {
            element = new SnapshotNode(change.Name, null, change.Id);
            parent.Children.Add(element);
        }

        if (element is null)
        {
            Fault(change, $"There is no element '{change.Name}' in {parent.Id} of {structure.BaseDefinition}.");
            return null;
        }

        return slice is null ? element : Slice(change, element, slice, parent);
    }

    private SnapshotNode? Slice(SnapshotNode change, SnapshotNode element, string slice, SnapshotNode parent)
    {
        if (parent.Child(element.Name, slice) is { } known)
        {
            return known;
        }

        // A re-slice ("a/b") starts from the slice that it divides.
        int slash = slice.LastIndexOf('/');
        SnapshotNode origin = slash > 0 && parent.Child(element.Name, slice[..slash]) is { } outer ? outer : element;
        if (origin.Element is { Slicing: null } unsliced)
        {
            origin.Element = unsliced with { Slicing = ImpliedSlicing(origin, change) };
        }

        if (!Afford(origin, change))
        {
            return null;
        }

        SnapshotNode fresh = origin.Copy(element.Name, slice);
        if (fresh.Element is { } given)
        {
            TypeReference[] own = [.. given.Types.Where(type => type.Code == SliceType(element.Name, slice))];
            fresh.Element = given with
            {
                SliceName = slice,
                Slicing = null,
                // A slice may be absent even where the list as a whole must not be.
                Min = 0,
                Types = own.Length > 0 ? own : given.Types,
            };
        }

        parent.Children.Insert(EndOfSlices(parent, element.Name, origin), fresh);
        return fresh;
    }

    private static int EndOfSlices(SnapshotNode parent, string name, SnapshotNode origin)
    {
        string prefix = origin.Slice is null ? "" : origin.Slice + "/";
        int last = parent.Children.FindLastIndex(child =>
            child == origin || (child.Name == name && child.Slice is not null && child.Slice.StartsWith(prefix, StringComparison.Ordinal)));
        return last + 1;
    }

    private Slicing? ImpliedSlicing(SnapshotNode element, SnapshotNode change)
    {
        if (element.Name is "extension" or "modifierExtension")
        {
            return ByUrl;
        }

        if (element.Name.EndsWith("[x]", StringComparison.Ordinal))
        {
            return ByType;
        }

        Fault(change, $"'{change.Slice}' is a slice of {element.Id}, but neither this structure nor its base says how that is sliced.");
        return null;
    }

    // A choice of which only "valueQuantity" is spoken of is narrowed to that type, unless the differential lists the types itself.
    private static void NarrowShortcuts(SnapshotNode change, SnapshotNode target)
    {
        foreach (SnapshotNode choice in target.Children.Where(child => child.Slice is null && child.Name.EndsWith("[x]", StringComparison.Ordinal)).ToArray())
        {
            if (choice.Element is not { } element || change.Children.Exists(child => child.Name == choice.Name))
            {
                continue;
            }

            TypeReference[] used = [.. element.Types.Where(type => change.Children.Exists(child => child.Name == ChoiceName(choice.Name, type.Code)))];
            if (used.Length > 0)
            {
                choice.Element = element with { Types = used, Slicing = element.Slicing ?? ByTypeOnly };
            }
        }
    }

    private static SnapshotNode? Choice(string name, SnapshotNode parent) => parent.Children.Find(child =>
        child.Slice is null
        && child.Name.EndsWith("[x]", StringComparison.Ordinal)
        && child.Element is { } element
        && element.Types.Any(type => ChoiceName(child.Name, type.Code) == name));

    // By convention the slice of value[x] for Quantity is named valueQuantity.
    private static string? SliceType(string name, string slice) =>
        name.EndsWith("[x]", StringComparison.Ordinal) && slice.StartsWith(name[..^3], StringComparison.Ordinal) && slice.Length > name.Length - 3
            ? TypeNames.OfChoice(slice[(name.Length - 3)..])
            : null;

    private static string ChoiceName(string name, string type) => type.Length == 0 ? name : $"{name[..^3]}{char.ToUpperInvariant(type[0])}{type[1..]}";

    /// <summary>Gives an element the children of its type, unless it has some already.</summary>
    private bool Unfold(SnapshotNode target, SnapshotNode change)
    {
        if (target.Children.Count > 0 || target.Element is not { } element || !NeedsUnfolding(target, change))
        {
            return true;
        }

        if (element.ContentReference is { } reference)
        {
            return UnfoldReference(target, element, reference, change);
        }

        string[] profiles = [.. element.Types.SelectMany(type => type.Profiles)];
        string[] codes = [.. element.Types.Select(type => type.Code).Distinct()];
        string? canonical = profiles.Length == 1 && codes.Length == 1 ? profiles[0]
            : codes.Length == 1 ? TypeUrl(codes[0])
            : change.Children.TrueForAll(child => child.Name is "id" or "extension") ? TypeUrl("Element")
            : null;
        if (canonical is null)
        {
            Fault(change, $"{target.Id} may have several types ({string.Join(", ", codes)}); slice it by type to constrain what is inside.");
            return false;
        }

        StructureDefinition? type = generator.Resolve(canonical);
        if (type is null || SnapshotNode.Tree(type.Snapshot) is not { } tree)
        {
            Fault(change, $"What is inside {target.Id} cannot be constrained: {canonical} is {(type is null ? "not among the loaded definitions" : "without a snapshot")}.");
            return false;
        }

        return Adopt(target, tree, change);
    }

    private bool Adopt(SnapshotNode target, SnapshotNode tree, SnapshotNode change)
    {
        if (!Afford(tree, change))
        {
            return false;
        }

        target.Children.AddRange(tree.Children);
        return true;
    }

    private bool Afford(SnapshotNode tree, SnapshotNode change)
    {
        bool before = _copied <= MaxCopied;
        _copied += tree.Count;
        if (before && _copied > MaxCopied)
        {
            Fault(change, $"The snapshot would have more than {MaxCopied} elements; what follows is left out.");
        }

        return _copied <= MaxCopied;
    }

    // A structure that introduces elements gives them children of their own.
    private bool NeedsUnfolding(SnapshotNode target, SnapshotNode change) =>
        structure.IsConstraint || change.Element is null || target.Element!.Types is not [] and not [{ Code: "Element" }];

    private bool UnfoldReference(SnapshotNode target, ElementDefinition element, string reference, SnapshotNode change)
    {
        int dot = reference.IndexOf('.', StringComparison.Ordinal);
        StructureDefinition? owner = generator.Resolve(TypeUrl(dot < 0 ? reference : reference[..dot]));
        SnapshotNode? node = owner is null ? null : SnapshotNode.Tree(owner.Snapshot);
        foreach (string step in reference.Split('.').Skip(1))
        {
            node = node?.Child(step, null);
        }

        if (node?.Element is not { } referred)
        {
            Fault(change, $"{target.Id} has the content of '#{reference}', which does not exist.");
            return false;
        }

        target.Element = element with { ContentReference = null, Types = referred.Types };
        return Adopt(target, node, change);
    }

    private ElementDefinition? Root(string profile) =>
        generator.Resolve(profile) is { Snapshot: [ElementDefinition root, ..] } ? root : null;

    private void Fault(SnapshotNode change, string message) =>
        _issues.Add(Issue.Error(IssueType.Processing, $"{structure}: {message}", change.Id, structure.Url));

    private static string TypeUrl(string code) =>
        code.Contains('/', StringComparison.Ordinal) ? code : "http://hl7.org/fhir/StructureDefinition/" + code;
}
