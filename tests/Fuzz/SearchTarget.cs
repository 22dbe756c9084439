using System.Diagnostics.CodeAnalysis;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Fuzz;

/// <summary>
/// The readers of search values. The input is <c>Type?name:modifier=value</c>; what is read must be matchable against a resource, and
/// what is refused must have an issue.
/// </summary>
public sealed class SearchTarget : FuzzTarget
{
    private static readonly SearchQueryOptions Options =
        new() { Now = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), ServerBase = "http://here/fhir" };

    private readonly SearchParameterSet _parameters = new(DefinitionSet.R4);
    private readonly IndexValues _values = new();
    private readonly IndexedParameter[] _oneOfEachSort;

    public SearchTarget()
    {
        _oneOfEachSort =
        [
            Find("Patient", "name"), Find("Patient", "birthdate"), Find("Patient", "identifier"), Find("Observation", "value-quantity"),
            Find("Observation", "subject"), Find("Observation", "code-value-quantity"), Find("RiskAssessment", "probability"),
            Find("ValueSet", "url"), Find("Location", "near"),
        ];
        Element resource = FhirJson.Read("""
            {"resourceType":"Observation","status":"final","code":{"text":"x","coding":[{"system":"http://s","code":"c"}]},
            "subject":{"reference":"Patient/1"},"effectiveDateTime":"2013-01-14","valueQuantity":{"value":5,"system":"http://unitsofmeasure.org","code":"mg"}}
            """u8.ToArray()).Root;
        new SearchExtractor(_parameters).Extract(resource, _values);
    }

    public override string Name => "search";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        "Patient?name=Müller,O\\,Brien", "Patient?birthdate=ge2013-01-14T10:00:00.5+02:00,ap2016", "Patient?identifier:of-type=http://t|MR|1",
        "Observation?value-quantity=ap5.4e-3|http://unitsofmeasure.org|mg", "Observation?subject:Patient=23", "Observation?date=sa2013,eb2014-02,ne2015",
        "Observation?subject=http://other/fhir/Patient/23/_history/4", "Observation?code-value-quantity=http://loinc.org|8480-6$lt60||mm",
        "RiskAssessment?probability=gt0.8,1e2", "ValueSet?url:below=http://acme.org/fhir/", "Location?near=42.25|-83.69|11.2|[mi_us]",
        "Patient?gender:missing=true", "Observation?code:text=blood", "Observation?code:in=http://vs", "PlanDefinition?depends-on=http://a|1");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "|", "$", ",", "\\", "\\|", "\\,", "\\$", "\\\\", ":", "=", "?", "eq", "ne", "ap", "e308", "e-308", "e999999", "99999999999999999999999999999999",
        "0001-01-01", "9999-12-31T23:59:60.9999999+14:00", "#", "urn:uuid:", "/_history/", "http://unitsofmeasure.org", "[pH]", "10*-7", "Cel", ":exact",
        ":contains", ":identifier", ":not", "\u0301", "İ", "\ud83d\ude00");

    public override void Run(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string value = text[(equals + 1)..];
        if (equals >= 0 && TryReadName(text[..equals], out IndexedParameter? parameter, out SearchModifier modifier, out TypeSchema? target))
        {
            Read(parameter, modifier, target, value);
            return;
        }

        // A broken name must not keep the value from the readers: every sort of parameter gets it.
        foreach (IndexedParameter sort in _oneOfEachSort)
        {
            Read(sort, SearchModifier.None, null, value);
        }
    }

    private bool TryReadName(string text, [NotNullWhen(true)] out IndexedParameter? parameter, out SearchModifier modifier, out TypeSchema? target)
    {
        (parameter, modifier, target) = (null, SearchModifier.None, null);
        int question = text.IndexOf('?', StringComparison.Ordinal);
        if (question < 0 || FhirSchema.R4.Type(text[..question]) is not { IsResource: true } type)
        {
            return false;
        }

        string[] name = text[(question + 1)..].Split(':', 2);
        parameter = _parameters.Find(type, name[0]);
        return parameter is not null && (name.Length == 1 || SearchQueryReader.TryReadModifier(name[1], out modifier, out target));
    }

    private void Read(IndexedParameter parameter, SearchModifier modifier, TypeSchema? target, string value)
    {
        Result<IReadOnlyList<QueryValue>> result = SearchQueryReader.Read(parameter, modifier, target, value, Options);
        Promise(result.IsOk || result.Error.Issues.Count > 0, "a refused value has an issue");
        if (!result.IsOk)
        {
            return;
        }

        Promise(result.Value.Count > 0, "what is read is not nothing");
        foreach (QueryValue query in result.Value.Where(query => query is not (TerminologyQuery or MissingQuery)))
        {
            for (int i = 0; i < _values.Count; i++)
            {
                SearchMatcher.Matches(_values, i, query);
            }
        }
    }

    private IndexedParameter Find(string type, string code) => _parameters.Find(FhirSchema.R4.Type(type)!, code)!;
}
