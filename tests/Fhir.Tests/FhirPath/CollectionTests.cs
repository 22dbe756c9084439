using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class CollectionTests
{
    public static TheoryData<string, string> Existence => Cases.Table("""
        {}.empty() => {true}
        1.empty() => {false}
        {}.exists() => {false}
        (1 | 2).exists($this > 1) => {true}
        (1 | 2).exists($this > 2) => {false}
        (1 | 2).all($this > 0) => {true}
        (1 | 2).all($this > 1) => {false}
        {}.all(false) => {true}
        (true | false).allTrue() => {false}
        {}.allTrue() => {true}
        (true | false).anyTrue() => {true}
        {}.anyTrue() => {false}
        false.allFalse() => {true}
        (true | false).anyFalse() => {true}
        ('a' | true).anyTrue() => error
        (1 | 2).subsetOf(1 | 2 | 3) => {true}
        (1 | 4).subsetOf(1 | 2 | 3) => {false}
        {}.subsetOf(1) => {true}
        (1 | 2 | 3).supersetOf(1 | 2) => {true}
        1.supersetOf({}) => {true}
        (1 | 2 | 3).count() => {3}
        {}.count() => {0}
        1.combine(1).distinct() => {1}
        1.combine(1).isDistinct() => {false}
        {}.isDistinct() => {true}
        {}.not() => {}
        true.not() => {false}
        (1).not() => {false}
        (true | false).not() => error
        """);

    public static TheoryData<string, string> Selecting => Cases.Table("""
        (1 | 2 | 3).where($this > 1) => {2, 3}
        (1 | 2 | 3).where($index = 1) => {2}
        (1 | 2 | 3).where({}) => {}
        (1 | 2).select($this * 2) => {2, 4}
        (1 | 2).select({}) => {}
        ('ab' | 'c').select($this.toChars()) => {'a', 'b', 'c'}
        1.repeat(iif($this < 4, $this + 1, {})) => {2, 3, 4}
        (1 | 2).repeat(1) => {1}
        1.repeatAll(iif($this < 3, $this + 1, {})) => {2, 3}
        (1 | 2 | 3)[0] => {1}
        (1 | 2 | 3)[3] => {}
        (1 | 2 | 3)[-1] => {}
        (1 | 2)['a'] => error
        (1 | 2 | 3).first() => {1}
        (1 | 2 | 3).last() => {3}
        (1 | 2 | 3).tail() => {2, 3}
        (1 | 2 | 3).skip(2) => {3}
        (1 | 2 | 3).skip(-1) => {1, 2, 3}
        (1 | 2 | 3).take(2) => {1, 2}
        (1 | 2 | 3).take(0) => {}
        {}.first() => {}
        (1 | 2).single() => error
        {}.single() => {}
        1.single() => {1}
        1.combine(2).combine(2).intersect(2 | 3) => {2}
        1.combine(2).combine(2).exclude(1) => {2, 2}
        1.combine(1).union(2) => {1, 2}
        1 | 1 | 2 => {1, 2}
        {} | {} => {}
        1 | 1.0 => {1}
        1.combine(1) => {1, 1}
        {}.coalesce({}, 2, 3) => {2}
        coalesce({}, {}) => {}
        (1 | 2 | 3).aggregate($this + $total, 0) => {6}
        (1 | 2 | 3).aggregate($total | $this) => {1, 2, 3}
        (1 | 2 | 3).aggregate(iif($total.empty(), $this, iif($this > $total, $this, $total))) => {3}
        {}.aggregate($this, 5) => {5}
        (3 | 1 | 2).sort() => {1, 2, 3}
        (3 | 1 | 2).sort($this desc) => {3, 2, 1}
        (3 | 1 | 2).sort(-$this) => {3, 2, 1}
        ('b' | 'A' | 'a').sort() => {'A', 'a', 'b'}
        ('bb' | 'a' | 'cc').sort($this.length() desc, $this asc) => {'bb', 'cc', 'a'}
        (1 | 'a').sort() => error
        (@2012-03 | @2012 | @2012-01-05 | @2011 | @2012-02).sort().count() => {5}
        (5 | 3 | 9 | 1 | 7 | 2 | 8).sort() => {1, 2, 3, 5, 7, 8, 9}
        iif(true, 1, 2) => {1}
        iif(false, 1) => {}
        iif({}, 1, 2) => {2}
        iif(true, 1, 1 div 'a') => {1}
        iif(1 | 2, 1, 2) => error
        5.iif($this > 3, 'big', 'small') => {'big'}
        (1 | 2).iif(true, 1) => error
        """);

    public static TheoryData<string, string> Variables => Cases.Table("""
        1.defineVariable('x').select(%x + 1) => {2}
        1.defineVariable('x', 5).select(%x + $this) => {6}
        (1 | 2 | 3).defineVariable('all').select($this = %all.last()) => {false, false, true}
        (1 | 2).defineVariable('n', first()).select(%n) => {1, 1}
        (1 | 2).select(defineVariable('x', $this * 10).select(%x)) => {10, 20}
        defineVariable('a', 1).defineVariable('b', %a + 1).select(%b) => {}
        1.defineVariable('a', 1).defineVariable('b', %a + 1).select(%b) => {2}
        1.defineVariable('a').select(1).defineVariable('a') => error
        1.defineVariable('ucum', 2) => error
        1.defineVariable('x', 1) | %x => error
        1.defineVariable(1) => error
        %nothing => error
        %ucum => {'http://unitsofmeasure.org'}
        %`vs-x` => {'http://hl7.org/fhir/ValueSet/x'}
        %'ext-y' => {'http://hl7.org/fhir/StructureDefinition/y'}
        1.trace('t') => {1}
        (1 | 2).select($this + $index) => {1, 3}
        $index => {}
        $total => {}
        """);

    public static TheoryData<string, string> Boolean => Cases.Table("""
        true and true => {true}
        true and {} => {}
        {} and false => {false}
        false and (1 | 2) => {false}
        true or (1 | 2) => {true}
        {} or true => {true}
        {} or false => {}
        true xor true => {false}
        true xor {} => {}
        true implies false => {false}
        false implies {} => {true}
        {} implies true => {true}
        {} implies false => {}
        true implies {} => {}
        'a' and true => {true}
        1 in (1 | 2) => {true}
        {} in (1 | 2) => {}
        1 in {} => {false}
        (1 | 2) in (1 | 2) => error
        (1 | 2) contains 2 => {true}
        {} contains 1 => {false}
        (1 | 2) contains {} => {}
        true or false and false => {true}
        false implies false implies false => {false}
        1 = 1 and 2 = 2 => {true}
        """);

    [Theory]
    [MemberData(nameof(Existence))]
    [MemberData(nameof(Selecting))]
    [MemberData(nameof(Variables))]
    [MemberData(nameof(Boolean))]
    public void Collections(string expression, string expected) => Assert.Equal(expected, Cases.Evaluate(expression));

    [Fact]
    public void A_trace_reaches_the_context()
    {
        var traced = new List<string>();
        var context = new HealthChain.Fhir.FhirPath.EvaluationContext { Trace = (name, items) => traced.Add($"{name} {Cases.Show(items)}") };

        string result = Cases.Evaluate("(1 | 2).trace('t', $this * 10).count()", context: context);

        Assert.Equal("{2}", result);
        Assert.Equal(["t {10, 20}"], traced);
    }

    [Fact]
    public void Distinct_items_of_a_long_list_are_found_by_their_hash()
    {
        string numbers = string.Join(" | ", Enumerable.Range(0, 60).Select(n => $"{n % 20}.{n % 3}0"));

        Assert.Equal("{60}", Cases.Evaluate($"({numbers}).count()"));
        Assert.Equal("{60}", Cases.Evaluate($"({numbers}).combine({numbers}).distinct().count()"));
    }
}
