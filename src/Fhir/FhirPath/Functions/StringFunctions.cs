using System.Buffers;
using System.Text;

namespace HealthChain.Fhir.FhirPath;

/// <summary>FHIRPath, "String Manipulation". Positions count UTF-16 code units, as in the other engines.</summary>
internal static class StringFunctions
{
    public static readonly Function[] All =
    [
        Of("indexOf", 1, 1, FunctionOutput.Integer, static (in Call call) => IndexOf(call, last: false)),
        Of("lastIndexOf", 1, 1, FunctionOutput.Integer, static (in Call call) => IndexOf(call, last: true)),
        Of("substring", 1, 2, FunctionOutput.Text, Substring),
        Of("startsWith", 1, 1, FunctionOutput.Boolean, StartsWith),
        Of("endsWith", 1, 1, FunctionOutput.Boolean, EndsWith),
        Of("contains", 1, 1, FunctionOutput.Boolean, Contains),
        Of("upper", 0, 0, FunctionOutput.Text, static (in Call call) => Map(call, static text => text.ToUpperInvariant())),
        Of("lower", 0, 0, FunctionOutput.Text, static (in Call call) => Map(call, static text => text.ToLowerInvariant())),
        Of("trim", 0, 0, FunctionOutput.Text, static (in Call call) => Map(call, static text => text.Trim())),
        Of("replace", 2, 2, FunctionOutput.Text, Replace),
        Of("matches", 1, 1, FunctionOutput.Boolean, static (in Call call) => Matches(call, full: false)),
        Of("matchesFull", 1, 1, FunctionOutput.Boolean, static (in Call call) => Matches(call, full: true)),
        Of("replaceMatches", 2, 2, FunctionOutput.Text, ReplaceMatches),
        Of("length", 0, 0, FunctionOutput.Integer, Length),
        Of("toChars", 0, 0, FunctionOutput.TextList, ToChars),
        Of("split", 1, 1, FunctionOutput.TextList, Split),
        new("join", 0, 1, FunctionInput.Any, FunctionOutput.Text, Join),
        Of("encode", 1, 1, FunctionOutput.Text, static (in Call call) => Recode(call, TextCodings.Encode)),
        Of("decode", 1, 1, FunctionOutput.Text, static (in Call call) => Recode(call, TextCodings.Decode)),
        Of("escape", 1, 1, FunctionOutput.Text, static (in Call call) => Recode(call, TextCodings.Escape)),
        Of("unescape", 1, 1, FunctionOutput.Text, static (in Call call) => Recode(call, TextCodings.Unescape)),
    ];

    private static Function Of(string name, int min, int max, FunctionOutput output, FunctionBody body) =>
        new(name, min, max, FunctionInput.Text, output, body);

    private static void IndexOf(in Call call, bool last)
    {
        if (call.TryText(out string text) & call.TryText(0, out string part))
        {
            call.Return(last ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal));
        }
    }

    private static void Substring(in Call call)
    {
        if (!call.TryText(out string text) | !call.TryInteger(0, out int start) || start < 0 || start >= text.Length)
        {
            return;
        }

        // An empty length counts as none given.
        int length = call.ArgumentCount > 1 && call.TryInteger(1, out int asked) ? asked : int.MaxValue;
        call.Return(text.Substring(start, Math.Clamp(length, 0, text.Length - start)));
    }

    private static void StartsWith(in Call call)
    {
        if (call.TryUtf8(out ReadOnlySpan<byte> text) & call.TryUtf8(0, out ReadOnlySpan<byte> part))
        {
            call.Return(text.StartsWith(part));
        }
    }

    private static void EndsWith(in Call call)
    {
        if (call.TryUtf8(out ReadOnlySpan<byte> text) & call.TryUtf8(0, out ReadOnlySpan<byte> part))
        {
            call.Return(text.EndsWith(part));
        }
    }

    private static void Contains(in Call call)
    {
        if (call.TryUtf8(out ReadOnlySpan<byte> text) & call.TryUtf8(0, out ReadOnlySpan<byte> part))
        {
            call.Return(text.IndexOf(part) >= 0);
        }
    }

    private static void Map(in Call call, Func<string, string> map)
    {
        if (call.TryText(out string text))
        {
            call.Return(map(text));
        }
    }

    private static void Replace(in Call call)
    {
        if (!call.TryText(out string text) | !call.TryText(0, out string pattern) | !call.TryText(1, out string substitution))
        {
            return;
        }

        if (pattern.Length > 0)
        {
            call.Run.CheckLength(text.Length + ((long)text.AsSpan().Count(pattern) * (substitution.Length - pattern.Length)));
            call.Return(text.Replace(pattern, substitution, StringComparison.Ordinal));
            return;
        }

        // "If pattern is the empty string, every character in the input string is surrounded by the substitution."
        call.Run.CheckLength(text.Length + ((text.Length + 1L) * substitution.Length));
        var builder = new StringBuilder(substitution);
        foreach (char c in text)
        {
            builder.Append(c).Append(substitution);
        }

        call.Return(builder.ToString());
    }

    private static void Matches(in Call call, bool full)
    {
        if (!call.TryUtf8(out ReadOnlySpan<byte> utf8) | !call.TryText(0, out string pattern))
        {
            return;
        }

        // Decoded into a rented buffer, so that matching the text of an element makes no string.
        char[] buffer = ArrayPool<char>.Shared.Rent(utf8.Length);
        try
        {
            int length = Encoding.UTF8.GetChars(utf8, buffer);
            call.Return(Patterns.IsMatch(call.Run, buffer.AsSpan(0, length), pattern, full));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private static void ReplaceMatches(in Call call)
    {
        if (call.TryText(out string text) & call.TryText(0, out string pattern) & call.TryText(1, out string substitution))
        {
            call.Return(pattern.Length == 0 ? text : Patterns.Replace(call.Run, text, pattern, substitution));
        }
    }

    private static void Length(in Call call)
    {
        if (call.TryUtf8(out ReadOnlySpan<byte> text))
        {
            call.Return(Encoding.UTF8.GetCharCount(text));
        }
    }

    private static void ToChars(in Call call)
    {
        if (call.TryText(out string text))
        {
            foreach (char c in text)
            {
                call.Return(c.ToString());
            }
        }
    }

    private static void Split(in Call call)
    {
        if (call.TryText(out string text) & call.TryText(0, out string separator))
        {
            // Splitting at nothing gives the characters.
            if (separator.Length == 0)
            {
                ToChars(call);
                return;
            }

            foreach (Range range in text.AsSpan().Split(separator))
            {
                call.Return(text[range]);
            }
        }
    }

    private static void Join(in Call call)
    {
        string separator = call.ArgumentCount > 0 && call.TryText(0, out string given) ? given : "";
        if (call.Input.Count == 0)
        {
            return;
        }

        var builder = new StringBuilder();
        bool any = false;
        for (int i = 0; i < call.Input.Count; i++)
        {
            FhirPathValue value = Conversion.ToSystem(call.Input[i]);
            if (value.IsNone)
            {
                continue;
            }

            if (value.Kind != FhirPathKind.String)
            {
                throw EvaluationErrors.WrongType("An item of the input of join()", "a String", value);
            }

            builder.Append(any ? separator : "").Append(value.String);
            call.Run.CheckLength(builder.Length);
            any = true;
        }

        call.Return(builder.ToString());
    }

    private static void Recode(in Call call, Func<string, string, string?> recode)
    {
        if (call.TryText(out string text) & call.TryText(0, out string format) && recode(text, format) is { } result)
        {
            call.Return(result);
        }
    }
}
