using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Labelling;
using Xunit;

namespace HealthChain.FhirServer.Tests.Labelling;

/// <summary>Which codes make something sensitive: the table, and the value sets of <c>profiles/labels</c>.</summary>
public sealed class SensitivityTableTests
{
    private const string Snomed = "http://snomed.info/sct";
    private const string Icd = "http://hl7.org/fhir/sid/icd-10-cm";

    private static SensitivityTable Shipped => SensitivityTables.Read(new LabelOptions()).Table;

    private static string[] LabelsOf(SensitivityTable table, string system, string code)
    {
        ulong bits = table.Of(Encoding.UTF8.GetBytes(system), Encoding.UTF8.GetBytes(code));
        return [.. table.Labels.Where((_, bit) => (bits & (1UL << bit)) != 0)];
    }

    [Theory]
    [InlineData(Snomed, "86406008", "HIV")]
    [InlineData(Snomed, "15167005", "ETHUD")]
    [InlineData(Snomed, "58214004", "MH PSY")]
    [InlineData(Icd, "F11.20", "OPIOIDUD")]
    [InlineData(Icd, "F11", "OPIOIDUD")]
    [InlineData(Icd, "B20", "HIV")]
    [InlineData(Icd, "F10.120", "ETHUD")]
    [InlineData(Icd, "T14.91XA", "MH")]
    [InlineData(Icd, "T14.90", "")]
    [InlineData(Icd, "F17.210", "")]
    [InlineData(Icd, "F1", "")]
    [InlineData(Icd, "", "")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "F20.0", "MH PSY")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "X71.9", "MH")]
    [InlineData("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "F11.2", "OPIOIDUD")]
    [InlineData("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "K29.2", "ETHUD")]
    [InlineData("http://hl7.org/fhir/sid/icd-9-cm", "303.01", "ETHUD")]
    [InlineData("http://hl7.org/fhir/sid/icd-9-cm", "042", "HIV")]
    [InlineData("http://hl7.org/fhir/sid/icd-9-cm", "296.44", "MH PSY")]
    [InlineData("http://hl7.org/fhir/sid/icd-9-cm", "E950.0", "MH")]
    [InlineData("http://hl7.org/fhir/sid/icd-9-cm", "29.1", "")]
    [InlineData("http://hl7.org/fhir/sid/icd-9-cm", "305.1", "")]
    [InlineData("http://loinc.org", "20447-9", "HIV")]
    [InlineData("http://www.nlm.nih.gov/research/umls/rxnorm", "1819", "OPIOIDUD")]
    [InlineData("http://loinc.org", "86406008", "")]
    [InlineData(Snomed, "864060080", "")]
    [InlineData("http://another.system", "86406008", "")]
    public void A_code_stands_for_the_labels_of_its_value_sets(string system, string code, string labels) =>
        Assert.Equal(labels.Split(' ', StringSplitOptions.RemoveEmptyEntries), LabelsOf(Shipped, system, code));

    [Fact]
    public void Every_code_of_a_value_set_is_found_and_none_of_its_neighbours()
    {
        SensitiveCode[] codes = [.. Enumerable.Range(0, 5_000).Select(number => new SensitiveCode(Snomed, (number * 7).ToString("D6", null), number % 3 == 0 ? "A" : "B"))];
        var table = new SensitivityTable(codes);

        Assert.All(codes, code => Assert.Equal([code.Label], LabelsOf(table, code.System, code.Code)));
        Assert.All(Enumerable.Range(0, 5_000), number => Assert.Empty(LabelsOf(table, Snomed, (number * 7 + 3).ToString("D6", null))));
    }

    [Fact]
    public void The_shipped_value_sets_are_about_sensitivities_that_HL7_knows()
    {
        var terminology = new TerminologyService(DefinitionSet.R4);

        Assert.Equal(["ETHUD", "GDIS", "GENDER", "HIV", "MH", "OPIOIDUD", "PSY", "SDV", "SEX", "STD", "SUD"], Shipped.Labels);
        Assert.All(Shipped.Labels, label => Assert.True(
            terminology.Contains("http://terminology.hl7.org/ValueSet/v3-InformationSensitivityPolicy", Encoding.UTF8.GetBytes(SensitivityTables.ActCodeSystem), Encoding.UTF8.GetBytes(label)).IsMember));
    }

    /// <summary>The last digit of a code of SNOMED CT or LOINC tells most errors of copying.</summary>
    [Fact]
    public void The_shipped_codes_have_the_right_check_digits()
    {
        var checkedCodes = 0;
        foreach (JsonNode include in SensitivityTables.Shipped().SelectMany(file => (JsonArray)JsonNode.Parse(file.Json.Span)!["compose"]!["include"]!).Select(include => include!))
        {
            string system = (string)include["system"]!;
            foreach (string code in ((JsonArray?)include["concept"] ?? []).Select(concept => (string)concept!["code"]!))
            {
                bool? isRight = system == Snomed ? IsVerhoeff(code) : system == "http://loinc.org" ? IsLuhn(code) : null;
                Assert.True(isRight != false, $"{system}|{code}");
                checkedCodes += isRight is null ? 0 : 1;
            }
        }

        Assert.True(checkedCodes > 100);
    }

    [Fact]
    public void An_operator_adds_value_sets_of_his_own()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ours.json", ValueSet("SCA", """{"system":"http://local","concept":[{"code":"sickle"}]}"""));

        (SensitivityTable table, IReadOnlyList<string> problems) = SensitivityTables.Read(new LabelOptions { Folder = folder.Path });

        Assert.Empty(problems);
        Assert.Equal(["SCA"], LabelsOf(table, "http://local", "sickle"));
        Assert.Equal(["HIV"], LabelsOf(table, Snomed, "86406008"));
    }

    [Fact]
    public void The_shipped_value_sets_can_be_switched_off() =>
        Assert.Empty(SensitivityTables.Read(new LabelOptions { UsesShipped = false }).Table.Labels);

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""", "a Patient")]
    [InlineData("""{"resourceType":"ValueSet","url":"http://x","status":"active"}""", "does not name the label")]
    [InlineData("not json", "")]
    public void A_file_that_is_no_table_is_named(string json, string reason)
    {
        using var folder = new TemporaryFolder();
        folder.Write("broken.json", json);

        string problem = Assert.Single(SensitivityTables.Read(new LabelOptions { Folder = folder.Path }).Problems);

        Assert.Contains("broken.json", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"system":"http://snomed.info/sct"}""")]
    [InlineData("""{"system":"http://snomed.info/sct","filter":[{"property":"concept","op":"is-a","value":"74732009"}]}""")]
    [InlineData("""{"system":"http://hl7.org/fhir/sid/icd-10-cm","filter":[{"property":"concept","op":"regex","value":"F1.*"}]}""")]
    [InlineData("""{"valueSet":["http://other"]}""")]
    public void A_value_set_whose_codes_nobody_here_can_tell_is_refused(string include)
    {
        using var folder = new TemporaryFolder();
        folder.Write("vague.json", ValueSet("HIV", include));

        Assert.Contains("not a plain list", Assert.Single(SensitivityTables.Read(new LabelOptions { Folder = folder.Path }).Problems), StringComparison.Ordinal);
    }

    private static string ValueSet(string label, string include) => $$"""
        {"resourceType":"ValueSet","url":"http://local/ValueSet/x","status":"active",
         "useContext":[{"code":{"system":"http://terminology.hl7.org/CodeSystem/usage-context-type","code":"focus"},"valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{label}}"}]} }],
         "compose":{"include":[{{include}}]} }
        """;

    private static bool IsLuhn(string code)
    {
        int sum = 0;
        string digits = code.Replace("-", "", StringComparison.Ordinal);
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)] - '0';
            digit = i % 2 == 1 ? digit * 2 : digit;
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>Verhoeff's scheme: sums in the dihedral group of the pentagon, the digits permuted by their place.</summary>
    private static bool IsVerhoeff(string code)
    {
        int[] first = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        int sum = 0;
        for (int i = 0; i < code.Length; i++)
        {
            int digit = code[^(i + 1)] - '0';
            for (int times = 0; times < i % 8; times++)
            {
                digit = first[digit];
            }

            sum = Times(sum, digit);
        }

        return sum == 0;
    }

    /// <summary>Digits below five are rotations, the others reflections.</summary>
    private static int Times(int left, int right) => (left < 5, right < 5) switch
    {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right - 5) % 5,
        (false, true) => 5 + (left - 5 - right + 5) % 5,
        (false, false) => (left - right + 5) % 5,
    };

    private sealed class TemporaryFolder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-labels");

        public string Path => _folder.FullName;

        public void Write(string name, string text) => File.WriteAllText(System.IO.Path.Combine(Path, name), text);

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
