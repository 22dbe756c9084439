using HealthChain.Fhir;
using HealthChain.FhirServer.Searching;
using Xunit;

namespace HealthChain.FhirServer.Tests.Searching;

public sealed class ResultParameterTests
{
    [Theory]
    [InlineData("Patient?_sort=family", "family")]
    [InlineData("Patient?_sort=-birthdate,family", "-birthdate,family")]
    [InlineData("Observation?_sort=subject,code,value-quantity,-date", "subject,code,value-quantity,-date")]
    [InlineData("?_sort=-_lastUpdated,_id", "-_lastUpdated,_id")]
    [InlineData("Patient?_sort=family&_sort=given", "family,given")]
    [InlineData("Patient?_sort=foo,family", "family")]
    public void Results_are_sorted_by_several_keys(string url, string expected) =>
        Assert.Equal(expected, string.Join(",", Read(url).Request.Sort.Select(key => (key.Descending ? "-" : "") + key.Parameters[0].Code)));

    [Fact]
    public void Several_types_are_sorted_by_the_parameter_of_each() =>
        Assert.Equal(
            ["http://hl7.org/fhir/SearchParameter/Observation-status", "http://hl7.org/fhir/SearchParameter/DiagnosticReport-status"],
            Read("?_type=Observation,DiagnosticReport&_sort=status").Request.Sort.Single().Parameters.Select(parameter => parameter.Definition.Url));

    [Theory]
    [InlineData("Patient?", 20)]
    [InlineData("Patient?_count=5", 5)]
    [InlineData("Patient?_count=0", 0)]
    [InlineData("Patient?_count=1001", 1000)]
    [InlineData("Patient?_count=99999999999", 1000)]
    [InlineData("Patient?_summary=count", 0)]
    [InlineData("Patient?_summary=count&_count=7", 0)]
    public void The_page_has_a_size(string url, int expected) => Assert.Equal(expected, Read(url).Request.Count);

    [Theory]
    [InlineData("Patient?", "Accurate", true)]
    [InlineData("Patient?_total=none", "None", false)]
    [InlineData("Patient?_total=estimate", "Estimate", true)]
    [InlineData("Patient?_total=accurate", "Accurate", true)]
    [InlineData("Patient?_total=none&_count=0", "Accurate", true)]
    public void The_total_is_counted_when_asked_for(string url, string mode, bool isCounted)
    {
        SearchPlan plan = Read(url);
        Assert.Equal(mode, plan.Total.ToString());
        Assert.Equal(isCounted, plan.Request.CountTotal);
    }

    [Theory]
    [InlineData("Patient?", "False")]
    [InlineData("Patient?_summary=true", "True")]
    [InlineData("Patient?_summary=text", "Text")]
    [InlineData("Patient?_summary=data", "Data")]
    [InlineData("Patient?_summary=false", "False")]
    [InlineData("Patient?_summary=count", "Count")]
    [InlineData("Patient?_count=0", "Count")]
    public void A_summary_is_one_of_five(string url, string expected) => Assert.Equal(expected, Read(url).Summary.ToString());

    [Theory]
    [InlineData("Patient?_elements=name,birthDate", "name,birthDate")]
    [InlineData("Patient?_elements=name,foo", "name")]
    [InlineData("?_type=Patient,Observation&_elements=name,status", "name,status")]
    public void Elements_are_those_of_the_types(string url, string expected) => Assert.Equal(expected, string.Join(",", Read(url).Elements));

    [Theory]
    [InlineData("Patient?_contained=true&_containedType=contained", "True", "Contained")]
    [InlineData("Patient?_contained=both", "Both", "Container")]
    [InlineData("Patient?", "False", "Container")]
    public void Contained_resources_may_be_asked_for(string url, string contained, string type)
    {
        SearchPlan plan = Read(url);
        Assert.Equal((contained, type), (plan.Contained.ToString(), plan.ContainedType.ToString()));
    }

    [Theory]
    [InlineData("Observation?_include=Observation:subject", "Observation:subject")]
    [InlineData("Observation?_include=Observation:subject:Patient", "Observation:subject:Patient")]
    [InlineData("Observation?_include=Observation:*", "Observation:*")]
    [InlineData("Observation?_include=Observation:*:Patient", "Observation:*:Patient")]
    [InlineData("Observation?_include=*", "Observation:*")]
    [InlineData("Observation?_include:iterate=Patient:organization", "iterate Patient:organization")]
    [InlineData("Observation?_include:recurse=Patient:organization", "iterate Patient:organization")]
    [InlineData("Patient?_revinclude=Observation:subject", "rev Observation:subject")]
    [InlineData("Patient?_revinclude:iterate=Provenance:target", "rev iterate Provenance:target")]
    [InlineData("Patient?_revinclude=Observation:subject:Patient", "rev Observation:subject:Patient")]
    [InlineData("Patient?_include=Patient:link&_include=Patient:link&_revinclude=List:item", "Patient:link;rev List:item")]
    [InlineData("Patient?_include=Patient:link&_summary=count", "")]
    [InlineData("Patient?_include=Patient:link&_count=0", "")]
    public void Includes_follow_references(string url, string expected) =>
        Assert.Equal(expected, string.Join(";", Read(url).Request.Includes.Select(Searches.Show)));

    [Fact]
    public void A_reverse_wildcard_stands_for_all_types() =>
        Assert.Equal(ResourceTypes.All.Count, Read("Patient?_revinclude=*").Request.Includes.Count);

    [Theory]
    [InlineData("Patient?name=a&_format=json&_pretty=true&foo=b&_count=3", "name=a;_count=3", 1)]
    [InlineData("Patient?_sort=foo,name&_elements=bar,name", "_sort=foo,name;_elements=bar,name", 2)]
    [InlineData("?_id=1&_type=Patient", "_type=Patient;_id=1", 0)]
    public void The_plan_says_what_was_used_and_what_was_not(string url, string used, int ignored)
    {
        SearchPlan plan = Read(url);
        Assert.Equal(used, string.Join(";", plan.Used.Select(parameter => $"{parameter.Name}={parameter.Value}")));
        Assert.Equal(ignored, plan.Ignored.Count);
    }

    [Theory]
    [InlineData("Patient?", "Patient")]
    [InlineData("?", "")]
    [InlineData("?_type=Patient,Observation,Patient", "Patient,Observation")]
    [InlineData("?_type=Patient,Observation&_type=Patient", "Patient")]
    [InlineData("Patient?_type=Patient", "Patient")]
    public void The_types_are_those_of_the_path_and_of_type(string url, string expected) =>
        Assert.Equal(expected, string.Join(",", Read(url).Request.Types.Select(type => type.Name)));

    [Fact]
    public void A_whole_compartment_has_the_types_that_can_be_in_it()
    {
        string[] types = [.. Read("Patient/1/*?").Request.Types.Select(type => type.Name)];
        Assert.Contains("Observation", types);
        Assert.DoesNotContain("Medication", types);
    }

    private static SearchPlan Read(string url)
    {
        Result<SearchPlan> plan = Searches.Read(url);
        Assert.True(plan.IsOk, plan.Error?.ToString());
        return plan.Value;
    }
}
