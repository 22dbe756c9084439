using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>A row put or removed: all that ever happens to the state is a sequence of these. Immutable.</summary>
internal abstract record Change
{
    public sealed record PutClient(Client Client) : Change;

    /// <summary>With all that it was given.</summary>
    public sealed record RemoveClient(string Id) : Change;

    public sealed record PutAccount(Account Account) : Change;

    /// <summary>With all that was given in its name, and its sessions.</summary>
    public sealed record RemoveAccount(string Id) : Change;

    public sealed record PutAuthorisation(Authorisation Authorisation) : Change;

    /// <summary>With all families that came of it.</summary>
    public sealed record RemoveAuthorisation(AuthorisationKey Key) : Change;

    public sealed record PutFamily(TokenFamily Family) : Change;

    /// <summary>With its tokens.</summary>
    public sealed record RemoveFamily(Hash256 Key) : Change;

    public sealed record PutToken(AccessToken Token) : Change;

    public sealed record RemoveToken(Hash256 Hash) : Change;

    public sealed record PutLaunch(Hash256 Key, Launch Launch, DateTimeOffset Until) : Change;

    public sealed record RemoveLaunch(Hash256 Key) : Change;

    public sealed record PutSession(Hash256 Key, Session Session) : Change;

    /// <summary>With the families that last only while the user is online.</summary>
    public sealed record RemoveSession(Hash256 Key) : Change;

    /// <summary>An assertion of a client was used, and is not good again while it would be valid.</summary>
    public sealed record PutAssertion(Hash256 Key, DateTimeOffset Until) : Change;
}

/// <summary>Who gave, and to which client.</summary>
internal readonly record struct AuthorisationKey(string Account, string Client);
