namespace HealthChain.FhirServer.Cli;

/// <summary>The words after a verb, split into files and the like, options with a value, and flags.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);
    private readonly List<string> _positional = [];

    /// <summary>The words that belong to no option, in order.</summary>
    public IReadOnlyList<string> Positional => _positional;

    /// <summary>A sentence about the first word that cannot be understood; null if all are.</summary>
    public string? Problem { get; private set; }

    public bool Has(string flag) => _flags.Contains(flag);

    public IReadOnlyList<string> All(string option) => _values.TryGetValue(option, out var values) ? values : [];

    public string? Last(string option) => All(option) is [.., var last] ? last : null;

    /// <summary>Accepts <c>--option value</c>, <c>--option=value</c> and <c>--flag</c>; after <c>--</c> every word is positional.</summary>
    public static Arguments Parse(ReadOnlySpan<string> words, ReadOnlySpan<string> options, ReadOnlySpan<string> flags)
    {
        var result = new Arguments();
        for (var i = 0; i < words.Length && result.Problem is null; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                result._positional.AddRange(words[(i + 1)..]);
                break;
            }

            // A lone dash conventionally names standard input.
            if (word is "-" || !word.StartsWith('-'))
            {
                result._positional.Add(word);
                continue;
            }

            var equals = word.IndexOf('=');
            var name = equals < 0 ? word : word[..equals];
            if (options.Contains(name))
            {
                result.AddValue(name, equals >= 0 ? word[(equals + 1)..] : ++i < words.Length ? words[i] : null);
            }
            else if (flags.Contains(name) && equals < 0)
            {
                result._flags.Add(name);
            }
            else
            {
                result.Problem = $"'{name}' is not an option.";
            }
        }

        return result;
    }

    private void AddValue(string option, string? value)
    {
        if (value is null)
        {
            Problem = $"{option} needs a value.";
            return;
        }

        if (!_values.TryGetValue(option, out var values))
        {
            _values[option] = values = [];
        }

        values.Add(value);
    }
}
