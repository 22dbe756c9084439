using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// Regular expressions of expressions. They run on the engine that takes linear time; those it cannot do (look-around, back
/// references) run on the other one, and both under a time limit.
/// </summary>
internal static class Patterns
{
    private const int MostCached = 1000;

    private static readonly ConcurrentDictionary<(string Pattern, bool Full, TimeSpan Timeout), Regex> Cache = new();

    public static bool IsMatch(Evaluation run, ReadOnlySpan<char> text, string pattern, bool full)
    {
        try
        {
            return Get(run, pattern, full).IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            throw TooSlow(run, pattern);
        }
    }

    public static string Replace(Evaluation run, string text, string pattern, string substitution)
    {
        try
        {
            // By hand, so that a result without bounds is noticed while it grows.
            int groups = substitution.AsSpan().Count('$');
            run.CheckLength(substitution.Length + ((long)groups * text.Length));
            var builder = new StringBuilder();
            int end = 0;
            for (Match match = Get(run, pattern, full: false).Match(text); match.Success; match = match.NextMatch())
            {
                builder.Append(text, end, match.Index - end).Append(match.Result(substitution));
                end = match.Index + match.Length;
                run.Charge(1);
                run.CheckLength(builder.Length);
            }

            return builder.Append(text, end, text.Length - end).ToString();
        }
        catch (RegexMatchTimeoutException)
        {
            throw TooSlow(run, pattern);
        }
    }

    private static Regex Get(Evaluation run, string pattern, bool full)
    {
        TimeSpan timeout = run.Limits.RegexTimeout;
        if (Cache.TryGetValue((pattern, full, timeout), out Regex? regex))
        {
            return regex;
        }

        regex = Create(full ? $@"\A(?:{pattern})\z" : pattern, pattern, timeout);
        if (Cache.Count < MostCached)
        {
            Cache.TryAdd((pattern, full, timeout), regex);
        }

        return regex;
    }

    private static Regex Create(string text, string pattern, TimeSpan timeout)
    {
        // "The dot matches any character, line ends included": single-line mode.
        const RegexOptions Options = RegexOptions.Singleline | RegexOptions.CultureInvariant;
        try
        {
            return new Regex(text, Options | RegexOptions.NonBacktracking, timeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(text, Options, timeout);
        }
        catch (ArgumentException e)
        {
            throw EvaluationErrors.Of($"'{pattern}' is not a regular expression: {e.Message}");
        }
    }

    private static FhirException TooSlow(Evaluation run, string pattern) =>
        EvaluationErrors.TooCostly($"Matching '{pattern}' took longer than {run.Limits.RegexTimeout.TotalMilliseconds} ms");
}
