using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>The index rows of one resource in the order of the tables, without the one of its identity, which never changes.</summary>
internal sealed class ResourceRows(EngineParts parts)
{
    private readonly List<IndexRow> _rows = [];
    private readonly List<IndexKey> _keys = [];

    public IReadOnlyList<IndexRow> Rows => _rows;

    public void Clear() => _rows.Clear();

    /// <summary>Takes the rows that the newest version of a resource has. A deletion has only the one that says whose compartment it is in.</summary>
    public void Read(Head head)
    {
        _keys.Clear();
        if (!head.IsDeleted)
        {
            KeyCoding.ReadNumbered(head.Coded, _keys);
        }

        parts.RowWriter.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_keys), head.Patient, head.Rid, _rows);
        AddMember(head.Type, head.Patient, head.Rid);
    }

    /// <summary>Takes prepared rows and fills in whose they are.</summary>
    public void Set(ReadOnlySpan<IndexRow> prepared, TypeSchema type, long patient, long rid)
    {
        _rows.Clear();
        foreach (ref readonly IndexRow row in prepared)
        {
            _rows.Add(row with { Patient = row.Table == IndexTable.Value ? patient : 0, Rid = rid });
        }

        AddMember(type, patient, rid);
    }

    /// <summary>Removes from an index what these rows have alone, and adds what the others have alone.</summary>
    public void ChangeTo(ResourceRows after, IIndexRows index, long sequence)
    {
        List<IndexRow> old = _rows;
        List<IndexRow> now = after._rows;
        int i = 0;
        int j = 0;
        while (i < old.Count || j < now.Count)
        {
            int order = i == old.Count ? 1 : j == now.Count ? -1 : old[i].CompareTo(now[j]);
            if (order < 0)
            {
                index.Remove(old[i++], sequence);
            }
            else if (order > 0)
            {
                index.Add(now[j++], sequence);
            }
            else
            {
                i++;
                j++;
            }
        }
    }

    private void AddMember(TypeSchema type, long patient, long rid)
    {
        if (patient != 0)
        {
            _rows.Insert(0, IndexRow.Value(Numbers.Member, parts.Numbers.OfType(type.Id), patient, rid));
        }
    }
}
