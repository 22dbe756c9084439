using System.Collections;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// A code system made ready for questions: its codes hashed once and shared by every value set that draws on it; hierarchy and
/// status are worked out when first asked for. Concepts are named by their position in <see cref="CodeSystem.Concepts"/>.
/// </summary>
internal sealed class CodeSystemIndex
{
    private const string PropertyBase = "http://hl7.org/fhir/concept-properties#";

    private readonly Lazy<ConceptHierarchy> _hierarchy;
    private readonly Lazy<BitArray> _inactive;
    private readonly Lazy<BitArray> _abstract;

    public CodeSystemIndex(CodeSystem definition)
    {
        Definition = definition;
        Codes = new CodeTable([.. definition.Concepts.Select(concept => concept.Code)], definition.IsCaseSensitive);
        _hierarchy = new Lazy<ConceptHierarchy>(() => new ConceptHierarchy(this));
        _inactive = new Lazy<BitArray>(() => Mark(IsMarkedInactive()));
        _abstract = new Lazy<BitArray>(() => Mark(IsMarkedAbstract()));
    }

    public CodeSystem Definition { get; }

    public CodeTable Codes { get; }

    public int Count => Codes.Count;

    public ConceptHierarchy Hierarchy => _hierarchy.Value;

    public BitArray Inactive => _inactive.Value;

    /// <summary>Concepts that only group others (notSelectable).</summary>
    public BitArray Abstract => _abstract.Value;

    /// <summary>A definition with all concepts can refuse a code; one with some of them can only confirm the codes it has.</summary>
    public bool IsComplete => Definition.Content == CodeSystemContent.Complete;

    public string IncompleteReason => Definition.Content switch
    {
        CodeSystemContent.NotPresent => $"the codes of {Definition.Url} are not loaded (content: not-present)",
        CodeSystemContent.Example => $"only example codes of {Definition.Url} are loaded",
        _ => $"only a fragment of {Definition.Url} is loaded",
    };

    public Concept this[int index] => Definition.Concepts[index];

    /// <summary>The codes of this system's properties that mean what a standard property of FHIR means, by uri or by name.</summary>
    public HashSet<string> PropertiesMeaning(params ReadOnlySpan<string> standardNames)
    {
        var codes = new HashSet<string>();
        foreach (string name in standardNames)
        {
            codes.Add(name);
            foreach (PropertyDefinition property in Definition.Properties)
            {
                if (property.Uri is { } uri && uri.StartsWith(PropertyBase, StringComparison.Ordinal) && uri.AsSpan(PropertyBase.Length).SequenceEqual(name))
                {
                    codes.Add(property.Code);
                }
            }
        }

        return codes;
    }

    // R4, CodeSystem, "Defined Concept Properties": 'inactive' says it outright; 'status' may say retired or inactive. Deprecated codes are still active.
    private Func<ConceptProperty, bool> IsMarkedInactive()
    {
        HashSet<string> inactive = PropertiesMeaning("inactive");
        HashSet<string> status = PropertiesMeaning("status");
        return property => (inactive.Contains(property.Code) && property.Value == "true")
            || (status.Contains(property.Code) && property.Value is "retired" or "inactive");
    }

    private Func<ConceptProperty, bool> IsMarkedAbstract()
    {
        HashSet<string> notSelectable = PropertiesMeaning("notSelectable", "abstract");
        return property => notSelectable.Contains(property.Code) && property.Value == "true";
    }

    private BitArray Mark(Func<ConceptProperty, bool> isMarked)
    {
        var marks = new BitArray(Count);
        for (int i = 0; i < marks.Count; i++)
        {
            marks[i] = this[i].Properties.Any(isMarked);
        }

        return marks;
    }
}
