using HealthChain.Fhir;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Conformance.Terminology;

/// <summary>Compares expansions as sets of codes and tells each value set's case.</summary>
public static class Comparison
{
    private const int CodesShown = 6;

    /// <param name="known">Differences with their reasons; null to count differences only.</param>
    /// <returns>The number of differences that nobody has explained.</returns>
    public static int Report(string title, IReadOnlyList<PublishedExpansion> published, TerminologyService service, IReadOnlyDictionary<string, string>? known)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        int unexplained = 0;
        Console.WriteLine($"== {title}");
        foreach (PublishedExpansion expansion in published)
        {
            (string outcome, string detail) = Compare(expansion, service.Expand(expansion.Url, new ExpansionRequest { Count = int.MaxValue / 2 }), service);
            if (outcome == "different" && known is not null)
            {
                bool isKnown = known.TryGetValue(expansion.Url, out string? reason);
                outcome = isKnown ? "different, explained" : "different, UNEXPLAINED";
                unexplained += isKnown ? 0 : 1;
                Console.WriteLine($"{outcome}: {expansion.Url}: {detail}{(isKnown ? $" ({reason})" : "")}");
            }
            else if (detail.Length > 0)
            {
                Console.WriteLine($"{outcome}: {expansion.Url}: {detail}");
            }

            counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
        }

        Console.WriteLine($"{published.Count} value sets: {string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}"))}");
        return unexplained;
    }

    private static (string Outcome, string Detail) Compare(PublishedExpansion published, Result<Expansion> ours, TerminologyService service)
    {
        if (!ours.IsOk)
        {
            // What cannot be listed can often still be asked: no published code may be refused.
            CompiledValueSet valueSet = service.Get(published.Url);
            string[] refused = [.. published.Codes.Where(code => valueSet.Contains(code.System, code.Code).Answer == Membership.NotMember).Select(code => code.Code)];
            string reason = ours.Error.Issues[0].Message;
            return refused.Length == 0 ? ("out of reach", reason) : ("different", $"refuses {Show(refused)}; {reason}");
        }

        HashSet<(string System, string Code)> codes = [.. ours.Value.Contains.Select(entry => (entry.System, entry.Code))];
        string[] missing = [.. published.Codes.Except(codes).Select(code => code.Code)];
        string[] more = [.. codes.Except(published.Codes).Select(code => code.Code)];
        HashSet<string> groupings = [.. ours.Value.Contains.Where(entry => entry.IsAbstract).Select(entry => entry.Code)];
        string[] concrete = [.. more.Where(code => !groupings.Contains(code))];
        return missing.Length == 0 && more.Length == 0 ? ("equal", "")
            : missing.Length == 0 && concrete.Length == 0 ? ("equal but for abstract codes, which HL7 left out", "")
            : missing.Length == 0 && published.IsPartial ? ("more than HL7's partial expansion", "")
            : ("different", $"HL7 has {published.Codes.Count} codes, we have {codes.Count - more.Length + concrete.Length} and {more.Length - concrete.Length} abstract ones; missing {Show(missing)}; more {Show(concrete)}");
    }

    private static string Show(string[] codes) =>
        $"{codes.Length}{(codes.Length == 0 ? "" : $" [{string.Join(" ", codes.Take(CodesShown))}{(codes.Length > CodesShown ? " ..." : "")}]")}";
}
