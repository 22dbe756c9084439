using System.Globalization;
using System.Text;

namespace HealthChain.FhirServer.Server;

/// <summary>
/// One thing that an operator may set. The same description reads it, refuses it, explains it on the command line and stands in
/// docs/configuration.md.
/// </summary>
/// <param name="Key">Its name in the configuration, such as <c>HealthChain:Limits:BodyBytes</c>.</param>
/// <param name="Allowed">What it may be, to follow the word "is": <c>a whole number from 1 to 100</c>.</param>
/// <param name="Meaning">A clause for the help.</param>
/// <param name="Show">The value that options have, as an operator would write it; empty for none.</param>
/// <param name="Apply">The options with the value that a text stands for; null when it is not allowed.</param>
internal sealed record Setting<TOptions>(
    string Key, string Allowed, string Meaning, Func<TOptions, string> Show, Func<TOptions, string, TOptions?> Apply)
    where TOptions : class
{
    private const string Root = "HealthChain:";

    /// <summary>Its values are not repeated in messages.</summary>
    public bool IsSecret { get; init; }

    /// <summary>On the command line its name alone means true.</summary>
    public bool IsFlag { get; private init; }

    /// <summary>How it is called on the command line: <c>--limits-body-bytes</c>.</summary>
    public string Option => "--" + Words(Key.StartsWith(Root, StringComparison.Ordinal) ? Key[Root.Length..] : Key);

    /// <summary>How it is called in the environment.</summary>
    public string Variable => (Key.StartsWith(Root, StringComparison.Ordinal) ? Key : "ASPNETCORE_" + Key.ToUpperInvariant()).Replace(":", "__", StringComparison.Ordinal);

    public static Setting<TOptions> Text(string key, string meaning, string allowed, Func<TOptions, string?> get, Func<TOptions, string, TOptions> set, Func<string, bool>? accepts = null) =>
        new(key, allowed, meaning, options => get(options) ?? "", (options, text) => text.Length > 0 && accepts?.Invoke(text) != false ? set(options, text) : null);

    public static Setting<TOptions> Flag(string key, string meaning, Func<TOptions, bool> get, Func<TOptions, bool, TOptions> set) =>
        new(key, "true or false", meaning, options => get(options) ? "true" : "false", (options, text) => bool.TryParse(text, out bool value) ? set(options, value) : null)
        {
            IsFlag = true,
        };

    public static Setting<TOptions> Number(string key, string meaning, int least, int most, Func<TOptions, int> get, Func<TOptions, int, TOptions> set) => new(
        key,
        $"a whole number from {least} to {most}",
        meaning,
        options => get(options).ToString(CultureInfo.InvariantCulture),
        (options, text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? set(options, value)
            : null);

    public static Setting<TOptions> Size(string key, string meaning, long least, long most, Func<TOptions, long> get, Func<TOptions, long, TOptions> set) => new(
        key,
        $"a size from {ByteSize.Show(least)} to {ByteSize.Show(most)}, in bytes or as in 64 MB",
        meaning,
        options => ByteSize.Show(get(options)),
        (options, text) => ByteSize.TryRead(text, out long value) && value >= least && value <= most ? set(options, value) : null);

    public static Setting<TOptions> Seconds(string key, string meaning, int least, int most, Func<TOptions, TimeSpan> get, Func<TOptions, TimeSpan, TOptions> set) => new(
        key,
        $"a number of seconds from {least} to {most}",
        meaning,
        options => get(options).TotalSeconds.ToString(CultureInfo.InvariantCulture),
        (options, text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? set(options, TimeSpan.FromSeconds(value))
            : null);

    /// <summary>One of the names of an enumeration whose values are 0, 1, 2 and so on; in lower case with dashes.</summary>
    /// <remarks>Not generic: the start of the process would wait for code of its own for each enumeration.</remarks>
    public static Setting<TOptions> Choice(string key, string meaning, Type choices, Func<TOptions, int> get, Func<TOptions, int, TOptions> set)
    {
        string[] names = Enum.GetNames(choices);
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Words(names[i]);
        }

        return new(
            key,
            $"one of {string.Join(", ", names)}",
            meaning,
            options => names[get(options)],
            (options, text) => Array.IndexOf(names, text.ToLowerInvariant()) is >= 0 and var value ? set(options, value) : null);
    }

    /// <summary><c>Limits:BodyBytes</c> as <c>limits-body-bytes</c>.</summary>
    public static string Words(string name)
    {
        var words = new StringBuilder(name.Length + 8);
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiLetterUpper(name[i]) && i > 0 && !char.IsAsciiLetterUpper(name[i - 1]))
            {
                words.Append('-');
            }

            if (name[i] != ':')
            {
                words.Append(char.ToLowerInvariant(name[i]));
            }
        }

        return words.ToString();
    }
}

/// <summary>Sizes as operators write them: <c>512</c>, <c>64 MB</c>, <c>1GB</c>; a KB is 1,024 bytes.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["", "KB", "MB", "GB", "TB"];

    public static string Show(long bytes)
    {
        int unit = 0;
        while (bytes >= 1024 && bytes % 1024 == 0 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0 ? bytes.ToString(CultureInfo.InvariantCulture) : $"{bytes} {Units[unit]}";
    }

    public static bool TryRead(string text, out long bytes)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        int shift = 0;
        for (int unit = 1; unit < Units.Length; unit++)
        {
            if (digits.EndsWith(Units[unit], StringComparison.OrdinalIgnoreCase))
            {
                digits = digits[..^2].TrimEnd();
                shift = unit * 10;
                break;
            }
        }

        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes <= long.MaxValue >> shift;
        bytes <<= shift;
        return isNumber;
    }
}
