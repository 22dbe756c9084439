using HealthChain.Fhir.Model;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>A resource with its index computed again.</summary>
/// <param name="Sequence">Of its newest version, which may be a deletion.</param>
internal sealed record Reindexed(long Rid, long Sequence, bool IsDeleted, PreparedPut Put);

/// <summary>Replaces the index of resources that did not change since, directly in the tables.</summary>
internal sealed class Reindexing(WriterSession session, EngineParts parts)
{
    /// <summary>Computes the index of a resource from its content.</summary>
    /// <param name="instant">Of the content, in milliseconds of Unix time.</param>
    /// <param name="content">Its newest version; of a deleted one the version before.</param>
    public static Reindexed Of(Head head, long instant, StoredVersion content, PreparerPool preparers)
    {
        var put = new Put(content.Key, FhirJson.Read(content.Json).Root);
        PreparedPut prepared = preparers.Use(preparer => preparer.Prepare(put));
        prepared.SetInstant(instant);
        return new Reindexed(head.Rid, head.Newest, head.IsDeleted, prepared);
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
            long patient = put.Patient == 0 ? 0 : subjects.Of(put.Patient).Number;
            before.Read(head);
            after.Set(resource.IsDeleted ? [] : put.Rows, put.PutType, patient, head.Rid);
            before.ChangeTo(after, session.Tables, head.Newest);
            update.Bind(1, patient);
            update.Bind(2, put.Keys);
            update.Bind(3, head.Rid);
            update.Run();
        }

        session.Commit();
    }
}
