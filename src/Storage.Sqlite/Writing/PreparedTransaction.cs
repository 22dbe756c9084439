using System.Buffers.Binary;
using HealthChain.Fhir.Schema;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>A transaction with all done that needs no knowledge of the state: what remains is the writer's.</summary>
internal sealed record PreparedTransaction(AccessScope Scope, IReadOnlyList<Guard> Guards, IReadOnlyList<PreparedWrite> Writes, LedgerRecord? Record);

/// <param name="Identity">Hash of <c>Type/id</c>.</param>
internal abstract record PreparedWrite(ResourceKey Key, TypeSchema? Type, long Identity);

internal sealed record PreparedDelete(ResourceKey Key, TypeSchema? Type, long Identity) : PreparedWrite(Key, Type, Identity);

/// <param name="Body">The content with places for what the commit assigns.</param>
/// <param name="Keys">Its index keys, coded; the instant of <c>_lastUpdated</c> is missing.</param>
/// <param name="InstantAt">Where in the keys it belongs; -1 when <c>_lastUpdated</c> is no parameter here.</param>
/// <param name="Rows">Its index rows in order; patient and rid are missing.</param>
/// <param name="Patients">As <see cref="StoredVersion.Patients"/> says.</param>
/// <param name="IsOnePatientsAlone">Whether it is sealed under the secret of one patient, the only one of them.</param>
internal sealed record PreparedPut(
    ResourceKey Key, TypeSchema PutType, long Identity, BodyTemplate Body, byte[] Keys, int InstantAt, IndexRow[] Rows, long[] Patients, bool IsOnePatientsAlone,
    IReadOnlyList<BlobAddress> Blobs, bool IsPosted)
    : PreparedWrite(Key, PutType, Identity)
{
    /// <summary>Hash of the one patient whose alone it is; 0 for none or several.</summary>
    public long Patient => IsOnePatientsAlone ? Patients[0] : 0;

    /// <summary>Completes the keys.</summary>
    /// <param name="milliseconds">Of Unix time.</param>
    public void SetInstant(long milliseconds)
    {
        if (InstantAt >= 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Keys.AsSpan(InstantAt), DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).Ticks);
        }
    }
}
