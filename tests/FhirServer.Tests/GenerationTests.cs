using System.Globalization;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Generation;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class GenerationTests
{
    private static readonly Lazy<Validator> Validator = new(() => new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4)));

    /// <summary>Enough for shares and means; the tests only read it.</summary>
    private static readonly Lazy<GenerationSample> Many = new(() => new GenerationSample(5, 200));

    [Fact]
    public void The_same_seed_gives_the_same_bytes() =>
        Assert.Equal(new GenerationSample(7, 5).Bytes, new GenerationSample(7, 5).Bytes);

    [Fact]
    public void Another_seed_gives_other_patients_and_the_same_organizations()
    {
        var seven = new GenerationSample(7, 5);
        var eight = new GenerationSample(8, 5);

        Assert.True(seven.Lines[0].Span.SequenceEqual(eight.Lines[0].Span));
        Assert.Empty(seven.Patients.SelectMany(FullUrls).Intersect(eight.Patients.SelectMany(FullUrls)));
    }

    [Fact]
    public void A_patient_does_not_depend_on_how_many_there_are()
    {
        var few = new GenerationSample(7, 3);
        var more = new GenerationSample(7, 9);

        Assert.Equal(10, more.Lines.Count);
        Assert.True(more.Bytes.AsSpan().StartsWith(few.Bytes));
    }

    [Fact]
    public void The_numbers_that_all_is_drawn_from_never_change()
    {
        var random = new RandomSource(1, 1);
        ulong[] expected = [0x550E4E55A37114CC, 0xA645791D18940FDD, 0xEBEDEDF9628EBF4C];
        Assert.Equal(expected.AsEnumerable(), [random.Next(), random.Next(), random.Next()]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(18446744073709551615)]
    public void Every_bundle_and_all_in_it_is_valid(ulong seed)
    {
        foreach (var line in new GenerationSample(seed, 12).Lines)
        {
            var read = FhirJson.Read(line);
            Assert.Empty(read.Issues);
            var issues = Validator.Value.Validate(read.Root);
            Assert.DoesNotContain(issues, issue => issue.IsError || issue.Severity == HealthChain.Fhir.IssueSeverity.Warning);
        }
    }

    [Fact]
    public void Every_reference_finds_its_target()
    {
        var sample = Many.Value;
        var shared = GenerationSample.Resources(sample.Shared).Select(LocalReference).ToHashSet();
        Assert.All(GenerationSample.Strings(sample.Shared, "reference"), reference => Assert.Contains(reference, shared));
        foreach (var bundle in sample.Patients)
        {
            var own = FullUrls(bundle).ToHashSet();
            Assert.All(GenerationSample.Strings(bundle, "reference"), reference => Assert.True(own.Contains(reference) || shared.Contains(reference), reference));
        }
    }

    [Fact]
    public void No_two_resources_have_the_same_id()
    {
        var ids = Many.Value.Patients.SelectMany(FullUrls).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void Claims_add_up_to_the_cent()
    {
        Assert.All(Many.Value.All("Claim"), claim => Assert.Equal(Items(claim).Sum(item => Value(item, "net")), Value(claim, "total")));
    }

    [Fact]
    public void Explanations_add_up_to_the_cent_and_agree_with_their_claim()
    {
        var explanations = 0;
        foreach (var bundle in Many.Value.Patients)
        {
            var entries = bundle.GetProperty("entry").EnumerateArray().ToDictionary(
                entry => entry.GetProperty("fullUrl").GetString()!, entry => entry.GetProperty("resource"));
            foreach (var explanation in GenerationSample.Resources(bundle, "ExplanationOfBenefit"))
            {
                explanations++;
                var claim = entries[explanation.GetProperty("claim").GetProperty("reference").GetString()!];
                foreach (var category in (string[])["submitted", "eligible", "copay", "benefit"])
                {
                    var sum = Items(explanation).Sum(item => Amount(item.GetProperty("adjudication"), category));
                    Assert.Equal(sum, Amount(explanation.GetProperty("total"), category));
                }

                var total = explanation.GetProperty("total");
                Assert.Equal(Value(claim, "total"), Amount(total, "submitted"));
                Assert.Equal(Amount(total, "eligible"), Amount(total, "copay") + Amount(total, "benefit"));
                Assert.Equal(Value(explanation.GetProperty("payment"), "amount"), Amount(total, "benefit"));
            }
        }

        Assert.InRange(explanations, 1, Many.Value.All("Claim").Count() - 1);
    }

    [Fact]
    public void Money_has_two_digits_after_the_point() =>
        Assert.All(Many.Value.All("Claim"), claim => Assert.Matches(@"^\d+\.\d\d$", claim.GetProperty("total").GetProperty("value").GetRawText()));

    [Fact]
    public void Histories_are_of_a_plausible_size()
    {
        var sizes = Many.Value.Patients.Select(bundle => GenerationSample.Resources(bundle).Count()).ToList();
        Assert.InRange(sizes.Average(), 60, 120);
        Assert.All(sizes, size => Assert.InRange(size, 45, 160));
        Assert.All(Many.Value.Patients, bundle => Assert.InRange(GenerationSample.Resources(bundle, "Encounter").Count(), 3, 12));
        Assert.All(Many.Value.Patients, bundle => Assert.Single(GenerationSample.Resources(bundle, "Coverage")));
        Assert.InRange(Many.Value.Bytes.Length / (double)Many.Value.ResourceCount, 1_000, 2_500);
        Assert.Equal(
            ["AllergyIntolerance", "Claim", "Condition", "Consent", "Coverage", "DiagnosticReport", "Encounter", "ExplanationOfBenefit", "Immunization",
                "MedicationRequest", "Observation", "Patient", "Procedure"],
            Many.Value.Patients.SelectMany(bundle => GenerationSample.Resources(bundle)).Select(GenerationSample.TypeOf).Distinct().Order());
    }

    [Fact]
    public void People_are_as_different_as_people_are()
    {
        var patients = Many.Value.All("Patient").ToList();
        Assert.InRange(patients.Count(patient => patient.GetProperty("gender").ValueEquals("female")), 75, 125);
        Assert.InRange(patients.Count(patient => Day(patient.GetProperty("birthDate")) > GenerationSample.Until.AddYears(-18)), 5, 40);
        Assert.InRange(patients.Count(patient => Day(patient.GetProperty("birthDate")) < GenerationSample.Until.AddYears(-65)), 20, 70);
        Assert.InRange(patients.Count(patient => patient.TryGetProperty("deceasedDateTime", out _)), 1, 12);
        Assert.InRange(Many.Value.All("Consent").Count(), 45, 95);
    }

    [Fact]
    public void Nothing_happens_before_birth_after_death_or_after_the_last_day()
    {
        foreach (var bundle in Many.Value.Patients)
        {
            var patient = GenerationSample.Resources(bundle, "Patient").Single();
            var last = patient.TryGetProperty("deceasedDateTime", out var died) ? Day(died) : GenerationSample.Until;
            foreach (var encounter in GenerationSample.Resources(bundle, "Encounter"))
            {
                Assert.InRange(Day(encounter.GetProperty("period").GetProperty("start")), Day(patient.GetProperty("birthDate")), last);
            }

            Assert.All(GenerationSample.Strings(bundle, "created"), created => Assert.True(string.CompareOrdinal(created, "2026-01-31") <= 0, created));
        }
    }

    [Fact]
    public void The_body_mass_index_follows_from_height_and_weight()
    {
        var measured = Many.Value.All("Observation").Where(observation => observation.TryGetProperty("valueQuantity", out _))
            .GroupBy(observation => observation.GetProperty("encounter").GetProperty("reference").GetString())
            .Select(visit => visit.ToDictionary(Code, observation => Value(observation, "valueQuantity")))
            .Where(visit => visit.ContainsKey("39156-5"))
            .ToList();

        Assert.True(measured.Count > 300);
        Assert.All(measured, visit =>
            Assert.InRange(visit["39156-5"] - (visit["29463-7"] * 10_000 / (visit["8302-2"] * visit["8302-2"])), -0.051m, 0.051m));
    }

    [Fact]
    public void Hemoglobin_A1c_is_measured_in_diabetics_and_high()
    {
        var values = Many.Value.All("Observation").Where(observation => Code(observation) == "4548-4").Select(observation => Value(observation, "valueQuantity")).ToList();
        Assert.NotEmpty(values);
        Assert.All(values, value => Assert.InRange(value, 6.0m, 12.0m));
    }

    [Fact]
    public void Hemoglobin_A1c_rises_over_the_years()
    {
        var changes = Many.Value.Patients
            .Select(bundle => GenerationSample.Resources(bundle, "Observation").Where(observation => Code(observation) == "4548-4").ToList())
            .Where(values => values.Count > 1)
            .Select(values => Value(values[^1], "valueQuantity") - Value(values[0], "valueQuantity"))
            .ToList();

        Assert.True(changes.Count >= 5);
        Assert.True(changes.Average() > 0);
    }

    private static IEnumerable<string> FullUrls(JsonElement bundle) =>
        bundle.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("fullUrl").GetString()!);

    private static string LocalReference(JsonElement resource) => $"{GenerationSample.TypeOf(resource)}/{resource.GetProperty("id").GetString()}";

    private static JsonElement.ArrayEnumerator Items(JsonElement claim) => claim.GetProperty("item").EnumerateArray();

    private static string Code(JsonElement observation) => observation.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString()!;

    private static decimal Value(JsonElement element, string name) => element.GetProperty(name).GetProperty("value").GetDecimal();

    private static decimal Amount(JsonElement amounts, string category) => Value(
        amounts.EnumerateArray().Single(amount => amount.GetProperty("category").GetProperty("coding")[0].GetProperty("code").ValueEquals(category)), "amount");

    private static DateOnly Day(JsonElement date) => DateOnly.ParseExact(date.GetString()![..10], "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
