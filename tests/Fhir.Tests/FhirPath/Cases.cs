using System.Text;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

/// <summary>Tables of expressions with what they give, written the way FHIRPath writes literals.</summary>
internal static class Cases
{
    /// <summary>What an expression gives that must fail when it is compiled or run.</summary>
    public const string Error = "error";

    public static Element Patient { get; } = Read("""
        {"resourceType":"Patient","id":"p1","contained":[{"resourceType":"Organization","id":"o1","name":"Old Clinic"}],
         "extension":[{"url":"http://example.org/size","valueQuantity":{"value":180,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}},
                      {"url":"http://example.org/age","valueAge":{"value":3,"system":"http://unitsofmeasure.org","code":"a"}}],
         "active":true,
         "name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},
                 {"use":"usual","given":["Jim",null],"_given":[null,{"extension":[{"url":"http://example.org/none","valueCode":"x"}]}]}],
         "telecom":[{"system":"phone","value":"1","rank":2},{"system":"email","value":"a@b"}],
         "gender":"male","birthDate":"1974-12","multipleBirthInteger":2,
         "managingOrganization":{"reference":"#o1"},
         "generalPractitioner":[{"reference":"Practitioner/7/_history/2"},{"reference":"http://example.org/fhir/Organization/9"},{"display":"Dr Who"}]}
        """);

    public static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    /// <summary>Lines of <c>expression =&gt; result</c>.</summary>
    public static TheoryData<string, string> Table(string lines)
    {
        var data = new TheoryData<string, string>();
        foreach (string line in lines.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int arrow = line.LastIndexOf("=>", StringComparison.Ordinal);
            data.Add(line[..arrow].Trim(), line[(arrow + 2)..].Trim());
        }

        return data;
    }

    /// <summary>Evaluates on the patient above, or on nothing.</summary>
    public static string Evaluate(string expression, Element focus = default, EvaluationContext? context = null)
    {
        Result<FhirPathExpression> compiled = FhirPathExpression.Compile(expression);
        if (!compiled.IsOk)
        {
            return Error;
        }

        Result<IReadOnlyList<FhirPathValue>> result = compiled.Value.TryEvaluate(focus, context);
        return !result.IsOk ? Error : Show(result.Value);
    }

    public static string Show(IEnumerable<FhirPathValue> items) => "{" + string.Join(", ", items.Select(Show)) + "}";

    private static string Show(FhirPathValue item) => item.Kind switch
    {
        FhirPathKind.Element => $"{item.TypeSimpleName}:{item.Element.Text}",
        FhirPathKind.String => $"'{item.String}'",
        FhirPathKind.Date => $"@{item}",
        FhirPathKind.DateTime => item.ToString().Contains('T') ? $"@{item}" : $"@{item}T",
        FhirPathKind.Time => $"@T{item}",
        FhirPathKind.Long => $"{item}L",
        _ => item.ToString(),
    };
}
