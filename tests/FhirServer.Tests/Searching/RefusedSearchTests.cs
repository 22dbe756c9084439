using HealthChain.Fhir;
using HealthChain.FhirServer.Searching;
using Xunit;

namespace HealthChain.FhirServer.Tests.Searching;

public sealed class RefusedSearchTests
{
    [Theory]
    [InlineData("Patient?nme=a", "nme")]
    [InlineData("Patient?_foo=a", "_foo")]
    [InlineData("Patient?name=", "name")]
    [InlineData("Patient?_text=", "_text")]
    [InlineData("Observation?subject.foo=a", "foo")]
    [InlineData("Observation?subject:Patient.foo=a", "foo")]
    [InlineData("Observation?foo.name=a", "foo")]
    [InlineData("Observation?subject:Patient.organization.foo=a", "foo")]
    [InlineData("Patient?_has:Observation:foo:code=1", "foo")]
    [InlineData("Patient?_has:Observation:patient:foo=1", "foo")]
    [InlineData("?name=a", "name")]
    [InlineData("?_type=Patient,Observation&name=a", "name")]
    [InlineData("Patient?_sort=foo", "foo")]
    [InlineData("Patient?_sort=-foo,foo2", "foo")]
    [InlineData("?_type=Observation,Patient&_sort=status", "status")]
    [InlineData("Patient?_elements=foo", "foo")]
    [InlineData("Patient?_include=Patient:foo", "foo")]
    [InlineData("Patient?_revinclude=Observation:foo", "foo")]
    public void An_unknown_parameter_is_reported_or_under_strict_handling_refused(string url, string named)
    {
        Result<SearchPlan> lenient = Searches.Read(url);
        Assert.True(lenient.IsOk, lenient.Error?.ToString());
        Assert.Contains(lenient.Value.Ignored, issue => issue.Severity == IssueSeverity.Warning && issue.Message.Contains(named, StringComparison.Ordinal));
        Assert.DoesNotContain(lenient.Value.Used, used => used.Name != "_type");

        Result<SearchPlan> strict = Searches.Read(url, SearchHandling.Strict);
        Assert.Contains(named, strict.Error?.Issues[0].Message, StringComparison.Ordinal);
        Assert.Null(strict.Error!.Issues[0].Key);
    }

    [Theory]
    [InlineData("Patient?name:foo=a", "':foo'")]
    [InlineData("Patient?gender:exact=a", "':exact'")]
    [InlineData("Patient?name:not=a", "':not'")]
    [InlineData("Patient?birthdate=yesterday", "'birthdate'")]
    [InlineData("Patient?birthdate:missing=maybe", "true or false")]
    [InlineData("Patient?birthdate:missing=true,false", "either true or false")]
    [InlineData("RiskAssessment?probability=x", "'probability'")]
    [InlineData("Observation?value-quantity=5|a", "'value-quantity'")]
    [InlineData("Observation?subject:Practitioner=1", "cannot point at Practitioner")]
    [InlineData("Observation?subject:Practitioner.name=1", "cannot point at Practitioner")]
    [InlineData("Observation?subject:Foo.name=1", "'Foo'")]
    [InlineData("Observation?code.name=1", "not a reference")]
    [InlineData("Observation?subject:Patient.birthdate=x", "'birthdate'")]
    [InlineData("Observation?subject..name=1", "empty step")]
    [InlineData("Observation?.name=1", "empty step")]
    [InlineData("Observation?=1", "empty step")]
    [InlineData("Patient?_has:Observation:patient=1", "lacks what to look for")]
    [InlineData("Patient?_has:Observation=1", "_has:Type:reference:parameter")]
    [InlineData("Patient?_has=1", "_has:Type")]
    [InlineData("Patient?_has:Foo:patient:code=1", "'Foo'")]
    [InlineData("Patient?_has:Observation:code:code=1", "needs a reference")]
    [InlineData("Practitioner?_has:Observation:patient:code=1", "cannot point at Practitioner")]
    [InlineData("Patient?_list=$current-problems", "$current-problems")]
    [InlineData("Patient?_query=mine", "mine")]
    [InlineData("Patient?_text:exact=a", "takes no modifier")]
    [InlineData("Patient?_text=...", "no word")]
    [InlineData("?_type=Foo", "'Foo'")]
    [InlineData("Patient?_type=Observation", "_type")]
    [InlineData("Patient/1/Medication?", "Medication is never in the compartment")]
    [InlineData("Foo/1/Patient?", "compartment of a Foo")]
    [InlineData("Patient?gender:in=http://nowhere/vs", "http://nowhere/vs")]
    [InlineData("Observation?code:in=http://hl7.org/fhir/ValueSet/observation-codes", "http://hl7.org/fhir/ValueSet/observation-codes")]
    [InlineData("Observation?code:below=1234", "system|code")]
    [InlineData("Observation?code:below=http://nowhere|1234", "http://nowhere")]
    [InlineData("Patient?_count=-1", "'_count'")]
    [InlineData("Patient?_count=ten", "'_count'")]
    [InlineData("Patient?_count=1&_count=2", "twice")]
    [InlineData("Patient?_count:exact=1", "takes no modifier")]
    [InlineData("Patient?_total=all", "none, estimate, accurate")]
    [InlineData("Patient?_summary=TRUE", "'_summary'")]
    [InlineData("Patient?_summary=true&_summary=data", "twice")]
    [InlineData("Patient?_contained=maybe", "'_contained'")]
    [InlineData("Patient?_containedType=maybe", "'_containedType'")]
    [InlineData("Observation?_sort=code-value-quantity", "composite")]
    [InlineData("Location?_sort=near", "special")]
    [InlineData("Patient?_include=Patient", "Source:parameter")]
    [InlineData("Patient?_include=Foo:bar", "'Foo'")]
    [InlineData("Patient?_include=Patient:name", "follows references")]
    [InlineData("Patient?_include=Patient:organization:Foo", "'Foo'")]
    [InlineData("Patient?_include=Patient:organization:Patient", "cannot point at Patient")]
    [InlineData("Patient?_include:exact=Patient:organization", "':exact'")]
    [InlineData("Patient?_include=a:b:c:d", "Source:parameter")]
    public void A_senseless_search_is_refused_whatever_the_handling(string url, string named)
    {
        foreach (SearchHandling handling in Enum.GetValues<SearchHandling>())
        {
            Result<SearchPlan> plan = Searches.Read(url, handling);
            Assert.Contains(named, plan.Error?.ToString() ?? "", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Patient?name=a&name=b&name=c&name=d", "parameters")]
    [InlineData("Patient?link:Patient.link:Patient.link:Patient.name=a", "more than 2 resources")]
    [InlineData("Patient?_has:Patient:link:_has:Patient:link:_has:Patient:link:name=a", "more than 2 resources")]
    [InlineData("Patient?name=a,b,c,d", "alternatives")]
    [InlineData("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "4 codes")]
    [InlineData("Patient?_include=Patient:organization&_include=Patient:link", "_include")]
    [InlineData("Patient?_sort=name,family", "_sort")]
    [InlineData("Patient?_filter=((name eq a))", "deep")]
    [InlineData("Patient?_filter=name eq a or name eq b or name eq c", "comparisons")]
    public void Beyond_a_limit_a_search_is_too_costly(string url, string named)
    {
        var limits = new SearchLimits
        {
            MaxParameters = 3,
            MaxChainDepth = 2,
            MaxAlternatives = 3,
            MaxIncludes = 1,
            MaxSortKeys = 1,
            MaxFilterDepth = 2,
            MaxFilterTerms = 2,
        };
        FhirError? error = Searches.Read(url, limits: limits).Error;
        Assert.Equal(ErrorKind.TooCostly, error?.Kind);
        Assert.Contains(named, error!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_that_branches_at_every_step_is_too_costly()
    {
        FhirError? error = Searches.Read("Composition?subject.subject.subject.subject.subject.subject.subject._id=1").Error;
        Assert.Equal(ErrorKind.TooCostly, error?.Kind);
        Assert.Contains("conditions", error!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_value_is_refused()
    {
        string name = new('a', Searches.Limits.MaxValueLength + 1);
        Assert.Equal(ErrorKind.TooCostly, Searches.Read("Patient?name=" + name).Error?.Kind);
        Assert.Equal(ErrorKind.TooCostly, Searches.Read("Patient?_filter=name eq " + name).Error?.Kind);
    }
}
