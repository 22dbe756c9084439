namespace HealthChain.Storage.Sqlite.Index;

/// <summary>The generations that hold rows which the B-trees may lack. Immutable: the writer publishes another when one is frozen or flushed.</summary>
/// <param name="active">Takes new rows.</param>
/// <param name="frozen">Is being flushed, or null.</param>
internal sealed class GenerationSet(Generation active, Generation? frozen)
{
    public Generation Active { get; } = active;

    public Generation? Frozen { get; } = frozen;

    public bool Contains(in IndexRow row, long snapshot) => Active.Contains(row, snapshot) || Frozen?.Contains(row, snapshot) == true;

    public void FindValue(ushort number, long hash, long snapshot, List<long> rids)
    {
        Active.FindValue(number, hash, snapshot, rids);
        Frozen?.FindValue(number, hash, snapshot, rids);
    }

    public void FindValue(ushort number, long hash, long patient, long snapshot, List<long> rids)
    {
        Active.FindValue(number, hash, patient, snapshot, rids);
        Frozen?.FindValue(number, hash, patient, snapshot, rids);
    }

    public void FindRange(ushort number, in RangeQuery query, long snapshot, List<long> rids)
    {
        Active.FindRange(number, query, snapshot, rids);
        Frozen?.FindRange(number, query, snapshot, rids);
    }
}
