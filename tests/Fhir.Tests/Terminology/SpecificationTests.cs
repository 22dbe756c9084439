using System.Diagnostics;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using Xunit;

namespace HealthChain.Fhir.Tests.Terminology;

/// <summary>The service over the definitions of R4 and HL7 terminology themselves.</summary>
public class SpecificationTests(ITestOutputHelper output)
{
    /// <summary>Bindings of R4's types to value sets whose codes no package has.</summary>
    private static readonly HashSet<string> BindingsOutOfReach =
    [
        "http://loinc.org/vs/LL379-9|4.0.1",
        "http://hl7.org/fhir/ValueSet/consent-content-class",
        "http://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_B.5.html#table_B.5-1",
        "http://dicom.nema.org/medical/dicom/current/output/chtml/part16/sect_CID_29.html",
        "http://www.rsna.org/RadLex_Playbook.aspx",
        "http://hl7.org/fhir/ValueSet/jurisdiction",
    ];

    [Fact]
    public void Every_value_set_expands_or_says_why_not()
    {
        var service = new TerminologyService(DefinitionSet.R4);
        var reasons = new Dictionary<string, int>();
        int expanded = 0;
        long codes = 0;
        var watch = Stopwatch.StartNew();
        foreach (ValueSet valueSet in DefinitionSet.R4.ValueSets)
        {
            Result<Expansion> result = service.Expand(valueSet.ToString());
            if (result.IsOk)
            {
                expanded++;
                codes += result.Value.Total;
                continue;
            }

            Assert.Contains(result.Error.Kind, new[] { ErrorKind.Unsupported, ErrorKind.TooCostly });
            string message = result.Error.Issues[0].Message;
            string reason = message[(message.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        output.WriteLine($"{expanded} value sets expand to {codes} codes in {watch.ElapsedMilliseconds} ms; {reasons.Values.Sum()} do not:");
        foreach ((string reason, int count) in reasons.OrderByDescending(reason => reason.Value))
        {
            output.WriteLine($"{count,5}  {reason}");
        }

        Assert.True(expanded >= 3000, $"only {expanded} value sets expand");
    }

    [Fact]
    public void Every_required_or_extensible_binding_of_R4_can_be_answered()
    {
        var service = new TerminologyService(DefinitionSet.R4);
        foreach ((string canonical, string use) in Bindings().OrderBy(binding => binding.Value, StringComparer.Ordinal))
        {
            CompiledValueSet valueSet = service.Get(canonical);
            CodeMembership answer = valueSet.Contains("urn:nowhere", "nothing");
            string[] doubts = [.. valueSet.Systems
                .Select(system => valueSet.Contains(system, "no such code!"))
                .Append(answer)
                .Where(doubt => doubt.Answer == Membership.CannotSay)
                .Select(doubt => doubt.Reason!)];
            output.WriteLine($"{use}: {canonical}: {(doubts.Length == 0 ? "answered" : string.Join("; ", doubts))}");
            if (!BindingsOutOfReach.Contains(canonical))
            {
                Assert.True(doubts.Length == 0 || valueSet.Notes.Count > 0, $"{canonical}: {string.Join("; ", doubts)}");
            }
        }
    }

    [Theory]
    [InlineData("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1", "female", "femal")]
    [InlineData("http://hl7.org/fhir/ValueSet/currencies|4.0.1", "EUR", "Euro")]
    [InlineData("http://hl7.org/fhir/ValueSet/mimetypes|4.0.1", "text/plain", "plain")]
    [InlineData("http://www.rfc-editor.org/bcp/bcp13.txt", "text/fhirpath", "fhirpath")]
    [InlineData("http://hl7.org/fhir/ValueSet/all-languages", "en-GB", "English")]
    [InlineData("http://hl7.org/fhir/ValueSet/ucum-units|4.0.1", "mmol/L", "mmol per L")]
    [InlineData("http://hl7.org/fhir/ValueSet/all-time-units", "mo", "mg")]
    [InlineData("http://hl7.org/fhir/ValueSet/all-distance-units", "km", "mo")]
    [InlineData("http://hl7.org/fhir/ValueSet/resource-types|4.0.1", "Patient", "HumanName")]
    [InlineData("http://hl7.org/fhir/ValueSet/all-types|4.0.1", "HumanName", "Human")]
    [InlineData("http://terminology.hl7.org/ValueSet/v3-PurposeOfUse", "TREAT", "TREATING")]
    [InlineData("http://hl7.org/fhir/ValueSet/patient-contactrelationship", "C", "O")]
    public void Codes_of_bindings_are_told_apart(string valueSet, string member, string other)
    {
        CompiledValueSet compiled = new TerminologyService(DefinitionSet.R4).Get(valueSet);
        Assert.True(compiled.ContainsCode(System.Text.Encoding.UTF8.GetBytes(member)).IsMember);
        Assert.Equal(Membership.NotMember, compiled.ContainsCode(System.Text.Encoding.UTF8.GetBytes(other)).Answer);
    }

    [Fact]
    public void A_map_of_the_specification_translates()
    {
        var service = new TerminologyService(DefinitionSet.R4);
        Translation translation = service.Translate(TranslationRequest.Of("http://hl7.org/fhir/ConceptMap/101", "http://hl7.org/fhir/address-use", "home")).Value;
        Assert.Equal("H", Assert.Single(translation.Matches).Concept!.Code);
    }

    private static Dictionary<string, string> Bindings()
    {
        var bindings = new Dictionary<string, string>();
        foreach (StructureDefinition structure in DefinitionSet.R4.Structures.Where(structure => structure is { IsConstraint: false, Kind: not StructureKind.Logical }))
        {
            foreach (Binding binding in structure.Snapshot.Select(element => element.Binding).OfType<Binding>())
            {
                if (binding is { ValueSet: { } canonical, Strength: <= BindingStrength.Extensible })
                {
                    bindings.TryAdd(canonical, binding.Strength == BindingStrength.Required ? "required" : "extensible");
                }

                if (binding.MaxValueSet is { } max)
                {
                    bindings.TryAdd(max, "max");
                }
            }
        }

        return bindings;
    }
}
