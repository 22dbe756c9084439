using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Validates resources against the specification and against profiles: cardinality, types, values, slicing, bindings, invariants,
/// references, extensions, contained resources, Bundles, narrative. It expects a tree that the reader has accepted.
/// </summary>
/// <remarks>
/// Safe to share between threads. Definitions are compiled when first needed and kept, profiles up to a limit; so the first
/// resource of a type costs more than the next.
/// </remarks>
public sealed class Validator
{
    private readonly TypeRules?[] _types = new TypeRules?[FhirSchema.R4.Types.Count];
    private readonly ConcurrentDictionary<string, ProfileSchema> _profiles = new();
    private readonly ConcurrentDictionary<string, StructureTree> _trees = new();
    private readonly ConcurrentDictionary<byte[], ProfileSchema> _extensions = new(Utf8Comparer.Instance);
    private readonly ConcurrentDictionary<byte[], NamedSystem> _systems = new(Utf8Comparer.Instance);
    private readonly ConcurrentDictionary<string, Result<FhirPathExpression>> _expressions = new();
    private readonly RuleParts _parts;
    private readonly TypeRulesCompiler _typeCompiler;

    public Validator(DefinitionSet definitions, TerminologyService terminology, ValidatorOptions? options = null)
    {
        Definitions = definitions;
        Terminology = terminology;
        Options = options ?? ValidatorOptions.Default;
        _parts = new RuleParts(definitions, Options);
        _typeCompiler = new TypeRulesCompiler(definitions, _parts);
    }

    public ValidatorOptions Options { get; }
    internal DefinitionSet Definitions { get; }
    internal TerminologyService Terminology { get; }

    /// <summary>Validates a resource with everything in it, against its types, the profiles it claims and those asked for.</summary>
    /// <returns>The issues in the order of the tree, at most as many as the options allow; empty when all is well.</returns>
    public IReadOnlyList<Issue> Validate(Element resource, ValidationRequest? request = null)
    {
        var run = new ValidationRun(this, resource, request ?? ValidationRequest.Default);
        try
        {
            run.Start();
        }
        catch (FhirException failure)
        {
            // Something could not be evaluated at all, such as a definition that is broken: what was found until then still counts.
            return [.. run.Findings.Issues, .. failure.Error.Issues];
        }

        return run.Findings.Issues;
    }

    /// <summary>The rules of a type. Compiling one twice at once does no harm, the results are equal.</summary>
    internal TypeRules RulesOf(TypeSchema type) =>
        Volatile.Read(ref _types[type.Id]) ?? (_types[type.Id] = _typeCompiler.Compile(type));

    /// <summary>The profile of that canonical, or null when it is not loaded or has no snapshot.</summary>
    internal ProfileSchema? Profile(string canonical)
    {
        if (_profiles.TryGetValue(canonical, out ProfileSchema? profile))
        {
            return profile;
        }

        if (Definitions.Structure(canonical) is not { } structure || ProfileCompiler.Compile(structure, this, _parts) is not { } compiled)
        {
            return null;
        }

        Bound(_profiles);
        return _profiles.GetOrAdd(canonical, compiled);
    }

    /// <summary>The snapshot of that canonical as a tree; unlike a compiled profile it may be asked for while profiles are compiled.</summary>
    internal StructureTree? Tree(string canonical)
    {
        if (_trees.TryGetValue(canonical, out StructureTree? tree))
        {
            return tree;
        }

        if (Definitions.Structure(canonical) is not { Snapshot.Count: > 0 } structure)
        {
            return null;
        }

        Bound(_trees);
        return _trees.GetOrAdd(canonical, new StructureTree(structure));
    }

    /// <summary>The definition of a type as a tree.</summary>
    internal StructureTree? TypeTree(string? name) => name is null ? null : Tree("http://hl7.org/fhir/StructureDefinition/" + name);

    /// <summary>The profile that defines an extension, or null.</summary>
    internal ProfileSchema? ExtensionProfile(ReadOnlySpan<byte> url)
    {
        var byUtf8 = _extensions.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (byUtf8.TryGetValue(url, out ProfileSchema? known))
        {
            return known;
        }

        ProfileSchema? profile = Profile(Encoding.UTF8.GetString(url));
        if (profile is not { Type.Name: "Extension" })
        {
            return null;
        }

        Bound(_extensions);
        byUtf8.TryAdd(url, profile);
        return profile;
    }

    /// <summary>What a coding names as its code system. The large ones (LOINC, SNOMED CT) are not loaded and named most, so that is remembered too.</summary>
    internal NamedSystem System(ReadOnlySpan<byte> url)
    {
        const int LongestKept = 256;
        var byUtf8 = _systems.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (byUtf8.TryGetValue(url, out NamedSystem? known))
        {
            return known;
        }

        var system = NamedSystem.Find(Encoding.UTF8.GetString(url), Definitions, Terminology);
        if (url.Length <= LongestKept)
        {
            Bound(_systems);
            byUtf8.TryAdd(url, system);
        }

        return system;
    }

    /// <summary>The constraints on the root of a type, which values of the type are checked against wherever they stand.</summary>
    internal IReadOnlyList<Constraint> RootConstraints(TypeSchema type) =>
        type.Kind != TypeKind.Backbone && Definitions.Type(type.Name) is { Snapshot: [var root, ..] } ? root.Constraints : [];

    /// <summary>A FHIRPath of a definition, compiled once.</summary>
    internal Result<FhirPathExpression> Expression(string text)
    {
        Bound(_expressions);
        return _expressions.GetOrAdd(text, static text => FhirPathExpression.Compile(text));
    }

    // Starting anew is simple, keeps the bound, and hardly ever happens.
    private void Bound<TKey, TValue>(ConcurrentDictionary<TKey, TValue> cache)
        where TKey : notnull
    {
        if (cache.Count >= Options.MaxCachedProfiles)
        {
            cache.Clear();
        }
    }

    private sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static Utf8Comparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
