namespace HealthChain.Smart.State;

/// <summary>A user that is logged in at the pages of this server. Immutable.</summary>
/// <param name="Account">Id of the account.</param>
/// <param name="Methods">How the user proved who it is, https://www.rfc-editor.org/rfc/rfc8176: <c>pwd</c>, <c>otp</c>, ...</param>
/// <param name="Expires">When it ends whatever the user does.</param>
public sealed record Session(
    string Account, IReadOnlyList<string> Methods, DateTimeOffset Authenticated, DateTimeOffset LastUsed, DateTimeOffset Expires);
