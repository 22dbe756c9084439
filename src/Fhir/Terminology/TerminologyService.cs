using System.Collections.Concurrent;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// Terminology over the loaded definitions: which codes a value set holds, what a code means, how codes map and subsume. What lies
/// beyond them (SNOMED CT, LOINC, RxNorm, ...) is reported as out of reach, never guessed.
/// </summary>
/// <remarks>Safe to share between threads. Value sets are compiled when first asked for and kept, up to a limit.</remarks>
public sealed partial class TerminologyService
{
    private readonly DefinitionSet _definitions;
    private readonly TerminologyOptions _options;
    private readonly SystemCatalog _systems;
    private readonly ConcurrentDictionary<string, CompiledValueSet> _compiled = new();

    public TerminologyService(DefinitionSet definitions, TerminologyOptions? options = null)
    {
        _definitions = definitions;
        _options = options ?? TerminologyOptions.Default;
        _systems = new SystemCatalog(definitions);
    }

    /// <summary>The value set of that canonical, ready for membership questions. One that is not loaded answers CannotSay to everything.</summary>
    public CompiledValueSet Get(string canonical) =>
        _compiled.TryGetValue(canonical, out CompiledValueSet? compiled) ? compiled : Compile(canonical, []);

    /// <summary>Whether a code is in a value set. Allocates nothing once the value set has been asked for.</summary>
    public CodeMembership Contains(string valueSetCanonical, ReadOnlySpan<byte> system, ReadOnlySpan<byte> code) =>
        Get(valueSetCanonical).Contains(system, code);

    /// <summary>Whether codes of that system can be told from others: its definition or its grammar is at hand.</summary>
    public bool Knows(string system) => _systems.Find(system) is not null || GrammarSystem.Find(system) is not null;

    /// <summary>The code system of that url, indexed; null when it is not loaded.</summary>
    internal CodeSystemIndex? System(string url, string? version = null) => _systems.Find(url, version);

    private CompiledValueSet Compile(string canonical, IReadOnlyList<string> path)
    {
        if (path.Contains(canonical))
        {
            return ValueSetCompiler.Unknown(canonical, null, $"value set {canonical} imports itself: {string.Join(" > ", path)} > {canonical}");
        }

        if (path.Count > TerminologyOptions.MaxImportDepth)
        {
            return ValueSetCompiler.Unknown(canonical, null, $"value sets import each other more than {TerminologyOptions.MaxImportDepth} deep at {canonical}");
        }

        if (_compiled.TryGetValue(canonical, out CompiledValueSet? known))
        {
            return known;
        }

        if (FindValueSet(canonical) is not { } valueSet)
        {
            // Not kept: anybody may ask for any name.
            return ValueSetCompiler.Unknown(canonical, null, $"value set {canonical} is not loaded");
        }

        CompiledValueSet compiled = new ValueSetCompiler(_systems, Compile, [.. path, canonical]).Compile(canonical, valueSet);
        if (_compiled.Count >= _options.MaxCompiledValueSets)
        {
            _compiled.Clear();
        }

        return _compiled.GetOrAdd(canonical, compiled);
    }

    private ValueSet? FindValueSet(string canonical) => _definitions.ValueSet(canonical) ?? ImplicitValueSets.Find(canonical, _definitions);
}
