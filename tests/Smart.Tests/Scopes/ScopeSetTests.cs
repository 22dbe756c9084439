using System.Diagnostics;
using HealthChain.Smart.Scopes;
using Xunit;

namespace HealthChain.Smart.Tests.Scopes;

public sealed class ScopeSetTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("openid patient/*.read", "openid patient/*.cruds", "openid patient/*.read")]
    [InlineData("patient/*.read launch/patient", "patient/*.rs", "patient/*.read")]
    [InlineData("patient/*.rs", "patient/Observation.rs patient/Patient.r", "patient/Observation.rs patient/Patient.r")]
    [InlineData("patient/Observation.cruds", "patient/*.rs", "patient/Observation.rs")]
    [InlineData("patient/Observation.rs", "patient/Observation.r patient/Observation.s", "patient/Observation.rs")]
    [InlineData("patient/Observation.read", "patient/*.r patient/*.s", "patient/Observation.read")]
    [InlineData("patient/Observation.rs", "patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory")]
    [InlineData("patient/Observation.rs?category=laboratory", "patient/*.cruds", "patient/Observation.rs?category=laboratory")]
    [InlineData("patient/Observation.rs?category=a,b", "patient/Observation.rs?category=b", "patient/Observation.rs?category=b")]
    [InlineData("patient/Observation.rs?category=a", "patient/Observation.rs?status=final", "patient/Observation.rs?category=a&status=final")]
    [InlineData("patient/Observation.rs?category=a", "patient/Observation.rs?category=b", "patient/Observation.rs?category=a&category=b")]
    [InlineData("patient/Observation.rs", "user/*.cruds system/*.cruds", "")]
    [InlineData("patient/Observation.rs", "patient/Condition.rs", "")]
    [InlineData("system/Observation.d", "system/*.crus", "")]
    [InlineData("launch/patient offline_access", "launch/patient", "launch/patient")]
    public void What_may_be_given_lies_within_the_limit(string asked, string limit, string given) =>
        Assert.Equal(given, ScopeSet.Parse(asked).Within(ScopeSet.Parse(limit)).Text);

    [Theory]
    [InlineData("patient/Observation.rs", "patient/*.read")]
    [InlineData("patient/Observation.rs?category=a", "patient/Observation.rs")]
    [InlineData("patient/Observation.rs?category=a&status=final", "patient/Observation.r?category=a,b patient/*.s?status=final")]
    [InlineData("openid", "openid patient/*.rs")]
    [InlineData("", "openid")]
    public void A_narrower_set_lies_within_a_wider_one(string narrow, string wide) =>
        Assert.True(ScopeSet.Parse(narrow).IsWithin(ScopeSet.Parse(wide)));

    [Theory]
    [InlineData("patient/Observation.rs", "patient/Observation.r")]
    [InlineData("patient/*.rs", "patient/Observation.rs")]
    [InlineData("patient/Observation.rs", "patient/Observation.rs?category=a")]
    [InlineData("patient/Observation.rs?category=a,b", "patient/Observation.rs?category=a")]
    [InlineData("patient/Observation.rs?category:not=a", "patient/Observation.rs?category:not=a,b")]
    [InlineData("user/Observation.rs", "patient/Observation.rs")]
    [InlineData("openid offline_access", "openid")]
    public void A_set_that_gives_more_would_widen(string wide, string narrow) =>
        Assert.False(ScopeSet.Parse(wide).IsWithin(ScopeSet.Parse(narrow)));

    [Fact]
    public void A_set_has_a_bounded_number_of_scopes()
    {
        ScopeSet many = ScopeSet.Of(Enumerable.Range(0, 10_000).Select(number => $"patient/Observation.rs?code={number}"));

        Assert.Equal(ScopeSet.MaxScopes, many.Resources.Count);
        Assert.Equal(ScopeSet.MaxScopes, many.Within(ScopeSet.Of(Enumerable.Range(0, 150).Select(number => $"patient/*.rs?status={number}"))).Resources.Count);
    }

    // Whoever may register a client may ask for as much, before anybody signed in.
    [Fact]
    public void As_many_narrowed_scopes_as_a_set_holds_are_compared_cheaply()
    {
        ScopeSet asked = Narrowed("category=laboratory&status=final"), limit = Narrowed("status=final&category=laboratory");
        asked.Within(limit);
        var clock = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ScopeSet given = asked.Within(limit);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{allocated} bytes, {clock.Elapsed.TotalMilliseconds} ms");

        Assert.Equal(asked.Text, given.Text);
        Assert.InRange(allocated, 0, 2_000_000);

        static ScopeSet Narrowed(string query) => ScopeSet.Of(Enumerable.Range(0, ScopeSet.MaxScopes).Select(number => $"patient/Observation.cruds?code={number}&{query}"));
    }

    [Theory]
    [InlineData(Role.Patient, false, "patient/*.rs user/*.rs system/*.rs launch/patient", "patient/*.rs user/*.rs launch/patient")]
    [InlineData(Role.Practitioner, false, "patient/*.rs system/*.rs openid", "patient/*.rs openid")]
    [InlineData(Role.Administrator, false, "patient/*.rs user/*.cruds launch/patient", "user/*.cruds")]
    [InlineData(Role.Auditor, false, "patient/AuditEvent.rs user/AuditEvent.cruds", "user/AuditEvent.rs")]
    [InlineData(Role.Backend, true, "patient/*.rs user/*.rs system/*.rs openid", "system/*.rs")]
    [InlineData(Role.Patient, true, "patient/*.rs system/*.rs", "")]
    public void A_role_has_its_contexts(Role role, bool isSystem, string asked, string given) =>
        Assert.Equal(given, ScopeSet.Parse(asked).Within(SupportedScopes.AtMost(role, isSystem)).Text);

    [Fact]
    public void A_user_gives_a_part_of_a_scope_by_ticking_it()
    {
        ScopeSet asked = ScopeSet.Parse("launch/patient patient/Observation.rs patient/*.r");
        IReadOnlyList<ScopeChoice> choices = ScopeChoice.Of(asked, isOwn: true);

        Assert.Equal(["launch/patient", "patient/Observation.rs", "patient/*.r"], choices.Select(choice => choice.Scope));
        ScopeChoice laboratory = choices[1].Parts[0];
        ScopeChoice patient = choices[2].Parts[0];
        Assert.Equal("See measurements and laboratory results, only category laboratory (your own)", laboratory.Sentence);
        Assert.Equal(
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory patient/Patient.r",
            asked.Within(ScopeSet.Of([laboratory.Scope, patient.Scope])).Text);
        Assert.All(choices.SelectMany(choice => choice.Parts), part => Assert.True(ScopeSet.Of([part.Scope]).IsWithin(asked), part.Scope));
    }

    [Theory]
    [InlineData("user/Patient.cud", false, "Add, change and delete name, birth date, address and other personal details (those of everybody whose record you may see)")]
    [InlineData("patient/*.cruds", true, "See, add, change and delete the whole health record (your own)")]
    [InlineData("patient/VisionPrescription.r", false, "See entries of the type Vision Prescription (those of the chosen patient)")]
    [InlineData("system/Claim.s?status=active&_security:not=R", false, "See bills to insurers, only status active and security not R (those of everybody whose record the system may see)")]
    public void A_scope_is_told_in_a_sentence(string scope, bool isOwn, string sentence) =>
        Assert.Equal(sentence, ScopeWords.Of(ResourceScope.TryParse(scope)!, isOwn));

    [Fact]
    public void Each_scope_of_users_is_told() => Assert.All(SupportedScopes.OfUsers, scope => Assert.NotNull(ScopeWords.OfOther(scope)));
}
