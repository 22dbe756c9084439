using System.Collections.Frozen;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Invariants of the specification in C#: those that stand on every resource or on very common types. Each answers for the
/// FHIRPath it is keyed by, or gives null to leave the case to it. A test compares the two over all examples.
/// </summary>
internal static class NativeInvariants
{
    private static readonly FrozenDictionary<string, Func<Element, ValidationRun, bool?>> ByExpression =
        new Dictionary<string, Func<Element, ValidationRun, bool?>>
        {
            // dom-2
            ["contained.contained.empty()"] = static (resource, _) => NoContainedHas(resource, "contained"),

            // dom-3, as the specification and its errata print it
            ["contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()"] =
                static (resource, _) => EveryContainedIsUsed(resource),

            // dom-4, dom-5
            ["contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"] = static (resource, _) => TrueWithout(resource, "contained"),
            ["contained.meta.security.empty()"] = static (resource, _) => TrueWithout(resource, "contained"),

            // txt-1, txt-2: the narrative check reports them with what is wrong
            ["htmlChecks()"] = static (_, _) => true,

            // ref-1
            ["reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))"] =
                static (reference, run) => FragmentLeadsSomewhere(reference, run),

            // per-1
            ["start.hasValue().not() or end.hasValue().not() or (start <= end)"] = static (period, _) => StartsBeforeEnd(period),

            // qty-3, cpt-2, att-1, org-2 and org-3, obs-6
            ["code.empty() or system.exists()"] = static (quantity, _) => !Has(quantity, "code") || Has(quantity, "system"),
            ["value.empty() or system.exists()"] = static (contact, _) => !Has(contact, "value") || Has(contact, "system"),
            ["data.empty() or contentType.exists()"] = static (attachment, _) => !Has(attachment, "data") || Has(attachment, "contentType"),
            ["where(use = 'home').empty()"] = static (element, _) => !element.Child("use").Is("home"u8),
            ["dataAbsentReason.empty() or value.empty()"] = static (resource, _) => !Has(resource, "dataAbsentReason") || !Has(resource, "value"),

            // que-12 means what it says in words: more than one
            ["enableWhen.count() > 2 implies enableBehavior.exists()"] =
                static (item, _) => item.ChildrenOf("enableWhen").Count() < 2 || Has(item, "enableBehavior"),

            // que-7 asks for System.Boolean, which no element is
            ["operator = 'exists' implies (answer is Boolean)"] =
                static (condition, _) => !condition.Child("operator").Is("exists"u8) || IsBoolean(condition.Child("answer")),

            // obs-7 concerns observations with components only
            ["value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()"] =
                static (observation, _) => TrueWithout(observation, "component") ?? TrueWithout(observation, "value"),
        }.ToFrozenDictionary();

    public static Func<Element, ValidationRun, bool?>? Find(string expression) => ByExpression.GetValueOrDefault(expression);

    public static IEnumerable<string> Expressions => ByExpression.Keys;

    private static bool IsBoolean(Element element) => element.Exists && element.Type.Primitive == PrimitiveKind.Boolean;

    private static bool Has(Element element, string name) => element.Child(name).Exists;

    private static bool? TrueWithout(Element element, string name) => Has(element, name) ? null : true;

    private static bool NoContainedHas(Element resource, string name)
    {
        foreach (Element contained in resource.ChildrenOf("contained"))
        {
            if (Has(contained, name))
            {
                return false;
            }
        }

        return true;
    }

    private static bool EveryContainedIsUsed(Element resource)
    {
        if (!Has(resource, "contained"))
        {
            return true;
        }

        var targets = new HashSet<string>();
        var pointingBack = new HashSet<Element>();
        CollectFragments(resource, targets, pointingBack);
        foreach (Element contained in resource.ChildrenOf("contained"))
        {
            if (!targets.Contains(contained.Child("id").TextOrNull() ?? "") && !pointingBack.Contains(contained))
            {
                return false;
            }
        }

        return true;
    }

    // What is pointed to: #id in references and uris, and, in the narrative, in links and images (narrative.html#id).
    private static void CollectFragments(Element element, HashSet<string> targets, HashSet<Element> pointingBack)
    {
        for (Element child = element.FirstChild; child.Exists; child = child.NextSibling)
        {
            ReadOnlySpan<byte> raw = child.RawValue;
            if (child.Type.Primitive == PrimitiveKind.Xhtml)
            {
                CollectLinks(child.Value, targets);
            }
            else if (raw.Length == 1 && raw[0] == '#' && CanPoint(child))
            {
                pointingBack.Add(child.Resource);
            }
            else if (raw.Length > 1 && raw[0] == '#' && CanPoint(child))
            {
                targets.Add(Encoding.UTF8.GetString(child.Value[1..]));
            }

            if (child.HasChildren)
            {
                CollectFragments(child, targets, pointingBack);
            }
        }
    }

    private static void CollectLinks(ReadOnlySpan<byte> xhtml, HashSet<string> targets)
    {
        const int longestId = 64;
        for (int hash = xhtml.IndexOf((byte)'#'); hash >= 0; hash = xhtml.IndexOf((byte)'#'))
        {
            xhtml = xhtml[(hash + 1)..];
            int end = xhtml.IndexOfAny((byte)'"', (byte)'\'');
            if (end is > 0 and <= longestId)
            {
                targets.Add(Encoding.UTF8.GetString(xhtml[..end]));
            }
        }
    }

    private static bool CanPoint(Element element) =>
        element.Type.Primitive is PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical
        || ReferenceEquals(element.Schema, Known.ReferenceReference);

    private static bool FragmentLeadsSomewhere(Element reference, ValidationRun run)
    {
        Element literal = reference.Child(Known.ReferenceReference);
        return !literal.HasLiteral() || literal.RawValue[0] != '#' || run.References.Find(literal).Place == TargetPlace.Contained;
    }

    private static bool? StartsBeforeEnd(Element period)
    {
        Element start = period.Child("start");
        Element end = period.Child("end");
        if (!start.HasLiteral() || !end.HasLiteral())
        {
            return true;
        }

        // Of one form and time zone they sort as text; anything else is FHIRPath's.
        ReadOnlySpan<byte> from = start.RawValue;
        ReadOnlySpan<byte> to = end.RawValue;
        const int zone = 19;
        return from.Length == to.Length && (from.Length <= zone || from[zone..].SequenceEqual(to[zone..]))
            ? from.SequenceCompareTo(to) <= 0
            : null;
    }
}
