namespace HealthChain.Smart.Tests.State.Model;

internal enum OperationKind
{
    RegisterClient,
    RemoveClient,
    AddAccount,
    ChangeAccount,
    RemoveAccount,
    StartSession,
    FindSession,
    EndSession,
    EndSessions,
    AddLaunch,
    IssueCode,
    RedeemCode,
    Refresh,
    IssueForSystem,
    UseAssertion,
    RevokeToken,
    RevokeAuthorisation,
    Introspect,
    Erase,
    Wait,
    DropExpired,
    Compact,
    Restart,
    Crash,
}

/// <summary>One step of a sequence. Its numbers choose among what is there when it runs, so that it means something wherever others are left out.</summary>
internal sealed record Operation(OperationKind Kind, int A, int B, int C, int D)
{
    // What makes and uses tokens comes more often than what ends everything.
    private static readonly OperationKind[] Kinds =
    [
        .. Enum.GetValues<OperationKind>(),
        .. Enumerable.Repeat(OperationKind.IssueCode, 8),
        .. Enumerable.Repeat(OperationKind.RedeemCode, 8),
        .. Enumerable.Repeat(OperationKind.Refresh, 9),
        OperationKind.RegisterClient, OperationKind.AddAccount, OperationKind.AddAccount, OperationKind.StartSession,
        OperationKind.IssueForSystem, OperationKind.Wait, OperationKind.Wait, OperationKind.AddLaunch, OperationKind.RevokeToken,
    ];

    public static List<Operation> Sequence(Random random, int length) =>
    [
        .. Enumerable.Range(0, 3).Select(i => new Operation(OperationKind.RegisterClient, i, 0, 0, 0)),
        .. Enumerable.Range(0, 2).Select(i => new Operation(OperationKind.AddAccount, i, i, 0, 0)),
        .. Enumerable.Range(0, length).Select(_ =>
            new Operation(Kinds[random.Next(Kinds.Length)], random.Next(1000), random.Next(1000), random.Next(1000), random.Next(1000))),
    ];
}
