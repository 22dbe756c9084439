using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;

namespace HealthChain.Fuzz;

/// <summary>The FHIRPath parser, compiler and evaluator. Whatever is asked, the answer is items or an error, within the limits.</summary>
public sealed class FhirPathTarget : FuzzTarget
{
    private static readonly FhirPathOptions Options = new()
    {
        Limits = new FhirPathLimits { MaxSteps = 20_000, MaxItems = 5_000, MaxStringLength = 20_000 },
    };

    private static readonly EvaluationContext Context = new() { Limits = Options.Limits };

    private readonly Element[] _resources = [.. Resources.Json.Select(json => FhirJson.Read(json).Root)];

    public override string Name => "fhirpath";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        "Patient.name.where(use = 'official').given.first()",
        "Observation.value.ofType(Quantity).value > 1.5 and status in ('final' | 'amended')",
        "Bundle.entry.resource.descendants().where($this is Reference).reference.distinct()",
        "name.given.aggregate($total + $this.length(), 0) div 3 mod 2",
        "birthDate + 3 months <= today() implies @2015-02-04T14:34:28.123+09:00 > @T14:34",
        "'a.b'.replaceMatches('[a-z]', 'x').split('.').join('-') & 5.4 'mg'.toString()",
        "iif(name.exists(), name.select(family | given), {}).count() ~ %resource.id.convertsToInteger()",
        "extension('http://x.org/e').value.as(string).trace('t').lowBoundary(4)",
        "(1 | 2 | 3).repeat($this - 1).where($index > 0).sort(-$this).all($this.type().name = 'Integer')",
        "contained.where(id = 'o').name.upper().matches('^O.*$') xor %`vs-x`.not()",
        "defineVariable('a', name).select(%a.given).exclude('B').tail().skip(1).take(2).single()");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "(", ")", "[0]", "{}", "$this", "$index", "$total", "%context", ".where(", ".select(", ".repeat(", ".all(", " | ", " and ", " or ",
        " is ", " as ", " in ", " contains ", " div ", "/", "*", "-", "+", "&", "=", "!=", "~", "!~", "<=", "'", "\\u0041", "`", "@2014-01-25T14:30",
        "@T14", "4 days", "1.0 'kg'", "true", "9999999999999999999999", "0.0000000001", ".toQuantity()", ".power(2)", ".sqrt()", ".children()",
        ".descendants()", ".resolve()", ".memberOf('x')", ".encode('base64')", ".escape('html')", ".matches('(a+)+$')", ".highBoundary(99)", "//", "/*");

    public override void Run(byte[] input)
    {
        Result<FhirPathExpression> compiled = FhirPathExpression.Compile(Encoding.UTF8.GetString(input), Options);
        if (!compiled.IsOk)
        {
            Promise(compiled.Error.Issues.Count > 0, "a refused expression has an issue");
            return;
        }

        foreach (Element resource in _resources)
        {
            FhirPathChecker.Check(compiled.Value, resource.Type);
            Result<IReadOnlyList<FhirPathValue>> result = compiled.Value.TryEvaluate(resource, Context);
            if (result.IsOk)
            {
                foreach (FhirPathValue item in result.Value)
                {
                    Promise(item.ToString() is not null, "every item can be shown");
                }
            }
        }
    }
}
