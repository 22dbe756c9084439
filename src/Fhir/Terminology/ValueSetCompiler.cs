using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// Turns the content of a value set into membership rules per code system (R4, ValueSet.compose): the union of its includes
/// without its excludes; within one include everything must hold. One compiler compiles one value set; <paramref name="path"/> are
/// the value sets that are being compiled around it.
/// </summary>
internal sealed class ValueSetCompiler(SystemCatalog systems, Func<string, IReadOnlyList<string>, CompiledValueSet> import, IReadOnlyList<string> path)
{
    // Far above what any published value set needs; below it an answer stays within microseconds.
    private const long MaxCost = 10_000;

    private readonly List<string> _notes = [];

    public CompiledValueSet Compile(string canonical, ValueSet valueSet)
    {
        if (!valueSet.HasCompose)
        {
            return CompileExpansion(canonical, valueSet);
        }

        var included = new Side();
        var excluded = new Side();
        foreach (ConceptSet set in valueSet.Includes)
        {
            Add(valueSet, set, included);
        }

        foreach (ConceptSet set in valueSet.Excludes)
        {
            Add(valueSet, set, excluded);
        }

        var rules = new Dictionary<string, CodeRule>();
        foreach (string system in included.Systems.Union(excluded.Systems))
        {
            CodeRule rule = included.Rule(system);
            rules[system] = excluded.Has(system) ? CodeRule.Except(rule, excluded.Rule(system)) : rule;
            if (rules[system].Cost > MaxCost)
            {
                return Unknown(canonical, valueSet, $"value set {canonical} is composed of more than {MaxCost} parts");
            }
        }

        return new CompiledValueSet(canonical, valueSet, rules, included.Others.And(excluded.Others.Not()), _notes);
    }

    /// <summary>For a value set that is not there or cannot be compiled: the same doubt about every code.</summary>
    public static CompiledValueSet Unknown(string canonical, ValueSet? valueSet, string reason) =>
        new(canonical, valueSet, new Dictionary<string, CodeRule>(), CodeMembership.CannotSay(reason), []) { Problem = reason };

    private static CompiledValueSet CompileExpansion(string canonical, ValueSet valueSet)
    {
        if (valueSet.Expansion is not { } expansion)
        {
            return Unknown(canonical, valueSet, $"value set {canonical} has neither a definition of its content nor an expansion");
        }

        CodeMembership absent = valueSet.ExpansionTotal > expansion.Count
            ? CodeMembership.CannotSay($"value set {canonical} holds only a part of its expansion")
            : CodeMembership.NotMember;
        Dictionary<string, CodeRule> rules = expansion
            .Where(entry => entry is { System: not null, Code: not null })
            .GroupBy(entry => entry.System!)
            .ToDictionary(group => group.Key, group => (CodeRule)new CodeRule.InTable(new CodeTable([.. group.Select(entry => entry.Code!)]), null, absent));
        return new CompiledValueSet(canonical, valueSet, rules, absent, []);
    }

    private void Add(ValueSet owner, ConceptSet set, Side side)
    {
        CompiledValueSet[] imports = [.. set.ValueSets.Select(canonical => import(canonical, path))];
        _notes.AddRange(imports.SelectMany(imported => imported.Notes));
        if (set.System is { } system)
        {
            CodeRule rule = RuleFor(owner, set, system);
            side.Add(system, imports.Aggregate(rule, (rule, imported) => CodeRule.Both(rule, imported.RuleFor(system))));
            return;
        }

        if (imports.Length == 0)
        {
            side.AddOthers(CodeMembership.CannotSay($"value set {owner.Url} has an include that names neither a system nor a value set"));
            return;
        }

        foreach (string imported in imports.SelectMany(value => value.Systems).Distinct())
        {
            side.Add(imported, imports.Select(value => value.RuleFor(imported)).Aggregate(CodeRule.Both));
        }

        side.AddOthers(imports.Select(value => value.OtherSystems).Aggregate((left, right) => left.And(right)));
    }

    private CodeRule RuleFor(ValueSet owner, ConceptSet set, string system)
    {
        CodeSystemIndex? index = systems.FindNearest(system, set.Version, out string? note);
        CodeRule rule = set.Concepts.Count > 0
            ? new CodeRule.InTable(new CodeTable([.. set.Concepts.Select(concept => concept.Code)], index?.Definition.IsCaseSensitive ?? true), null, CodeMembership.NotMember)
            : index is not null ? RuleOverTable(index, set.Filters, note)
            : RuleWithoutTable(owner, set, system);
        if (note is not null && set.Concepts.Count == 0)
        {
            _notes.Add(note);
        }

        return owner.IncludesInactive == false && index is not null
            ? CodeRule.Except(rule, new CodeRule.InTable(index.Codes, index.Inactive, CodeMembership.NotMember))
            : rule;
    }

    private static CodeRule RuleOverTable(CodeSystemIndex index, IReadOnlyList<ConceptFilter> filters, string? note)
    {
        CodeMembership absent = !index.IsComplete ? CodeMembership.CannotSay(index.IncompleteReason)
            : note is not null ? CodeMembership.CannotSay(note)
            : CodeMembership.NotMember;
        if (filters.Count == 0)
        {
            return new CodeRule.InTable(index.Codes, null, absent);
        }

        // A part of a code system may lack the links that a filter walks along: it cannot even confirm what it has.
        if (!index.IsComplete)
        {
            return new CodeRule.Constant(CodeMembership.CannotSay($"{ConceptFilters.Describe(index.Definition.Url, filters[0])}: {index.IncompleteReason}"));
        }

        return ConceptFilters.Select(index, filters, out string? reason) is { } selected
            ? new CodeRule.InTable(index.Codes, selected, absent)
            : new CodeRule.Constant(CodeMembership.CannotSay(reason!));
    }

    private static CodeRule RuleWithoutTable(ValueSet owner, ConceptSet set, string system)
    {
        if (GrammarSystem.Find(system) is { } grammar)
        {
            return set.Filters.Aggregate(
                (CodeRule)new CodeRule.ByGrammar(grammar),
                (rule, filter) => CodeRule.Both(rule, grammar.Filter(filter) ?? new CodeRule.Constant(NotLoaded(system, set.Filters))));
        }

        // An expansion that came with the value set can confirm what it lists; it may be a part only, so it cannot refuse.
        CodeMembership unknown = NotLoaded(system, set.Filters);
        string[] listed = [.. (owner.Expansion ?? []).Where(entry => entry.System == system && entry.Code is not null).Select(entry => entry.Code!)];
        return listed.Length > 0 ? new CodeRule.InTable(new CodeTable(listed), null, unknown) : new CodeRule.Constant(unknown);
    }

    private static CodeMembership NotLoaded(string system, IReadOnlyList<ConceptFilter> filters) => CodeMembership.CannotSay(
        filters.Count == 0 ? $"code system {system} is not loaded" : $"{ConceptFilters.Describe(system, filters[0])}: the code system is not loaded");

    /// <summary>The includes or the excludes: rules by code system, and what holds for every other system.</summary>
    private sealed class Side
    {
        private readonly Dictionary<string, List<CodeRule>> _rules = [];

        public CodeMembership Others { get; private set; } = CodeMembership.NotMember;

        public IEnumerable<string> Systems => _rules.Keys;

        public bool Has(string system) => _rules.ContainsKey(system) || Others.Answer != Membership.NotMember;

        public CodeRule Rule(string system)
        {
            List<CodeRule> rules = [.. _rules.GetValueOrDefault(system) ?? []];
            if (rules.Count == 0 || Others.Answer != Membership.NotMember)
            {
                rules.Add(new CodeRule.Constant(Others));
            }

            return CodeRule.Any(rules);
        }

        public void Add(string system, CodeRule rule)
        {
            if (!_rules.TryGetValue(system, out List<CodeRule>? rules))
            {
                _rules[system] = rules = [];
            }

            rules.Add(rule);
        }

        public void AddOthers(CodeMembership answer) => Others = Others.Or(answer);
    }
}
