using HealthChain.Fhir.Model;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>A resource with its index computed again.</summary>
internal sealed record Reindexed(long Rid, long Sequence, PreparedPut Put);

/// <summary>Replaces the index of resources that did not change since, directly in the tables.</summary>
internal sealed class Reindexing(WriterSession session, EngineParts parts)
{
    /// <summary>Computes the index of a current resource from its content.</summary>
    public static Reindexed Of(long rid, StoredVersion version, PreparerPool preparers)
    {
        var put = new Put(version.Key, FhirJson.Read(version.Json).Root);
        return new Reindexed(rid, version.Sequence, preparers.Use(preparer => preparer.Prepare(put)));
    }

    /// <summary>
    /// Writes what is new. Versions that came after the tables were complete are indexed by today's parameters already, and their rows are not
    /// in the tables: they are left alone.
    /// </summary>
    public void Write(IReadOnlyList<Reindexed> resources)
    {
        var head = new Head();
        var before = new ResourceRows(parts);
        var after = new ResourceRows(parts);
        var subjects = new SubjectDirectory(session.Sql, session.State);
        long watermark = WriterState.MetaOf(session.Connection, Meta.Watermark);
        session.Sql.Begin.Run();
        Snapshot view = session.View();
        using Statement update = session.Connection.Prepare("UPDATE res SET pat=?, keys=? WHERE rid=?");
        foreach (Reindexed resource in resources)
        {
            if (resource.Sequence > watermark || !view.TryGetHead(resource.Rid, head) || head.Newest != resource.Sequence)
            {
                continue;
            }

            PreparedPut put = resource.Put;
            put.SetInstant(head.Instant);
            long patient = put.Patient == 0 ? 0 : subjects.Of(put.Patient).Number;
            before.Read(head);
            after.Set(put.Rows, put.PutType, patient, head.Rid);
            before.ChangeTo(after, session.Tables, head.Newest);
            update.Bind(1, patient);
            update.Bind(2, put.Keys);
            update.Bind(3, head.Rid);
            update.Run();
        }

        session.Commit();
    }
}
