using HealthChain.Smart.Scopes;
using Xunit;

namespace HealthChain.Smart.Tests.Scopes;

public sealed class ScopeTests
{
    [Theory]
    [InlineData("patient/Observation.rs", "patient/Observation.rs")]
    [InlineData("user/*.cruds", "user/*.cruds")]
    [InlineData("patient/Observation.read", "patient/Observation.rs")]
    [InlineData("user/Patient.write", "user/Patient.cud")]
    [InlineData("system/*.*", "system/*.cruds")]
    [InlineData("patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory")]
    public void Scopes_of_both_versions_are_read(string text, string second) => Assert.Equal(second, ResourceScope.TryParse(text)?.ToString());

    [Theory]
    [InlineData("patient/Observation.sr")]
    [InlineData("patient/Observation.rr")]
    [InlineData("patient/Observation")]
    [InlineData("patient/Observation.")]
    [InlineData("patient/.rs")]
    [InlineData("patient/Observation.rs?")]
    [InlineData("practitioner/Observation.rs")]
    [InlineData("launch/patient")]
    [InlineData("openid")]
    [InlineData("")]
    public void What_is_no_scope_of_resources_is_not_read_as_one(string text) => Assert.Null(ResourceScope.TryParse(text));

    [Fact]
    public void A_set_keeps_what_was_written()
    {
        ScopeSet scopes = ScopeSet.Parse("openid  patient/*.read openid launch/patient");

        Assert.Equal("openid patient/*.read launch/patient", scopes.Text);
        Assert.Equal(["patient/*.rs"], scopes.Resources.Select(scope => scope.ToString()));
        Assert.True(scopes.Has("launch/patient"));
    }
}
