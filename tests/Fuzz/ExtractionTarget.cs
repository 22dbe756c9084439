using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Fuzz;

/// <summary>Extraction from whatever the JSON reader accepts: it does not fail, and its values are sound.</summary>
public sealed class ExtractionTarget : FuzzTarget
{
    private readonly SearchExtractor _extractor = new(new SearchParameterSet(DefinitionSet.R4), "http://here/fhir");
    private readonly IndexValues _values = new();

    public override string Name => "extraction";

    public override IReadOnlyList<byte[]> Seeds { get; } = Resources.Json;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "0001", "9999-12-31T23:59:60.999999999Z", "-1e999", "1e-999", "\"<\"", "\"comparator\":\">=\"", "\"system\":\"http://unitsofmeasure.org\"", "\"code\":\"[pH]\"",
        "\"reference\":\"#\"", "\"reference\":\"http://here/fhir/Patient/1/_history/2\"", "\"reference\":\"/_history/\"", "|", "\\u0301", "\\n", "\"start\":\"2013\"");

    public override void Run(byte[] input)
    {
        if (FhirJson.Read(input) is not { IsOk: true } read)
        {
            return;
        }

        _extractor.Extract(read.Root, _values);
        foreach (ref readonly SearchValue value in _values.Values)
        {
            Promise(value.Kind == SearchValueKind.Position || value.Low <= value.High, "bounds of numbers are in order");
            Promise(value.Kind != SearchValueKind.Date || value.Range != default, "a date has a range");
            Promise(Length(value.Version) <= Length(value.Text) || value.Kind != SearchValueKind.Reference, "a version is part of its reference");
            Promise(value.Kind != SearchValueKind.String || Length(value.Code) <= SearchText.MaxFoldedLength(Length(value.Text)), "folding keeps its bound");
        }
    }

    private int Length(TextSlice text) => _values.Text(text).Length;
}
