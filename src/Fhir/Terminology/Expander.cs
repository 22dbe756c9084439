using System.Collections;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>A code that an expansion has reached, with the code system it was found in when that is loaded.</summary>
/// <param name="Reference">How the value set itself lists the code, when it does.</param>
internal sealed record ExpansionCandidate(string System, string Code, CodeSystemIndex? Index, int Concept, ConceptReference? Reference);

/// <summary>
/// Lists the codes of one value set: walks its includes in order and keeps what the compiled value set confirms, so that an
/// expansion and a membership question can never disagree. What is out of reach is an error, or a warning if a limited expansion
/// was asked for.
/// </summary>
/// <param name="path">The value sets that are being expanded around this one.</param>
internal sealed class Expander(SystemCatalog systems, Func<string, CompiledValueSet> compile, bool limited, IReadOnlyList<string> path)
{
    private const int MaxDepth = TerminologyOptions.MaxImportDepth;

    private readonly HashSet<(string System, string Code)> _seen = [];
    private readonly List<ExpansionCandidate> _candidates = [];
    private readonly List<string> _missing = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<ExpansionCandidate> Candidates => _candidates;

    /// <summary>Why the list is not the whole value set.</summary>
    public IEnumerable<string> Missing => _missing.Distinct();

    public IEnumerable<string> Notes => _notes.Distinct();

    public void Collect(CompiledValueSet compiled)
    {
        if (compiled.Problem is { } problem)
        {
            Miss(compiled, problem);
            return;
        }

        if (path.Contains(compiled.Canonical) || path.Count > MaxDepth)
        {
            Miss(compiled, $"it imports itself, or others too deep: {string.Join(" > ", path)} > {compiled}");
            return;
        }

        ValueSet valueSet = compiled.Definition!;

        _notes.AddRange(compiled.Notes);
        if (!valueSet.HasCompose && valueSet.ExpansionTotal > valueSet.Expansion!.Count)
        {
            Miss(compiled, $"it comes with {valueSet.Expansion.Count} of its {valueSet.ExpansionTotal} codes only");
        }

        IEnumerable<ExpansionCandidate> candidates = valueSet.HasCompose
            ? valueSet.Includes.SelectMany(set => CandidatesOf(compiled, set))
            : Stored(valueSet, null);
        foreach (ExpansionCandidate candidate in candidates)
        {
            Consider(compiled, candidate);
        }
    }

    private void Consider(CompiledValueSet compiled, ExpansionCandidate candidate)
    {
        bool ignoresCase = candidate.Index is { Definition.IsCaseSensitive: false };
        if (_seen.Contains((candidate.System, ignoresCase ? candidate.Code.ToLowerInvariant() : candidate.Code)))
        {
            return;
        }

        CodeMembership membership = compiled.Contains(candidate.System, candidate.Code);
        if (membership.IsMember)
        {
            _seen.Add((candidate.System, ignoresCase ? candidate.Code.ToLowerInvariant() : candidate.Code));
            _candidates.Add(candidate);
        }
        else if (membership.Answer == Membership.CannotSay)
        {
            Miss(compiled, membership.Reason!);
        }
    }

    private IEnumerable<ExpansionCandidate> CandidatesOf(CompiledValueSet owner, ConceptSet set)
    {
        if (set.System is null)
        {
            return Imported(owner, set);
        }

        CodeSystemIndex? index = systems.FindNearest(set.System, set.Version, out _);
        if (set.Concepts.Count > 0)
        {
            return set.Concepts.Select(concept => new ExpansionCandidate(set.System, concept.Code, index, index?.Codes.Find(concept.Code) ?? -1, concept));
        }

        return index is null ? Unlisted(owner, set) : FromTable(owner, set, index);
    }

    private List<ExpansionCandidate> Imported(CompiledValueSet owner, ConceptSet set)
    {
        if (set.ValueSets.Count == 0)
        {
            Miss(owner, owner.OtherSystems.Reason!);
            return [];
        }

        // Any one of the imports is a superset of their intersection; the membership test does the rest.
        var inner = new Expander(systems, compile, limited, [.. path, owner.Canonical]);
        CompiledValueSet imported = compile(set.ValueSets[0]);
        inner.Collect(imported);
        _missing.AddRange(inner._missing);
        _notes.AddRange(inner._notes);
        return inner._candidates;
    }

    private IEnumerable<ExpansionCandidate> FromTable(CompiledValueSet owner, ConceptSet set, CodeSystemIndex index)
    {
        if (!index.IsComplete)
        {
            Miss(owner, set.Filters.Count == 0 ? index.IncompleteReason : $"{ConceptFilters.Describe(set.System!, set.Filters[0])}: {index.IncompleteReason}");
        }

        BitArray? selected = ConceptFilters.Select(index, set.Filters, out string? reason);
        if (selected is null)
        {
            Miss(owner, reason!);
            return [];
        }

        // An incomplete system with filters confirms nothing; its doubts are one missing part, not one for each code.
        return !index.IsComplete && set.Filters.Count > 0
            ? []
            : Enumerable.Range(0, index.Count)
                .Where(concept => selected[concept])
                .Select(concept => new ExpansionCandidate(set.System!, index[concept].Code, index, concept, null));
    }

    private List<ExpansionCandidate> Unlisted(CompiledValueSet owner, ConceptSet set)
    {
        List<ExpansionCandidate> stored = [.. Stored(owner.Definition!, set.System)];
        if (stored.Count > 0)
        {
            _notes.Add($"the codes of {set.System} are those of the expansion that came with {owner.Definition!.Url}");
            return stored;
        }

        if (GrammarSystem.Find(set.System!) is { } grammar)
        {
            Miss(owner, $"{grammar.Name} of {grammar.Url} follow a grammar and cannot be listed", ErrorKind.TooCostly);
        }
        else
        {
            Miss(owner, set.Filters.Count == 0 ? $"code system {set.System} is not loaded" : $"{ConceptFilters.Describe(set.System!, set.Filters[0])}: the code system is not loaded");
        }

        return [];
    }

    private IEnumerable<ExpansionCandidate> Stored(ValueSet valueSet, string? only)
    {
        foreach (ExpansionConcept entry in valueSet.Expansion ?? [])
        {
            if (entry is { System: { } system, Code: { } code } && (only is null || system == only))
            {
                CodeSystemIndex? index = systems.Find(system);
                yield return new ExpansionCandidate(system, code, index, index?.Codes.Find(code) ?? -1, new ConceptReference(code, entry.Display, entry.Designations));
            }
        }
    }

    private void Miss(CompiledValueSet owner, string reason, ErrorKind kind = ErrorKind.Unsupported)
    {
        string message = $"Value set {owner.Canonical} cannot be expanded completely: {reason}.";
        if (!limited)
        {
            throw new FhirException(FhirError.Of(kind, kind == ErrorKind.TooCostly ? IssueType.TooCostly : IssueType.NotSupported, message));
        }

        _missing.Add(message);
    }
}
