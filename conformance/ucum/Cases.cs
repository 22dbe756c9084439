using System.Text.Json;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Conformance.Ucum;

/// <summary>A conversion that both sides are asked for.</summary>
internal sealed record Case(string From, decimal Value, string To);

/// <summary>Draws conversions: every atom to units of its dimension, and random expressions to others and to nonsense.</summary>
internal sealed class Cases
{
    private static readonly string[] Prefixes = ["k", "m", "u", "n", "c", "d", "M", "da"];

    private readonly Random _random;
    private readonly string[] _atoms;
    private readonly ILookup<string, string> _byDimension;

    public Cases(string definitionsFile, int seed)
    {
        _random = new Random(seed);
        _atoms = ReadAtoms(definitionsFile);
        _byDimension = _atoms.ToLookup(Dimension);
    }

    public IEnumerable<Case> All(int expressions)
    {
        foreach (var atom in _atoms)
        {
            yield return new Case(atom, Value(), Pick([.. _byDimension[Dimension(atom)]]));
            yield return new Case(Prefixed(atom), Value(), atom);
            yield return new Case(atom, Value(), Dimension(atom));
        }

        for (var i = 0; i < expressions; i++)
        {
            var from = Expression();
            yield return new Case(from, Value(), (i % 10) switch
            {
                0 => Expression(),
                1 => Damaged(from),
                < 6 => Related(from),
                _ => UcumUnit.TryParse(from, out var unit, out _) ? unit.CanonicalText : from,
            });
        }
    }

    private static string[] ReadAtoms(string definitionsFile)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(definitionsFile));
        var units = document.RootElement.GetProperty("units");
        var columns = units.GetProperty("config").EnumerateArray().Select(column => column.ToString()).ToList();
        int code = columns.IndexOf("csCode_"), source = columns.IndexOf("source_");
        return [.. units.GetProperty("data").EnumerateArray().Where(row => row[source].ToString() == "UCUM").Select(row => row[code].ToString())];
    }

    private static string Dimension(string text) => UcumUnit.TryParse(text, out var unit, out _) ? unit.CanonicalText : "?";

    private string Expression()
    {
        var text = _random.Next(8) == 0 ? "/" + Component() : Component();
        for (var more = _random.Next(4); more > 0; more--)
        {
            text += Pick("/", ".") + (_random.Next(6) == 0 ? "(" + Component() + Pick("/", ".") + Component() + ")" : Component());
        }

        return text;
    }

    private string Component() => _random.Next(12) switch
    {
        0 => _random.Next(1, 200).ToString(),
        1 => "{note}",
        2 => Prefixed(Pick(_atoms)) + _random.Next(2, 4),
        3 => Pick(_atoms) + "-" + _random.Next(1, 3),
        4 => Pick(_atoms) + "{note}",
        < 8 => Prefixed(Pick(_atoms)),
        _ => Pick(_atoms),
    };

    /// <summary>Another unit of the same dimension: an atom exchanged for one that measures the same, or a number put in.</summary>
    private string Related(string from)
    {
        if (!UcumUnit.TryParse(from, out var unit, out _))
        {
            return from;
        }

        var alike = _byDimension[unit.CanonicalText].ToArray();
        return alike.Length > 0 && _random.Next(2) == 0 ? Pick(alike) : Pick("10*3.", "12.", "%.", "7/3.") + unit.ToNormalText().TrimStart('/');
    }

    private string Damaged(string text)
    {
        var at = _random.Next(text.Length);
        return _random.Next(3) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, Pick(".", "/", "(", ")", "2", "-", "x", "{", "}", "[", "]", " ")),
            _ => text[..at] + text[at..].ToUpperInvariant(),
        };
    }

    /// <summary>A prefix before a metric atom; now and then before one that takes none.</summary>
    private string Prefixed(string atom)
    {
        var prefixed = Pick(Prefixes) + atom;
        return _random.Next(20) == 0 || UcumUnit.TryParse(prefixed, out _, out _) ? prefixed : atom;
    }

    private decimal Value() => Math.Round((decimal)(_random.NextDouble() * 200) + 0.001m, _random.Next(1, 5));

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
