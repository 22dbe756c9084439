using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.RoundTrip;

namespace HealthChain.FhirPathSuite;

/// <summary>A difference that is understood: which pairs it concerns, and why.</summary>
/// <param name="Expression">A part of the expression.</param>
/// <param name="Theirs">A part of the other engine's answer; null for any.</param>
/// <param name="Ours">A part of our answer; null for any.</param>
public sealed record ExplainedDifference(string Expression, string? Theirs, string? Ours, string Reason);

/// <summary>Runs the same expressions on the same resources through npm's fhirpath and through ours.</summary>
public static class Differential
{
    public static int Run(TextWriter output)
    {
        if (Packages.Examples() is not { } archive)
        {
            output.WriteLine("The package hl7.fhir.r4.examples is not there: build src/Fhir first.");
            return 2;
        }

        var explained = ReadExplained();
        var counts = explained.ToDictionary(static known => known.Reason, static _ => 0);
        (int pairs, int nonEmpty, int unexplained) = (0, 0, 0);
        using Process node = Start();
        int id = 0;
        foreach (ExamplePairs example in Pairs.All(archive))
        {
            node.StandardInput.WriteLine(new JsonObject { ["resource"] = JsonNode.Parse(example.Json) }.ToJsonString());
            foreach (string expression in example.Expressions)
            {
                node.StandardInput.WriteLine(new JsonObject { ["id"] = ++id, ["expression"] = expression }.ToJsonString());
                node.StandardInput.Flush();
                JsonNode theirs = JsonNode.Parse(node.StandardOutput.ReadLine() ?? throw new EndOfStreamException("node has ended"))!;
                JsonNode ours = Evaluate(example.Root, expression);
                pairs++;
                nonEmpty += ours["items"] is JsonArray { Count: > 0 } ? 1 : 0;
                if (AreSame(ours, theirs))
                {
                    continue;
                }

                if (Explain(explained, expression, ours, theirs) is { } reason)
                {
                    counts[reason]++;
                    continue;
                }

                unexplained++;
                output.WriteLine($"{example.File}: {expression}\n  ours   {Short(ours)}\n  theirs {Short(theirs)}");
            }
        }

        foreach ((string reason, int count) in counts)
        {
            output.WriteLine($"{count,6} explained: {reason}");
        }

        output.WriteLine($"{pairs} pairs ({nonEmpty} with a result): {counts.Values.Sum()} explained differences, {unexplained} unexplained");
        return unexplained == 0 ? 0 : 1;
    }

    private static Process Start()
    {
        string folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Packages.Examples())!, "..", "..", "conformance", "fhirpath", "differential"));
        return Process.Start(new ProcessStartInfo("node", "evaluate.mjs")
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    private static ExplainedDifference[] ReadExplained()
    {
        using Stream stream = typeof(Differential).Assembly.GetManifestResourceStream("explained.json")!;
        return JsonSerializer.Deserialize<ExplainedDifference[]>(stream, JsonSerializerOptions.Web)!;
    }

    private static JsonObject Evaluate(Element root, string expression)
    {
        Result<FhirPathExpression> compiled = FhirPathExpression.Compile(expression);
        if (!compiled.IsOk)
        {
            return new JsonObject { ["error"] = compiled.Error.ToString() };
        }

        Result<IReadOnlyList<FhirPathValue>> result = compiled.Value.TryEvaluate(root);
        return result.IsOk
            ? new JsonObject { ["items"] = new JsonArray([.. result.Value.Select(ToJson)]) }
            : new JsonObject { ["error"] = result.Error.ToString() };
    }

    private static JsonNode? ToJson(FhirPathValue value)
    {
        switch (value.Kind)
        {
            case FhirPathKind.Element when value.Element.Type.IsPrimitive && !value.Element.HasValue:
                return null;
            case FhirPathKind.Element:
                return JsonNode.Parse(FhirJson.ToBytes(value.Element));
            case FhirPathKind.Boolean:
                return JsonValue.Create(value.Boolean);
            case FhirPathKind.Integer or FhirPathKind.Long:
                return JsonValue.Create(value.Integer);
            case FhirPathKind.Decimal:
                return JsonValue.Create(value.Decimal);
            default:
                return JsonValue.Create(value.ToString());
        }
    }

    private static bool AreSame(JsonNode ours, JsonNode theirs) =>
        ours["error"] is not null || theirs["error"] is not null
            ? ours["error"] is not null && theirs["error"] is not null
            : AreEqual(ours["items"], theirs["items"]);

    /// <summary>Numbers by value, as JavaScript does not keep their digits.</summary>
    private static bool AreEqual(JsonNode? left, JsonNode? right) => (left, right) switch
    {
        (null, null) => true,
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(static pair => AreEqual(pair.First, pair.Second)),
        (JsonObject x, JsonObject y) => x.Count == y.Count && x.All(member => y.ContainsKey(member.Key) && AreEqual(member.Value, y[member.Key])),
        (JsonValue x, JsonValue y) when x.GetValueKind() == JsonValueKind.Number && y.GetValueKind() == JsonValueKind.Number =>
            double.Parse(x.ToJsonString(), CultureInfo.InvariantCulture) == double.Parse(y.ToJsonString(), CultureInfo.InvariantCulture),
        (JsonValue x, JsonValue y) => JsonNode.DeepEquals(x, y),
        _ => false,
    };

    private static string? Explain(ExplainedDifference[] explained, string expression, JsonNode ours, JsonNode theirs) =>
        explained.FirstOrDefault(known => expression.Contains(known.Expression, StringComparison.Ordinal)
            && (known.Theirs is null || theirs.ToJsonString().Contains(known.Theirs, StringComparison.Ordinal))
            && (known.Ours is null || ours.ToJsonString().Contains(known.Ours, StringComparison.Ordinal)))?.Reason;

    private static string Short(JsonNode answer)
    {
        string text = (answer["error"] ?? answer["items"])!.ToJsonString();
        return text.Length <= 300 ? text : text[..300] + "…";
    }
}
