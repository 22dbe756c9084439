using System.Text;
using HealthChain.FhirServer.Access;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>By what an owner was let in.</summary>
internal enum OwnerKind : byte
{
    /// <summary>By nothing, in development mode.</summary>
    Development,

    /// <summary>By a fixed token.</summary>
    Operator,

    /// <summary>By the authorisation server.</summary>
    Client,
}

/// <summary>On whose behalf notifications go out: who wrote the Subscription last, and by what right. Immutable.</summary>
/// <param name="Name">The client, or the name of a fixed token.</param>
internal sealed record SubscriptionOwner(OwnerKind Kind, string Name)
{
    /// <summary>The person; null for a system.</summary>
    public string? Account { get; init; }

    /// <summary>What the token came of; notifications end with it.</summary>
    public string? Decision { get; init; }

    public string Scopes { get; init; } = "";

    public Role? Role { get; init; }

    public string? Organisation { get; init; }

    public string? FhirUser { get; init; }

    public static SubscriptionOwner Of(Requester requester) => new(KindOf(requester), requester.Who)
    {
        Account = requester.Account,
        Decision = requester.Grant?.Decision,
        Scopes = requester.Grant?.Scopes.Text ?? "",
        Role = requester.Role,
        Organisation = requester.Organisation,
        FhirUser = requester.FhirUser,
    };

    /// <summary>Whose a Subscription is: the same person by the same app, or the same system.</summary>
    public bool Is(Requester requester) => Kind == KindOf(requester) && Name == requester.Who && Account == requester.Account;

    public long HashOf(IndexHasher hasher) => HashOf(Kind, Name, Account, hasher);

    public static long HashOf(Requester requester, IndexHasher hasher) => HashOf(KindOf(requester), requester.Who, requester.Account, hasher);

    // Neither names nor ids of accounts have line ends.
    private static long HashOf(OwnerKind kind, string name, string? account, IndexHasher hasher) => hasher.ExactText(Encoding.UTF8.GetBytes($"subscriber\n{(byte)kind}\n{name}\n{account}"));

    private static OwnerKind KindOf(Requester requester) =>
        requester.Grant is not null ? OwnerKind.Client
        : requester.IsDevelopment ? OwnerKind.Development
        : OwnerKind.Operator;
}
