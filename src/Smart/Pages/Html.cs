using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace HealthChain.Smart.Pages;

/// <summary>
/// Text of HTML. What is put into it by interpolation is escaped, unless it is such text itself: <c>Html.Of($"&lt;b&gt;{name}&lt;/b&gt;")</c>. There is
/// no other way to make one, so nothing that came from outside is ever taken for markup. Values stand in text or in quoted attributes only.
/// </summary>
internal readonly struct Html
{
    private readonly string? _text;

    private Html(string text) => _text = text;

    public static Html None => default;

    public static Html Of(HtmlText text) => new(text.ToText());

    /// <summary>One after the other.</summary>
    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.ToString())));

    /// <summary>The text if a condition holds, else nothing.</summary>
    public static Html If(bool condition, Html text) => condition ? text : None;

    public override string ToString() => _text ?? "";
}

/// <summary>Collects the parts of an interpolated string and escapes those that are values.</summary>
[InterpolatedStringHandler]
internal readonly ref struct HtmlText
{
    /// <summary>
    /// Signs that turn the direction of what follows: with them a name could make the words beside it look like others (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
    /// </summary>
    private static readonly SearchValues<char> Turning = SearchValues.Create("\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069");

    private readonly StringBuilder _text;

    public HtmlText(int literalLength, int formattedCount)
    {
        const int TypicalValue = 24;
        _text = new StringBuilder(literalLength + (formattedCount * TypicalValue));
    }

    public void AppendLiteral(string literal) => _text.Append(literal);

    public void AppendFormatted(Html html) => _text.Append(html.ToString());

    public void AppendFormatted(string? value) => _text.Append(HtmlEncoder.Default.Encode(Straight(value ?? "")));

    public void AppendFormatted(int value) => _text.Append(value.ToString(CultureInfo.InvariantCulture));

    public string ToText() => _text.ToString();

    private static string Straight(string text) => text.AsSpan().ContainsAny(Turning) ? string.Concat(text.Where(letter => !Turning.Contains(letter))) : text;
}
