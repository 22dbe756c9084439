namespace HealthChain.Storage.Sqlite.Database;

/// <summary>What a version did, as the column <c>op</c> has it: negative for a deletion, so that an index can hold the others alone.</summary>
internal static class Operation
{
    private const int IsUpdate = 1;
    private const int HasBlobsBit = 2;
    private const int IsPostedBit = 4;

    public const int OfDelete = -1;

    public static int OfPut(bool isUpdate, bool hasBlobs, bool isPosted) =>
        (isUpdate ? IsUpdate : 0) | (hasBlobs ? HasBlobsBit : 0) | (isPosted ? IsPostedBit : 0);

    public static bool IsDeletion(int op) => op < 0;

    public static bool HasBlobs(int op) => op >= 0 && (op & HasBlobsBit) != 0;

    public static bool IsPosted(int op) => op >= 0 && (op & IsPostedBit) != 0;

    public static ChangeKind KindOf(int op) => op < 0 ? ChangeKind.Delete : (op & IsUpdate) != 0 ? ChangeKind.Update : ChangeKind.Create;
}
