using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

public class CodeValidationTests
{
    private static readonly TerminologyService Terms = Service(
        Table("urn:sex", "male:Male", "female:Female", "_group:Group", "old:Old").Designated("male", "de", "Männlich").With("_group", Flag("notSelectable")).With("old", Flag("inactive")),
        Table("urn:loose", "Yes") with { IsCaseSensitive = false },
        Table("urn:part", "a") with { Content = CodeSystemContent.Fragment },
        Set("urn:vs", All("urn:sex")),
        Set("urn:two", All("urn:sex"), Codes("urn:other", "male", "x")),
        Set("urn:sct", Where("http://loinc.org", "concept", "is-a", "1")));

    [Fact]
    public void A_valid_code_comes_back_complete()
    {
        CodeValidation result = Check("urn:vs", "urn:sex", "male");
        Assert.True(result.IsValid);
        Assert.Equal(new Coding("urn:sex", "male", "Male", "1"), result.Coding);
        Assert.Null(result.Message);
    }

    [Theory]
    [InlineData("urn:vs", "urn:sex", "Male", "The code 'Male' is not in code system urn:sex|1. Its codes are case sensitive: did you mean 'male'?")]
    [InlineData("urn:vs", "urn:sex", "Female", "The code 'Female' is not in code system urn:sex|1. Its codes are case sensitive: did you mean 'female'?")]
    [InlineData("urn:vs", "urn:other", "male", "The code 'male' of urn:other is not in value set urn:vs. Allowed: male, female, old.")]
    [InlineData("urn:vs", null, "nobody", "The code 'nobody' is not in value set urn:vs. Allowed: male, female, old.")]
    [InlineData("urn:two", null, "male", "The code 'male' is in value set urn:two under several systems (urn:sex, urn:other); give the one that is meant.")]
    [InlineData("urn:vs", "urn:sex", "_group", "The code '_group' of urn:sex is abstract: it groups other codes and must not be used itself. Use one of the codes below it.")]
    [InlineData(null, "urn:ietf:bcp:47", "klingonese", "'klingonese' does not have the form of language tags (BCP 47).")]
    [InlineData(null, "urn:sex", "nobody", "The code 'nobody' is not in code system urn:sex|1.")]
    public void An_invalid_code_is_explained(string? valueSet, string? system, string code, string message)
    {
        CodeValidation result = Check(valueSet, system, code);
        Assert.Equal(Membership.NotMember, result.Answer);
        Assert.Equal(message, result.Message);
    }

    [Theory]
    [InlineData("urn:sct", "http://loinc.org", "2", null, "Whether '2' is in value set urn:sct cannot be said: filter 'concept is-a 1' on http://loinc.org: the code system is not loaded.")]
    [InlineData(null, "http://loinc.org", "2", null, "Code system http://loinc.org is not loaded, so '2' cannot be checked.")]
    [InlineData(null, "urn:part", "b", null, "Whether 'b' is a code of urn:part cannot be said: only a fragment of urn:part is loaded.")]
    [InlineData("urn:vs", "urn:sex", "male", "9", "Version 9 of code system urn:sex is not loaded, only 1 is.")]
    public void What_cannot_be_checked_is_said(string? valueSet, string system, string code, string? version, string message)
    {
        CodeValidation result = Terms.ValidateCode(CodeValidationRequest.Of(valueSet, system, code, version: version)).Value;
        Assert.Equal(Membership.CannotSay, result.Answer);
        Assert.Equal(message, result.Message);
        Assert.Equal(IssueType.NotSupported, result.Issues[0].Type);
    }

    [Theory]
    [InlineData("Male", null, true)]
    [InlineData("MALE ", null, true)]
    [InlineData("Männlich", null, true)]
    [InlineData("Männlich", "de", true)]
    [InlineData("Männlich", "en", false)]
    [InlineData("Boy", null, false)]
    public void A_display_must_be_one_of_the_code(string display, string? language, bool isValid)
    {
        CodeValidation result = Terms.ValidateCode(CodeValidationRequest.Of("urn:vs", "urn:sex", "male", display) with { DisplayLanguage = language }).Value;
        Assert.Equal(isValid, result.IsValid);
        Assert.Equal(isValid, result.Message is null);
    }

    [Fact]
    public void A_wrong_display_is_answered_with_the_right_ones() => Assert.Equal(
        "The display 'Boy' is not that of the code 'male' of urn:sex; use 'Male' or 'Männlich'.",
        Terms.ValidateCode(CodeValidationRequest.Of("urn:vs", "urn:sex", "male", "Boy")).Value.Message);

    [Fact]
    public void A_bare_code_takes_its_system_from_the_value_set()
    {
        Assert.Equal("urn:sex", Check("urn:vs", null, "male").Coding!.System);
        Assert.Equal("urn:other", Check("urn:two", null, "x").Coding!.System);
    }

    [Fact]
    public void A_coding_without_system_is_not_valid()
    {
        CodeValidation result = Terms.ValidateCode(CodeValidationRequest.Of("urn:vs", new Coding(null, "male"))).Value;
        Assert.Equal(Membership.NotMember, result.Answer);
    }

    [Fact]
    public void One_valid_coding_suffices_and_the_others_are_warned_of()
    {
        CodeValidation result = Terms.ValidateCode(CodeValidationRequest.Of("urn:vs", new Coding("urn:sex", "wrong"), new Coding("urn:sex", "female"))).Value;
        Assert.True(result.IsValid);
        Assert.Equal("female", result.Coding!.Code);
        Assert.Equal(IssueSeverity.Warning, Assert.Single(result.Issues).Severity);
        CodeValidation none = Terms.ValidateCode(CodeValidationRequest.Of("urn:vs", new Coding("urn:sex", "a"), new Coding("urn:sex", "b"))).Value;
        Assert.Equal(2, none.Issues.Count(issue => issue.IsError));
    }

    [Fact]
    public void An_abstract_code_is_valid_where_it_is_allowed() =>
        Assert.True(Terms.ValidateCode(CodeValidationRequest.Of("urn:vs", "urn:sex", "_group") with { AllowAbstract = true }).Value.IsValid);

    [Fact]
    public void An_inactive_code_is_valid_with_a_warning()
    {
        CodeValidation result = Check("urn:vs", "urn:sex", "old");
        Assert.True(result.IsValid);
        Assert.True(result.IsInactive);
        Assert.Equal("The code 'old' of urn:sex is no longer active.", result.Message);
    }

    [Fact]
    public void Where_case_does_not_count_the_proper_code_comes_back() => Assert.Equal("Yes", Check(null, "urn:loose", "YES").Coding!.Code);

    [Fact]
    public void An_unknown_value_set_is_an_error() =>
        Assert.Equal(ErrorKind.NotFound, Terms.ValidateCode(CodeValidationRequest.Of("urn:absent", "urn:sex", "male")).Error!.Kind);

    private static CodeValidation Check(string? valueSet, string? system, string code) =>
        Terms.ValidateCode(CodeValidationRequest.Of(valueSet, system, code)).Value;
}
