using HealthChain.FhirServer.Access.Log;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access.Log;

public sealed class SmartEventTests
{
    private static readonly Person Doctor = new("u7", Role.Practitioner, "Practitioner/7", "Organization/1");

    [Fact]
    public void A_token_is_on_record_with_who_got_it_and_for_what()
    {
        var happened = new SmartEvent(SmartEventKind.TokenIssued)
        {
            Client = "app-1",
            Person = Doctor,
            Patient = "p1",
            TokenName = "t1",
            Scopes = "patient/*.rs openid",
            Address = "10.0.0.1",
        };

        Assert.Equal(
            new AccessEvent(AccessAction.TokenIssued, AccessOutcome.Success)
            {
                Who = "app-1",
                Account = "u7",
                FhirUser = "Practitioner/7",
                Role = Role.Practitioner,
                Organisation = "Organization/1",
                TokenName = "t1",
                Target = "Patient/p1",
                Query = "patient/*.rs openid",
                Address = "10.0.0.1",
            },
            SmartEvents.EventOf(happened));
    }

    [Fact]
    public void A_login_has_no_client_and_a_guess_no_account()
    {
        Assert.Equal("u7", SmartEvents.EventOf(new SmartEvent(SmartEventKind.Login) { Person = Doctor }).Who);
        Assert.Equal("anybody", SmartEvents.EventOf(new SmartEvent(SmartEventKind.LoginRefused)).Who);
    }

    [Theory]
    [InlineData(SmartEventKind.Login, false, AccessAction.Login, AccessOutcome.Success)]
    [InlineData(SmartEventKind.LoginRefused, false, AccessAction.Login, AccessOutcome.MinorFailure)]
    [InlineData(SmartEventKind.AccessDenied, false, AccessAction.AccessGranted, AccessOutcome.MinorFailure)]
    [InlineData(SmartEventKind.TokenRefused, false, AccessAction.TokenIssued, AccessOutcome.MinorFailure)]
    [InlineData(SmartEventKind.ClientRegistered, true, AccessAction.ClientRegistered, AccessOutcome.MinorFailure)]
    public void Refusals_are_failures(SmartEventKind kind, bool isRefusal, object action, object outcome)
    {
        AccessEvent happened = SmartEvents.EventOf(new SmartEvent(kind) { IsRefusal = isRefusal, Reason = "why" });

        Assert.Equal((action, outcome, "why"), (happened.Action, happened.Outcome, happened.Detail));
    }

    [Fact]
    public void Each_kind_of_event_has_an_action() =>
        Assert.All(Enum.GetValues<SmartEventKind>(), kind => Assert.NotEqual(AccessAction.Unknown, SmartEvents.EventOf(new SmartEvent(kind)).Action));
}
