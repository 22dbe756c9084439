using System.Globalization;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>Search values as short texts, so that tests can say what they expect.</summary>
internal static class ValueText
{
    /// <summary>The values of one parameter of a resource given as JSON.</summary>
    public static string[] Of(string json, string code)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
        var values = new IndexValues();
        new SearchExtractor(Sets.R4, "https://here.example/fhir").Extract(resource, values);
        IndexedParameter parameter = Sets.R4.Find(resource.Type, code) ?? throw new ArgumentException($"{resource.Type} has no '{code}'.", nameof(code));
        return Of(values, parameter.Id);
    }

    public static string[] Of(IndexValues values, ushort parameter)
    {
        var texts = new List<string>();
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i].Parameter == parameter && values[i].Component == 0)
            {
                texts.Add(Of(values, i));
            }
        }

        return [.. texts];
    }

    public static string Of(IndexValues values, int index)
    {
        SearchValue value = values[index];
        string Text(TextSlice slice) => slice.Exists ? Encoding.UTF8.GetString(values.Text(slice)) : "-";
        string type = value.TargetType == SearchValue.NoType ? "?" : FhirSchema.R4.Types[value.TargetType].Name;
        string traits = value.Traits == SearchValueTraits.None ? "" : $" {value.Traits}";
        return value.Kind switch
        {
            SearchValueKind.String => $"string {Text(value.Code)} = {Text(value.Text)}",
            SearchValueKind.Token => $"token {Text(value.System)}|{Text(value.Code)} \"{Text(value.Text)}\"{traits}",
            SearchValueKind.TokenText => $"text \"{Text(value.Text)}\"",
            SearchValueKind.TypedIdentifier => $"of-type {Text(value.System)}|{Text(value.Code)}|{Text(value.Text)}",
            SearchValueKind.Reference => $"reference {Text(value.System)} {type} {Text(value.Code)} {Text(value.Version)}{traits}",
            SearchValueKind.ReferenceIdentifier => $"logical {type} {Text(value.System)}|{Text(value.Code)}",
            SearchValueKind.Uri => $"uri {Text(value.Code)} {Text(value.Version)}",
            SearchValueKind.Date => $"date {Instant(value.Range.Start)}..{Instant(value.Range.End)}",
            SearchValueKind.Number => $"number {Bounds(value)}{traits}",
            SearchValueKind.Quantity => $"quantity {Bounds(value)} {Text(value.System)}|{Text(value.Code)} \"{Text(value.Text)}\"{traits}",
            SearchValueKind.CanonicalQuantity => $"canonical {Bounds(value)} {Text(value.Code)}{traits}",
            SearchValueKind.Position => $"position {value.Low},{value.High}",
            _ => string.Join(" + ", Enumerable.Range(index + 1, value.PartCount).Select(part => $"{values[part].Component}:{Of(values, part)}")),
        };
    }

    public static string Instant(long ticks) => ticks switch
    {
        long.MinValue => "",
        long.MaxValue => "",
        > 3_155_378_975_999_999_999 => "10000",
        _ => new DateTime(ticks).ToString(ticks % TimeSpan.TicksPerDay == 0 ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
    };

    private static string Bounds(in SearchValue value)
    {
        static string Bound(decimal bound) => bound is decimal.MinValue or decimal.MaxValue ? "" : bound.ToString("0.############################", CultureInfo.InvariantCulture);
        return value.Low == value.High ? Bound(value.Low) : $"[{Bound(value.Low)}, {Bound(value.High)}]";
    }
}

internal static class Sets
{
    public static SearchParameterSet R4 { get; } = new(DefinitionSet.R4);
}
