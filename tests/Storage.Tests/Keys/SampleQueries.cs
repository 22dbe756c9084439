using System.Globalization;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Tests.Keys;

/// <summary>Makes queries that come close to a value: the same, a part of it, a little more or less, with every modifier and prefix.</summary>
internal sealed class SampleQueries(Random random)
{
    private static readonly SearchQueryOptions Options = new() { Now = new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero) };
    private static readonly string[] Prefixes = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

    /// <summary>A condition made of a value of some resource; null when its kind is not asked for in that way.</summary>
    public HasValue? Near(IndexedParameter parameter, IndexValues values, int index)
    {
        if (random.Next(12) == 0 && parameter.Type is not (SearchParameterType.Composite or SearchParameterType.Special))
        {
            return Read(parameter, "missing", random.Next(2) == 0 ? "true" : "false");
        }

        if (parameter.Type == SearchParameterType.String && random.Next(4) == 0)
        {
            byte[] folded = SearchText.Fold(values.Text(values[index].Text));
            StringMatch match = random.Next(2) == 0 ? StringMatch.End : StringMatch.Equal;
            return folded.Length == 0 ? null : new HasValue(parameter, SearchModifier.None, [new StringQuery(match, match == StringMatch.End ? folded.AsMemory(folded.Length - 1) : folded)]);
        }

        (string? modifier, string? text) = Text(parameter, values, index);
        return text is null ? null : Read(parameter, modifier, text);
    }

    private static HasValue? Read(IndexedParameter parameter, string? name, string text)
    {
        SearchModifier modifier = SearchModifier.None;
        TypeSchema? type = null;
        if (name is not null && !SearchQueryReader.TryReadModifier(name, out modifier, out type))
        {
            return null;
        }

        return SearchQueryReader.Read(parameter, modifier, type, text, Options) is { IsOk: true } read
            ? new HasValue(parameter, modifier, read.Value)
            : null;
    }

    private (string? Modifier, string? Text) Text(IndexedParameter parameter, IndexValues values, int index)
    {
        SearchValue value = values[index];
        string system = Of(values, value.System);
        string code = Of(values, value.Code);
        string text = Of(values, value.Text);
        switch (value.Kind)
        {
            case SearchValueKind.String:
                return random.Next(4) switch
                {
                    0 => ("exact", text),
                    1 => ("contains", Part(text)),
                    _ => (null, Start(text)),
                };
            case SearchValueKind.Token or SearchValueKind.TokenText:
                string token = random.Next(4) switch { 0 => code, 1 => $"|{code}", 2 => $"{system}|", _ => $"{system}|{code}" };
                return random.Next(4) switch { 0 => ("text", Start(text)), 1 => ("not", token), _ => (null, token) };
            case SearchValueKind.TypedIdentifier:
                return ("of-type", $"{(random.Next(2) == 0 ? system : "")}|{code}|{text}");
            case SearchValueKind.ReferenceIdentifier:
                return ("identifier", random.Next(2) == 0 ? code : $"{system}|{code}");
            case SearchValueKind.Reference:
                string? type = value.TargetType == SearchValue.NoType ? null : FhirSchema.R4.Types[value.TargetType].Name;
                return random.Next(4) switch
                {
                    0 => (null, code),
                    1 => (type, code),
                    2 => (null, text + "/_history/1"),
                    _ => (null, text),
                };
            case SearchValueKind.Uri:
                return random.Next(5) switch
                {
                    0 => ("below", Start(code)),
                    1 => ("below", code[..Math.Max(0, code.LastIndexOf('/') + random.Next(2))]),
                    2 => ("above", code + "/x"),
                    3 => (null, text),
                    _ => (null, code + (random.Next(2) == 0 ? "" : "|1")),
                };
            case SearchValueKind.Date:
                return (null, Prefix() + Date(value.Range));
            case SearchValueKind.Number or SearchValueKind.Quantity or SearchValueKind.CanonicalQuantity:
                string number = Prefix() + Number(value);
                return (null, parameter.Type == SearchParameterType.Number || random.Next(3) == 0 ? number
                    : random.Next(2) == 0 ? $"{number}||{(text.Length > 0 ? text : code)}"
                    : $"{number}|{system}|{code}");
            case SearchValueKind.Position:
                return (null, $"{value.Low}|{value.High}|{random.Next(300)}|{(random.Next(2) == 0 ? "km" : "m")}");
            case SearchValueKind.Composite:
                return (null, Tuple(parameter, values, index));
            default:
                return (null, null);
        }
    }

    private string? Tuple(IndexedParameter parameter, IndexValues values, int head)
    {
        var parts = new string[parameter.Components.Count];
        for (int component = 1; component <= parts.Length; component++)
        {
            int[] candidates = [.. Enumerable.Range(head + 1, values[head].PartCount).Where(i => values[i].Component == component)];
            if (candidates.Length == 0)
            {
                return null;
            }

            (string? modifier, string? text) = Text(parameter.Components[component - 1], values, candidates[random.Next(candidates.Length)]);
            if (modifier is not null || text is null)
            {
                return null;
            }

            parts[component - 1] = text;
        }

        return string.Join('$', parts);
    }

    private string Prefix() => Prefixes[random.Next(Prefixes.Length)];

    private string Date(DateRange range)
    {
        long ticks = random.Next(2) == 0 || range.End > DateTime.MaxValue.Ticks ? range.Start : range.End;
        ticks = ticks <= 0 || ticks >= DateTime.MaxValue.Ticks ? new DateTime(2013, 1, 1).Ticks : ticks;
        ticks = Math.Clamp(ticks + (random.Next(3) * TimeSpan.TicksPerSecond) - TimeSpan.TicksPerSecond, 0, DateTime.MaxValue.Ticks);
        string text = new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return text[..(random.Next(4) switch { 0 => 4, 1 => 7, 2 => 10, _ => 20 })];
    }

    private string Number(SearchValue value)
    {
        decimal number = value.Low == decimal.MinValue ? value.High : value.Low;
        return random.Next(4) switch
        {
            0 => SampleResources.Number(random),
            1 => Math.Round(number, 1).ToString(CultureInfo.InvariantCulture),
            _ => number.ToString(CultureInfo.InvariantCulture),
        };
    }

    private string Start(string text) => text[..random.Next(text.Length + 1)];

    private string Part(string text) => text.Length == 0 ? "" : text[random.Next(text.Length)..];

    private static string Of(IndexValues values, TextSlice slice)
    {
        string text = Encoding.UTF8.GetString(values.Text(slice));
        return text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)
            .Replace("|", "\\|", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);
    }
}
