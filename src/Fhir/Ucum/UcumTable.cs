using System.Collections.Concurrent;
using System.Text;

namespace HealthChain.Fhir.Ucum;

/// <summary>The symbols of UCUM and what they stand for. Atoms are worked out when first met, which keeps the start short.</summary>
internal sealed class UcumTable
{
    private const int LongestMisspelling = 16;

    private static readonly Lazy<UcumTable> Loaded = new(Load);

    private readonly UcumDefinitions _definitions;
    private readonly Dictionary<string, UcumAtom> _atoms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UcumUnit> _prefixes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, UcumUnit> _resolved = new(StringComparer.Ordinal);
    private readonly int _longestPrefix;

    /// <summary>The letters of every atom's symbol, with which misspelt symbols are compared.</summary>
    private readonly Lazy<(string Letters, UcumAtom Atom)[]> _spellings;

    public UcumTable(UcumDefinitions definitions)
    {
        _definitions = definitions;
        foreach (var prefix in definitions.Prefixes)
        {
            _prefixes.Add(prefix.Code, UcumUnit.OfFactor(UcumFactor.Parse(prefix.Factor)));
            _longestPrefix = int.Max(_longestPrefix, prefix.Code.Length);
        }

        foreach (var atom in definitions.Atoms)
        {
            _atoms.Add(atom.Code, atom);
        }

        _spellings = new(() => [.. definitions.Atoms.Select(atom => (Letters(atom.Code), atom)).Where(item => item.Item1.Length > 0)]);
    }

    public static UcumTable Current => Loaded.Value;

    public UcumDefinitions Definitions => _definitions;

    /// <summary>Finds an atom, or a prefix before a metric atom.</summary>
    public bool TryResolve(ReadOnlySpan<char> symbol, out UcumUnit unit, out string? error)
    {
        var atoms = _atoms.GetAlternateLookup<ReadOnlySpan<char>>();
        if (atoms.TryGetValue(symbol, out var atom))
        {
            unit = Resolve(atom);
            error = null;
            return true;
        }

        UcumAtom? unprefixable = null;
        var prefixes = _prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var length = int.Min(_longestPrefix, symbol.Length - 1); length > 0; length--)
        {
            if (prefixes.TryGetValue(symbol[..length], out var prefix) && atoms.TryGetValue(symbol[length..], out atom))
            {
                if (atom.IsMetric)
                {
                    return UcumUnit.TryPrefix(prefix, Resolve(atom), symbol.ToString(), out unit, out error);
                }

                unprefixable = atom;
            }
        }

        unit = UcumUnit.One;
        error = unprefixable is not null
            ? $"'{symbol}' is no unit: '{unprefixable.Code}' ({unprefixable.Name}) takes no prefix"
            : $"'{symbol}' is no UCUM unit{Suggestion(symbol)}";
        return false;
    }

    private static UcumTable Load()
    {
        using var stream = typeof(UcumTable).Assembly.GetManifestResourceStream(UcumDefinitions.ResourceName)
            ?? throw new InvalidOperationException($"The build has not embedded {UcumDefinitions.ResourceName}.");
        return new UcumTable(UcumDefinitions.ReadBinary(stream));
    }

    private UcumUnit Resolve(UcumAtom atom) =>
        _resolved.TryGetValue(atom.Code, out var unit) ? unit : _resolved.GetOrAdd(atom.Code, CreateUnit(atom));

    private UcumUnit CreateUnit(UcumAtom atom)
    {
        if (atom.Kind == UcumAtomKind.Base)
        {
            return UcumUnit.OfAtom(atom.Code, UcumFactor.One, UcumDimension.OfBase(atom.Code), null);
        }

        if (!UcumParser.TryParse(atom.Unit, this, out var unit, out var error))
        {
            throw new InvalidDataException($"The definition of '{atom.Code}' is not valid: {error}");
        }

        var factor = UcumFactor.Parse(atom.Factor).Multiply(unit.Factor)!;
        var function = atom.Kind == UcumAtomKind.Special ? UcumFunction.Named(atom.Function) : null;

        // An arbitrary unit defined by "1" is the start of a dimension; [IU] is defined by [iU] and shares its.
        var dimension = atom.Kind == UcumAtomKind.Arbitrary && unit.Dimension.IsDimensionless
            ? UcumDimension.OfArbitrary(atom.Code)
            : unit.Dimension;
        return UcumUnit.OfAtom(atom.Code, factor, dimension, function);
    }

    /// <summary>The right spelling when only case or brackets are wrong, as in <c>mmHg</c>: by far the commonest mistakes.</summary>
    private string Suggestion(ReadOnlySpan<char> symbol)
    {
        var letters = Letters(symbol);
        if (letters.Length is 0 or > LongestMisspelling)
        {
            return "";
        }

        var last = char.ToLowerInvariant(letters[^1]);
        foreach (var comparison in (ReadOnlySpan<StringComparison>)[StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase])
        {
            foreach (var (spelling, atom) in _spellings.Value)
            {
                if (char.ToLowerInvariant(spelling[^1]) == last && TrySplit(letters, spelling, atom, comparison, out var prefix))
                {
                    return $"; '{prefix}{atom.Code}' is";
                }
            }
        }

        return "";
    }

    /// <summary>Whether the letters are those of the atom, or of the atom with a prefix.</summary>
    private bool TrySplit(string letters, string spelling, UcumAtom atom, StringComparison comparison, out string prefix)
    {
        prefix = "";
        var before = letters.Length - spelling.Length;
        if (before == 0)
        {
            return letters.Equals(spelling, comparison);
        }

        if (before < 0 || before > _longestPrefix || !atom.IsMetric || !letters.EndsWith(spelling, comparison))
        {
            return false;
        }

        foreach (var candidate in _definitions.Prefixes)
        {
            if (candidate.Code.Length == before && letters.StartsWith(candidate.Code, comparison))
            {
                prefix = candidate.Code;
                return true;
            }
        }

        return false;
    }

    private static string Letters(ReadOnlySpan<char> symbol)
    {
        var text = new StringBuilder(symbol.Length);
        foreach (var c in symbol)
        {
            if (char.IsAsciiLetter(c))
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }
}
