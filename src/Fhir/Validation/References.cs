using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <param name="Type">Type of the target; null when the profile that would tell is not known.</param>
/// <param name="Profile">Canonical of a profile that the target must meet; null when any resource of the type will do.</param>
internal readonly record struct ReferenceTarget(TypeSchema? Type, string? Profile);

/// <summary>What an element of type Reference may point to, and how.</summary>
internal sealed record ReferenceRules(ReferenceTarget[] Targets, IReadOnlyList<string> Aggregations, string? Versioning)
{
    public bool SaysNothing =>
        Aggregations.Count == 0 && Versioning is null or "either"
        && (Targets.Length == 0 || Array.Exists(Targets, target => target is { Type.Name: "Resource", Profile: null }));
}

/// <summary>Where the target of a reference was found.</summary>
internal enum TargetPlace : byte
{
    /// <summary>Not found, or nowhere to look.</summary>
    Unknown,
    Contained,
    Bundled,
    External,
}

internal readonly record struct Target(Element Element, TargetPlace Place);

/// <summary>
/// Resolves references as far as a validation can see: contained resources, entries of the surrounding Bundle by the rules of
/// bundle.html#references, and what the caller's resolver finds.
/// </summary>
internal sealed class ReferenceScope(ValidationRun run)
{
    private Dictionary<string, Element>? _external;
    private readonly Dictionary<Element, BundleIndex> _bundles = [];
    private readonly Dictionary<Element, Dictionary<string, Element>> _contained = [];

    public BundleIndex BundleOf(Element bundle)
    {
        if (!_bundles.TryGetValue(bundle, out BundleIndex? index))
        {
            index = new BundleIndex(bundle);
            _bundles.Add(bundle, index);
        }

        return index;
    }

    /// <summary>The resource that a Reference (or a uri, canonical or url) points to; does not exist when it cannot be found.</summary>
    public Element Resolve(Element reference)
    {
        Element literal = reference.Type.IsPrimitive ? reference : reference.Child("reference");
        return literal.Exists && literal.HasValue ? Find(literal).Element : default;
    }

    /// <summary>The type of what a Reference points to, from the target, from its <c>type</c> or from the literal itself; null when nothing tells.</summary>
    public TypeSchema? TargetType(Element reference)
    {
        Element literal = reference.Child("reference");
        if (literal.HasLiteral() && Find(literal) is { Place: not TargetPlace.Unknown } target)
        {
            return target.Element.Type;
        }

        TypeSchema? named = literal.HasLiteral() ? ReferenceLiteral.Parse(literal.Value).Type : null;
        return named ?? (reference.Child("type") is { Exists: true } type ? FhirSchema.R4.Resource(type.Value) : null);
    }

    public Target Find(Element literal)
    {
        ReadOnlySpan<byte> text = literal.Value;
        ReferenceLiteral parsed = ReferenceLiteral.Parse(text);
        if (parsed.Kind == ReferenceKind.Fragment)
        {
            Element contained = Contained(literal.Container, text[1..]);
            return new Target(contained, contained.Exists ? TargetPlace.Contained : TargetPlace.Unknown);
        }

        Element bundle = EnclosingBundle(literal);
        if (bundle.Exists && BundleOf(bundle).Find(literal, parsed) is { Exists: true } entry)
        {
            return new Target(entry, TargetPlace.Bundled);
        }

        if (run.Request.ReferenceResolver is { } resolver)
        {
            _external ??= [];
            string url = literal.Text!;
            if (!_external.TryGetValue(url, out Element found))
            {
                found = resolver(url);
                _external.Add(url, found);
            }

            return new Target(found, found.Exists ? TargetPlace.External : TargetPlace.Unknown);
        }

        return default;
    }

    /// <summary>The nearest Bundle around an element; does not exist when there is none.</summary>
    public static Element EnclosingBundle(Element element)
    {
        Element current = element;
        while (current.Exists && (current.Type.Name != "Bundle"))
        {
            current = current.Parent;
        }

        return current;
    }

    /// <summary>Checks a literal on its own: its form, its agreement with <c>type</c>, that a fragment leads somewhere.</summary>
    public void CheckLiteral(Element reference)
    {
        Element literal = reference.Child("reference");
        if (!literal.HasLiteral())
        {
            return;
        }

        ReferenceLiteral parsed = ReferenceLiteral.Parse(literal.Value);
        if (parsed.Kind == ReferenceKind.Malformed)
        {
            run.Findings.Report(
                IsQuery(literal) ? IssueSeverity.Information : IssueSeverity.Error, literal, IssueType.Value, "reference",
                $"'{literal.Value}' is no literal reference; write Type/id, an absolute url, a urn, or #id of a contained resource.");
        }

        if (parsed.Kind == ReferenceKind.Relative)
        {
            CheckUuid(literal, parsed);
        }

        Element type = reference.Child("type");
        if (parsed.Type is { } named && type.Exists && type.HasValue && FhirSchema.R4.Resource(type.Value) is { } declared && !named.Is(declared))
        {
            run.Findings.Error(
                type, IssueType.Structure, "reference", $"The reference points to {named.Name}, but its type says {declared.Name}; make them agree.");
        }
    }

    // Patient/<uuid> beside an entry urn:uuid:<uuid> means that entry, though it does not say so; then at least the type must be right.
    private void CheckUuid(Element literal, ReferenceLiteral parsed)
    {
        const int uuidLength = 36;
        int slash = literal.Value.IndexOf((byte)'/');
        ReadOnlySpan<byte> id = literal.Value[(slash + 1)..parsed.End];
        if (id.Length != uuidLength || EnclosingBundle(literal) is not { Exists: true } bundle || Find(literal).Place != TargetPlace.Unknown)
        {
            return;
        }

        if (BundleOf(bundle).FindByUuid(id) is { Exists: true } meant && !ReferenceEquals(meant.Type, parsed.Type))
        {
            run.Findings.Error(
                literal, IssueType.Structure, "reference",
                $"{literal.Value} is no entry of the Bundle, but urn:uuid:{id} is, a {meant.Type.Name}; refer to it by its fullUrl, or correct the type.");
        }
    }

    /// <summary>Checks a reference against what a definition allows: types, profiles, aggregation, versioning.</summary>
    public void Check(Element reference, ReferenceRules rules, string source)
    {
        Element literal = reference.Child("reference");
        Target target = literal.HasLiteral() ? Find(literal) : default;
        CheckPlace(reference, literal, target, rules, source);
        if (rules.Targets.Length == 0 || (target.Place == TargetPlace.Unknown && TargetType(reference) is null))
        {
            return;
        }

        TypeSchema type = target.Place == TargetPlace.Unknown ? TargetType(reference)! : target.Element.Type;
        bool rightType = false;
        foreach (ReferenceTarget allowed in rules.Targets)
        {
            if (allowed.Type is null || type.Is(allowed.Type))
            {
                rightType = true;
                if (target.Place == TargetPlace.Unknown || allowed.Profile is null || Meets(target.Element, allowed.Profile))
                {
                    return;
                }
            }
        }

        if (!rightType)
        {
            run.Findings.Error(
                reference, IssueType.Structure, source,
                $"The reference points to a {type.Name}; it must point to {Names(rules)} ({source}).");
        }
        else
        {
            run.Findings.Error(
                reference, IssueType.Structure, source,
                $"The target of the reference meets none of the profiles allowed here: {Names(rules)} ({source}).");
        }
    }

    private bool Meets(Element target, string profile)
    {
        if (run.Validator.Profile(profile) is { } schema)
        {
            return run.Meets(target, schema.Root);
        }

        run.ReportUnknownProfile(target, profile);
        return true;
    }

    private void CheckPlace(Element reference, Element literal, Target target, ReferenceRules rules, string source)
    {
        if (!literal.HasLiteral())
        {
            return;
        }

        bool isFragment = literal.RawValue[0] == '#';
        if (rules.Aggregations.Count > 0 && !Allows(rules.Aggregations, isFragment, target.Place))
        {
            run.Findings.Error(
                reference, IssueType.Structure, source,
                $"The target is {Describe(isFragment, target.Place)}, but must be {string.Join(" or ", rules.Aggregations)} here ({source}).");
        }

        bool hasVersion = literal.Value.IndexOf("/_history/"u8) >= 0;
        if (rules.Versioning == "specific" && !hasVersion)
        {
            run.Findings.Error(
                reference, IssueType.Structure, source, $"The reference must name a version (/_history/...) here ({source}).");
        }
        else if (rules.Versioning == "independent" && hasVersion)
        {
            run.Findings.Error(
                reference, IssueType.Structure, source, $"The reference must not name a version here; leave /_history/... out ({source}).");
        }
    }

    private static bool Allows(IReadOnlyList<string> aggregations, bool isFragment, TargetPlace place)
    {
        foreach (string aggregation in aggregations)
        {
            bool fits = aggregation switch
            {
                "contained" => isFragment,
                "bundled" => place == TargetPlace.Bundled,
                _ => !isFragment,
            };
            if (fits)
            {
                return true;
            }
        }

        return false;
    }

    private static string Describe(bool isFragment, TargetPlace place) =>
        isFragment ? "contained" : place == TargetPlace.Bundled ? "bundled" : "outside";

    // Transactions may refer by a search (http.html#trules); it cannot be followed here.
    private static bool IsQuery(Element literal) =>
        literal.Value.IndexOf((byte)'?') > 0 && EnclosingBundle(literal).Exists;

    private static string Names(ReferenceRules rules) =>
        string.Join(", ", rules.Targets.Select(target => target.Profile ?? target.Type!.Name));

    private Element Contained(Element container, ReadOnlySpan<byte> id)
    {
        if (id.IsEmpty)
        {
            return container;
        }

        if (!_contained.TryGetValue(container, out Dictionary<string, Element>? byId))
        {
            byId = [];
            foreach (Element contained in container.ChildrenOf("contained"))
            {
                byId.TryAdd(contained.Child("id").TextOrNull() ?? "", contained);
            }

            // The container itself, by its own id.
            byId.TryAdd(container.Child("id").TextOrNull() ?? "", container);
            _contained.Add(container, byId);
        }

        return byId.GetValueOrDefault(Encoding.UTF8.GetString(id));
    }
}

internal static class Literals
{
    /// <summary>True for an element that is there and has a value.</summary>
    public static bool HasLiteral(this Element element) => element.Exists && element.HasValue && element.RawValue.Length > 0;

    /// <summary>True for an element that is there and has exactly this value.</summary>
    public static bool Is(this Element element, ReadOnlySpan<byte> value) => element.Exists && element.ValueIs(value);

    /// <summary>The value of an element that may not be there.</summary>
    public static string? TextOrNull(this Element element) => element.Exists ? element.Text : null;
}
