using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>
/// The system of a plain <c>code</c> element, which stands nowhere in the resource: that of the value set it is bound to with strength
/// required. A query <c>gender=http://hl7.org/fhir/administrative-gender|male</c> needs it (R4, "token" parameters).
/// </summary>
internal sealed class ImpliedSystems(DefinitionSet definitions, ConstantTexts constants)
{
    private const int MaxCodeLength = 128;

    /// <summary>How deep value sets may include each other.</summary>
    private const int MaxDepth = 4;

    private readonly Dictionary<ushort, Implied?> _byElement = [];

    /// <summary>Looks the binding of an element up, so that <see cref="Of"/> knows it.</summary>
    public void Learn(ElementSchema element)
    {
        if (!_byElement.ContainsKey(element.Id))
        {
            _byElement.Add(element.Id, Find(element));
        }
    }

    public TextSlice Of(ushort element, ReadOnlySpan<byte> code)
    {
        if (_byElement.GetValueOrDefault(element) is not { } implied)
        {
            return default;
        }

        if (implied.ByCode is not { } byCode || code.Length > MaxCodeLength)
        {
            return implied.Single;
        }

        Span<char> text = stackalloc char[MaxCodeLength];
        int length = Encoding.UTF8.GetChars(code, text);
        return byCode.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out TextSlice system) ? system : default;
    }

    private Implied? Find(ElementSchema element)
    {
        string type = element.Path[..element.Path.IndexOf('.', StringComparison.Ordinal)];
        Binding? binding = definitions.Type(type)?.Snapshot.FirstOrDefault(candidate => candidate.Path == element.Path)?.Binding;
        if (binding is not { Strength: BindingStrength.Required, ValueSet: { } canonical } || definitions.ValueSet(canonical) is not { } valueSet)
        {
            return null;
        }

        List<ConceptSet> includes = [];
        Collect(valueSet, includes, MaxDepth);
        return includes.Select(include => include.System).Distinct().Count() switch
        {
            0 => null,
            1 => new Implied(constants.Add(includes[0].System!), null),
            _ => new Implied(default, ByCode(includes)),
        };
    }

    /// <summary>The includes that name a system, those of included value sets too.</summary>
    private void Collect(ValueSet valueSet, List<ConceptSet> includes, int depth)
    {
        includes.AddRange(valueSet.Includes.Where(include => include.System is not null));
        foreach (string canonical in valueSet.Includes.SelectMany(include => include.ValueSets))
        {
            if (depth > 0 && definitions.ValueSet(canonical) is { } included)
            {
                Collect(included, includes, depth - 1);
            }
        }
    }

    /// <summary>With several systems the code tells; a code that two systems have is the first one's.</summary>
    private Dictionary<string, TextSlice> ByCode(List<ConceptSet> includes)
    {
        var byCode = new Dictionary<string, TextSlice>();
        foreach (ConceptSet include in includes)
        {
            TextSlice system = constants.Add(include.System!);
            IEnumerable<string> codes = include.Concepts.Count > 0
                ? include.Concepts.Select(concept => concept.Code)
                : definitions.CodeSystem(include.System!)?.Concepts.Select(concept => concept.Code) ?? [];
            foreach (string code in codes)
            {
                byCode.TryAdd(code, system);
            }
        }

        return byCode;
    }

    private sealed record Implied(TextSlice Single, Dictionary<string, TextSlice>? ByCode);
}
