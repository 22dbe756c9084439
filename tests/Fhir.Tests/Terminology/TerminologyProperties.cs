using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

/// <summary>Random code systems and value sets against an evaluation by plain recursion over sets.</summary>
public class TerminologyProperties
{
    private static readonly string[] Systems = ["urn:s0", "urn:s1"];

    [Fact]
    public void Membership_expansion_and_the_plain_evaluation_agree() => ForAll(world =>
    {
        foreach (ValueSet valueSet in world.ValueSets)
        {
            HashSet<(string, string)> expected = world.Evaluate(valueSet);
            CompiledValueSet compiled = world.Service.Get(valueSet.Url);
            foreach (CodeSystem system in world.CodeSystems)
            {
                foreach (string code in system.Concepts.Select(concept => concept.Code).Append("absent"))
                {
                    Assert.Equal(expected.Contains((system.Url, code)) ? Membership.Member : Membership.NotMember, compiled.Contains(system.Url, code).Answer);
                }
            }

            Expansion expansion = world.Service.Expand(valueSet.Url).Value;
            Assert.Equal(expected.Order(), expansion.Contains.Select(entry => (entry.System, entry.Code)).Order());
        }
    });

    [Fact]
    public void Pages_join_to_the_whole_expansion() => ForAll(world =>
    {
        foreach (ValueSet valueSet in world.ValueSets)
        {
            string[] whole = [.. Listed(world.Service.Expand(valueSet.Url).Value)];
            int size = 1 + (whole.Length % 4);
            IEnumerable<string> joined = Enumerable.Range(0, (whole.Length / size) + 1)
                .SelectMany(page => Listed(world.Service.Expand(valueSet.Url, new ExpansionRequest { Offset = page * size, Count = size }).Value));
            Assert.Equal(whole, joined);
        }
    });

    [Fact]
    public void A_tree_has_the_same_codes_as_the_list() => ForAll(world =>
    {
        foreach (ValueSet valueSet in world.ValueSets)
        {
            Expansion tree = world.Service.Expand(valueSet.Url, new ExpansionRequest { ExcludeNested = false }).Value;
            Assert.Equal(Listed(world.Service.Expand(valueSet.Url).Value).Order(), Flatten(tree.Contains).Order());
        }
    });

    [Fact]
    public void Subsumption_is_the_transitive_closure_of_parents() => ForAll(world =>
    {
        CodeSystem system = world.CodeSystems[0];
        foreach (Concept a in system.Concepts)
        {
            foreach (Concept b in system.Concepts)
            {
                bool above = World.IsA(system, b.Code, a.Code);
                bool below = World.IsA(system, a.Code, b.Code);
                Subsumption expected = a.Code == b.Code ? Subsumption.Equivalent : above ? Subsumption.Subsumes : below ? Subsumption.SubsumedBy : Subsumption.NotSubsumed;
                Assert.Equal(expected, world.Service.Subsumes(system.Url, a.Code, b.Code).Value);
            }
        }
    });

    private static void ForAll(Action<World> check) =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => check(new World(new System.Random(seed)))).Check(RandomCases.Of(100));

    private static IEnumerable<string> Listed(Expansion expansion) => expansion.Contains.Select(entry => $"{entry.System}#{entry.Code}");

    private static IEnumerable<string> Flatten(IEnumerable<ExpansionEntry> entries) =>
        entries.SelectMany(entry => Flatten(entry.Contains).Prepend($"{entry.System}#{entry.Code}"));

    /// <summary>Two code systems with random hierarchies and a chain of value sets that may import those before them.</summary>
    private sealed class World
    {
        private readonly System.Random _random;

        public World(System.Random random)
        {
            _random = random;
            CodeSystems = [.. Systems.Select(NewSystem)];
            var sets = new List<ValueSet>();
            for (int i = 0; i < 4; i++)
            {
                ConceptSet[] excludes = _random.Next(2) == 0 ? [] : [NewConceptSet(sets)];
                sets.Add(Set($"urn:vs{i}", [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => NewConceptSet(sets))]).Without(excludes));
            }

            ValueSets = sets;
            Service = Service([.. CodeSystems, .. ValueSets]);
        }

        public IReadOnlyList<CodeSystem> CodeSystems { get; }

        public IReadOnlyList<ValueSet> ValueSets { get; }

        public TerminologyService Service { get; }

        public HashSet<(string System, string Code)> Evaluate(ValueSet valueSet)
        {
            HashSet<(string, string)> codes = [.. valueSet.Includes.SelectMany(Evaluate)];
            codes.ExceptWith(valueSet.Excludes.SelectMany(Evaluate));
            return codes;
        }

        public static bool IsA(CodeSystem system, string code, string ancestor) =>
            code == ancestor || ParentsOf(system, code).Any(parent => IsA(system, parent, ancestor));

        private HashSet<(string, string)> Evaluate(ConceptSet set)
        {
            HashSet<(string, string)>? codes = null;
            if (set.System is not null)
            {
                CodeSystem system = CodeSystems.First(system => system.Url == set.System);
                IEnumerable<string> selected = set.Concepts.Count > 0
                    ? set.Concepts.Select(concept => concept.Code)
                    : system.Concepts.Select(concept => concept.Code).Where(code => set.Filters.All(filter => Passes(system, code, filter)));
                codes = [.. selected.Select(code => (set.System, code))];
            }

            foreach (string imported in set.ValueSets)
            {
                HashSet<(string, string)> other = Evaluate(ValueSets.First(candidate => candidate.Url == imported));
                codes = codes is null ? other : [.. codes.Intersect(other)];
            }

            return codes!;
        }

        private static bool Passes(CodeSystem system, string code, ConceptFilter filter) => filter.Operator switch
        {
            "is-a" => IsA(system, code, filter.Value),
            "descendent-of" => code != filter.Value && IsA(system, code, filter.Value),
            "is-not-a" => !IsA(system, code, filter.Value),
            "generalizes" => IsA(system, filter.Value, code),
            "in" => filter.Value.Split(',').Contains(code),
            "not-in" => !filter.Value.Split(',').Contains(code),
            _ => throw new UnreachableException(filter.Operator),
        };

        private static IEnumerable<string> ParentsOf(CodeSystem system, string code)
        {
            Concept concept = system.Concepts.First(candidate => candidate.Code == code);
            IEnumerable<string> parents = concept.Properties.Where(property => property.Code == "parent").Select(property => property.Value);
            return concept.Parent < 0 ? parents : parents.Append(system.Concepts[concept.Parent].Code);
        }

        // A parent always stands before its child, so that the hierarchy has no circle and the plain recursion ends.
        private CodeSystem NewSystem(string url) => new()
        {
            Url = url,
            Content = CodeSystemContent.Complete,
            Concepts = [.. Enumerable.Range(0, _random.Next(1, 12)).Select(i => new Concept($"c{i}", null, null, _random.Next(-1, i))
            {
                Properties = i > 0 && _random.Next(3) == 0 ? [Code("parent", $"c{_random.Next(i)}")] : [],
            })],
        };

        private ConceptSet NewConceptSet(List<ValueSet> before)
        {
            string[] imports = [.. before.Where(_ => _random.Next(4) == 0).Select(set => set.Url)];
            CodeSystem system = CodeSystems[_random.Next(CodeSystems.Count)];
            ConceptSet own = _random.Next(4) switch
            {
                0 when imports.Length > 0 => new ConceptSet(null, null, [], [], []),
                1 => Codes(system.Url, [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => RandomCode(system))]),
                2 => All(system.Url),
                _ => new ConceptSet(system.Url, null, [], [.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => NewFilter(system))], []),
            };
            return own.And(imports);
        }

        private ConceptFilter NewFilter(CodeSystem system)
        {
            string op = new[] { "is-a", "descendent-of", "is-not-a", "generalizes", "in", "not-in" }[_random.Next(6)];
            return new ConceptFilter("concept", op, op is "in" or "not-in" ? $"{RandomCode(system)},{RandomCode(system)}" : RandomCode(system));
        }

        private string RandomCode(CodeSystem system) => system.Concepts[_random.Next(system.Concepts.Count)].Code;
    }
}
