using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

/// <summary>
/// The FHIRPath of SQL on FHIR's test suite, when it stands beside the repository: views that are a plain list of columns are
/// evaluated here by hand, a row per resource.
/// </summary>
public class SqlOnFhirPathTests
{
    // FHIRPath, join(): "If the input is empty, the result is empty." The suite has the empty string there.
    private static readonly string[] JoinsOfNothing = ["string join", "string join: default separator"];

    [Fact]
    public void Columns_of_plain_views_have_the_expected_values()
    {
        Assert.SkipUnless(Repository.Shared is not null, "The outside suites are not here.");
        int rows = 0;
        var differences = new List<string>();
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Shared, "data", "sql-on-fhir", "tests"), "*.json"))
        {
            JsonNode suite = JsonNode.Parse(File.ReadAllText(file))!;
            Element[] resources = [.. suite["resources"]!.AsArray().Select(resource => FhirJson.Read(JsonSerializer.SerializeToUtf8Bytes(resource)).Tree!.Root)];
            foreach (JsonNode test in suite["tests"]!.AsArray().OfType<JsonNode>().Where(IsPlain))
            {
                string[] expected = [.. test["expect"]!.AsArray().Select(row => Row(row!.AsObject()))];
                string[] actual = [.. Rows(test["view"]!, resources).Select(Row)];
                rows += actual.Length;
                if (!expected.Order().SequenceEqual(actual.Order()))
                {
                    differences.Add($"{Path.GetFileName(file)}, {test["title"]}: {string.Join(" ", actual)}");
                }
            }
        }

        Assert.InRange(rows, 100, 1000);
        Assert.Empty(differences);
    }

    private static bool IsPlain(JsonNode test) =>
        !JoinsOfNothing.Contains(test["title"]!.GetValue<string>()) && test["expect"] is JsonArray && test["view"]!["select"] is JsonArray { Count: 1 } select
        && select[0] is JsonObject { Count: 1 } only && only["column"] is JsonArray columns
        && columns.All(column => column!["collection"] is null && !column["path"]!.GetValue<string>().Contains("%rowIndex", StringComparison.Ordinal));

    private static IEnumerable<JsonObject> Rows(JsonNode view, Element[] resources)
    {
        var context = new EvaluationContext { Variables = Constants(view["constant"] as JsonArray ?? []) };
        string[] conditions = [.. (view["where"] as JsonArray ?? []).Select(where => where!["path"]!.GetValue<string>())];
        foreach (Element resource in resources.Where(resource => resource.Type.Name == view["resource"]!.GetValue<string>()))
        {
            if (conditions.All(condition => FhirPathExpression.Compile(condition).Value.IsTrue(resource, context)))
            {
                yield return new JsonObject(view["select"]![0]!["column"]!.AsArray().Select(column => KeyValuePair.Create(
                    column!["name"]!.GetValue<string>(),
                    Json(FhirPathExpression.Compile(column["path"]!.GetValue<string>()).Value.Evaluate(resource, context)))));
            }
        }
    }

    private static Dictionary<string, IReadOnlyList<FhirPathValue>> Constants(JsonArray constants) => constants.OfType<JsonObject>().ToDictionary(
        constant => constant["name"]!.GetValue<string>(),
        constant => (IReadOnlyList<FhirPathValue>)[Constant(constant.Single(member => member.Key.StartsWith("value", StringComparison.Ordinal)))]);

    private static FhirPathValue Constant(KeyValuePair<string, JsonNode?> member)
    {
        FhirPathKind kind = member.Key["value".Length..] switch
        {
            "Boolean" => FhirPathKind.Boolean,
            "Integer" or "PositiveInt" or "UnsignedInt" => FhirPathKind.Integer,
            "Decimal" => FhirPathKind.Decimal,
            "Date" => FhirPathKind.Date,
            "DateTime" or "Instant" => FhirPathKind.DateTime,
            "Time" => FhirPathKind.Time,
            _ => FhirPathKind.String,
        };
        Assert.True(FhirPathValue.TryParse(member.Value!.ToString(), kind, out FhirPathValue value), member.ToString());
        return value;
    }

    private static JsonNode? Json(IReadOnlyList<FhirPathValue> items)
    {
        Assert.InRange(items.Count, 0, 1);
        return items.Count == 0 ? null : items[0].Kind switch
        {
            FhirPathKind.Boolean => items[0].Boolean,
            FhirPathKind.Integer => items[0].Integer,
            FhirPathKind.Decimal => items[0].Decimal,
            FhirPathKind.Element => JsonNode.Parse(FhirJson.ToBytes(items[0].Element)),
            _ => items[0].ToString(),
        };
    }

    private static string Row(JsonObject row) =>
        string.Join(", ", row.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{member.Key}={Text(member.Value)}"));

    private static string Text(JsonNode? value) => value is JsonValue number && number.GetValueKind() == JsonValueKind.Number
        ? decimal.Parse(number.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture).ToString("0.############", System.Globalization.CultureInfo.InvariantCulture)
        : value?.ToJsonString() ?? "null";
}
