using System.Globalization;
using System.Text.Json;

namespace HealthChain.Fhir.Ucum;

/// <content>Reads <c>ucumDefs.min.json</c> of npm's <c>@lhncbc/ucum-lhc</c>.</content>
internal sealed partial class UcumDefinitions
{
    /// <summary>Reads the published JSON. Only the atoms of UCUM itself are taken; LOINC's ready-made combinations parse as expressions.</summary>
    /// <exception cref="InvalidDataException">A definition is not understood; the build must stop rather than guess.</exception>
    public static UcumDefinitions ReadJson(Stream stream)
    {
        using var document = JsonDocument.Parse(stream);
        var prefixes = new List<UcumPrefix>();
        foreach (var row in Rows(document.RootElement.GetProperty("prefixes")))
        {
            var exponent = row.Text("exp_");
            prefixes.Add(new UcumPrefix(row.Text("code_"), exponent.Length > 0 ? "1e" + exponent : row.Number("value_").ToString("R")));
        }

        var atoms = new List<UcumAtom>();
        foreach (var row in Rows(document.RootElement.GetProperty("units")))
        {
            if (row.Text("source_") == "UCUM")
            {
                atoms.Add(ReadAtom(row));
            }
        }

        return new UcumDefinitions(prefixes, atoms);
    }

    private static UcumAtom ReadAtom(in Row row)
    {
        var code = row.Text("csCode_");
        var name = row.Text("name_");
        var metric = row.Flag("isMetric_");
        var unit = row.Text("csUnitString_");
        var function = row.Text("cnv_");
        if (row.Flag("isBase_"))
        {
            // Every base unit takes prefixes (UCUM § 11); the file says so of derived units only.
            return new UcumAtom(code, name, UcumAtomKind.Base, true, "1", "", "");
        }

        if (function == "inv")
        {
            // The published "/m" has become the unit "m" with a function "inv"; the plain quotient is what UCUM defines.
            return new UcumAtom(code, name, UcumAtomKind.Derived, metric, row.Text("baseFactorStr_"), "/" + unit, "");
        }

        var factor = ExactFactor(row.Number("baseFactor_"), row.Text("baseFactorStr_"), ref unit)
            ?? throw new InvalidDataException($"The factor of the UCUM unit '{code}' is not recognised.");
        var kind = row.Flag("isSpecial_") ? UcumAtomKind.Special
            : row.Flag("isArbitrary_") ? UcumAtomKind.Arbitrary
            : UcumAtomKind.Derived;
        return new UcumAtom(code, name, kind, metric, factor, unit, function);
    }

    /// <summary>
    /// The exact factor behind a rounded binary number. Where the file's text disagrees with its number, the number is right but
    /// rounded (<c>[mu_0]</c>, <c>Oe</c>, <c>[S]</c>, special units): it is a short decimal, a simple fraction, or one of these
    /// times or over pi, in which case pi moves into the unit expression.
    /// </summary>
    private static string? ExactFactor(double number, string text, ref string unit)
    {
        if (text.Length > 0 && double.Parse(text, CultureInfo.InvariantCulture) == number)
        {
            return text;
        }

        if (Recognise(number) is { } plain)
        {
            return plain;
        }

        if (Recognise(number / Math.PI) is { } timesPi)
        {
            unit = "[pi]." + unit;
            return timesPi;
        }

        if (Recognise(number * Math.PI) is { } overPi)
        {
            unit += "/[pi]";
            return overPi;
        }

        return null;
    }

    private static string? Recognise(double number)
    {
        const double tolerance = 4e-16;
        var shortest = number.ToString("0.#######E+0", CultureInfo.InvariantCulture);
        if (Math.Abs((double.Parse(shortest, CultureInfo.InvariantCulture) / number) - 1) <= tolerance)
        {
            return shortest;
        }

        for (var denominator = 2; denominator <= 1000; denominator++)
        {
            var numerator = Math.Round(number * denominator);
            if (numerator >= 1 && Math.Abs((numerator / denominator / number) - 1) <= tolerance)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{numerator:F0}/{denominator}");
            }
        }

        return null;
    }

    /// <summary>The file is packed: one list of column names (a nested column as an array that starts with its name), and rows of values.</summary>
    private static IEnumerable<Row> Rows(JsonElement table)
    {
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var column in table.GetProperty("config").EnumerateArray())
        {
            columns.Add((column.ValueKind == JsonValueKind.Array ? column[0] : column).GetString()!, columns.Count);
        }

        foreach (var row in table.GetProperty("data").EnumerateArray())
        {
            yield return new Row(columns, row);
        }
    }

    private readonly struct Row(Dictionary<string, int> columns, JsonElement values)
    {
        public string Text(string column) => values[columns[column]].GetString() ?? "";

        public bool Flag(string column) => values[columns[column]].GetBoolean();

        public double Number(string column) => values[columns[column]].GetDouble();
    }
}
