using System.Text;
using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>A version without its content.</summary>
/// <param name="Instant">When it was committed, in milliseconds of Unix time.</param>
/// <param name="Op">As <see cref="Operation"/> says.</param>
internal readonly record struct VersionRow(long Sequence, long Rid, long Version, long Instant, int Op, TypeSchema Type, long Subject)
{
    private const int IdAt = 25;

    public bool IsDeletion => Operation.IsDeletion(Op);

    /// <summary>What its sealed bytes are bound to.</summary>
    public SealedVersion Seal => new(Type.Name, (ulong)Rid, Version);

    /// <param name="patients">As <see cref="StoredVersion.Patients"/> says.</param>
    /// <param name="plain">The content, which begins with type and id: <c>{"resourceType":"T","id":"I"</c>.</param>
    public StoredVersion Stored(ReadOnlyMemory<byte> plain, IReadOnlyList<long> patients)
    {
        ReadOnlySpan<byte> id = plain.Span[(IdAt + Type.Name.Length)..];
        id = id[..id.IndexOf((byte)'"')];
        return Stored(new ResourceKey(Type.Name, Encoding.ASCII.GetString(id)), plain, patients);
    }

    public StoredVersion Stored(ResourceKey key, ReadOnlyMemory<byte> plain, IReadOnlyList<long> patients) =>
        new(key, Version, DateTimeOffset.FromUnixTimeMilliseconds(Instant), Sequence, Operation.KindOf(Op), Operation.IsDeletion(Op) ? default : plain)
        {
            HasBlobs = Operation.HasBlobs(Op),
            IsPosted = Operation.IsPosted(Op),
            Patients = patients,
        };
}
