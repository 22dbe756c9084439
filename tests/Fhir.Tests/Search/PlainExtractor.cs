using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>
/// The plain way to extract: each expression evaluated on its own by the FHIRPath engine. Slow, and the measure for the walk.
/// </summary>
internal sealed class PlainExtractor
{
    private readonly Dictionary<string, FhirPathExpression> _compiled = [];
    private readonly ConstantTexts _constants = new();

    public PlainExtractor() => _constants.Freeze();

    /// <summary>The values of a parameter as texts.</summary>
    public HashSet<string> Extract(IndexedParameter parameter, Element resource)
    {
        var values = new IndexValues();
        TypeWalk walk = Sets.R4.WalkOf(resource.Type);
        values.Start(resource.Tree, walk.Constants.Bytes);
        var writer = new ValueWriter(values, walk.Constants, walk.Systems, default);
        var target = new ValueTarget(parameter, 0, parameter);
        foreach (FhirPathValue item in Evaluate(parameter.Definition.Expression!, resource))
        {
            if (parameter.Components.Count > 0)
            {
                WriteTuple(writer, values, parameter, item.Element);
            }
            else if (item.IsElement)
            {
                writer.Write(target, item.Element);
            }
            else
            {
                writer.WriteBoolean(target, item.Boolean);
            }
        }

        return [.. ValueText.Of(values, parameter.Id)];
    }

    private void WriteTuple(ValueWriter writer, IndexValues values, IndexedParameter parameter, Element item)
    {
        int head = values.Count;
        values.Add(parameter.Id, 0, SearchValueKind.Composite);
        for (int i = 0; i < parameter.Components.Count; i++)
        {
            int before = values.Count;
            var target = new ValueTarget(parameter, (byte)(i + 1), parameter.Components[i]);
            foreach (FhirPathValue part in Evaluate(parameter.Definition.Components[i].Expression, item))
            {
                writer.Write(target, part.Element);
            }

            if (values.Count == before)
            {
                values.Truncate(head);
                return;
            }
        }

        values.At(head).PartCount = values.Count - head - 1;
    }

    private IReadOnlyList<FhirPathValue> Evaluate(string text, Element focus)
    {
        // Two slips of R4's definitions: a type is written with a capital letter, a function is used that FHIRPath does not have.
        string corrected = text.Replace("as(DateTime)", "as(dateTime)", StringComparison.Ordinal)
            .Replace("hasExtension('http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject')", "extension('http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject').exists()", StringComparison.Ordinal);
        if (!_compiled.TryGetValue(corrected, out FhirPathExpression? expression))
        {
            expression = FhirPathExpression.Compile(corrected, FhirPathOptions.SearchParameter).Value;
            _compiled.Add(corrected, expression);
        }

        return expression.Evaluate(focus);
    }
}
