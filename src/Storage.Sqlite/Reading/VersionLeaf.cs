using System.Buffers.Binary;
using HealthChain.LedgerProofs;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// What the column <c>leaf</c> of a version holds: the entry of the ledger, and of its statement what nothing else tells once a version before it
/// is erased.
/// </summary>
internal readonly record struct VersionLeaf(Hash256 Commitment, long PreviousOfPatient, long PreviousOfResource)
{
    public const int Bytes = Hash256.Bytes + 8 + 8;

    /// <summary>The statement that it commits to.</summary>
    /// <param name="content">SHA-256 of the version's content, as its column <c>hash</c> has it.</param>
    public static VersionStatement StatementOf(
        string origin, in VersionRow row, ResourceKey key, ReadOnlySpan<byte> content, long previousOfPatient, long previousOfResource)
    {
        VersionOperation operation = Database.Operation.KindOf(row.Op) switch
        {
            ChangeKind.Create => VersionOperation.Create,
            ChangeKind.Update => VersionOperation.Update,
            _ => VersionOperation.Delete,
        };
        return new VersionStatement(
            origin,
            row.Sequence,
            row.Instant,
            key.Type,
            key.Id,
            row.Version,
            operation,
            row.IsDeletion ? default : new Hash256(content),
            previousOfResource,
            previousOfPatient);
    }

    public static VersionLeaf Read(ReadOnlySpan<byte> bytes) => new(
        new Hash256(bytes[..Hash256.Bytes]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[Hash256.Bytes..]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[(Hash256.Bytes + 8)..]));

    /// <summary>Completes bytes that begin with the commitment.</summary>
    public static void WriteLinks(Span<byte> leaf, long previousOfPatient, long previousOfResource)
    {
        BinaryPrimitives.WriteInt64BigEndian(leaf[Hash256.Bytes..], previousOfPatient);
        BinaryPrimitives.WriteInt64BigEndian(leaf[(Hash256.Bytes + 8)..], previousOfResource);
    }
}
