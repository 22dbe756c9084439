using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Writing;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Ledger;

public sealed class PatientChainsTests
{
    /// <summary>The plain version beside it: a dictionary of all. Sessions end at random moments, some by a crash.</summary>
    [Theory]
    [InlineData(1, 4, 1000)]
    [InlineData(2, 100, 10)]
    [InlineData(3, 8, 16)]
    public void It_knows_the_last_of_each_patient_whenever_it_was_stopped(int seed, int mostInMemory, int mostBehind)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(seed);
        var expected = new Dictionary<long, long>();
        long sequence = 0;
        for (int session = 0; session < 12; session++)
        {
            using Connection connection = Connection.OpenForWriting(folder.File("a.db"));
            Schema.Migrate(connection);
            using var sql = new WriteStatements(connection);
            using var chains = new PatientChains(connection, mostInMemory: mostInMemory, mostBehind: mostBehind);
            for (int commit = random.Next(20); commit > 0; commit--)
            {
                sql.Begin.Run();
                for (int version = random.Next(1, 6); version > 0; version--)
                {
                    long subject = random.Next(1, 40);
                    sequence++;
                    Assert.Equal(expected.GetValueOrDefault(subject), chains.Advance(subject, sequence));
                    expected[subject] = sequence;
                    connection.Execute($"INSERT INTO ver(vid, rid, v, ts, op, type, sub, hash) VALUES({sequence}, 1, {sequence}, 0, 0, 1, {subject}, x'00')");
                }

                if (random.Next(5) == 0)
                {
                    long erased = random.Next(1, 40);
                    Assert.Equal(expected.GetValueOrDefault(erased), chains.End(erased));
                    expected.Remove(erased);
                    connection.Execute($"UPDATE ver SET sub=0 WHERE sub={erased}");
                }

                chains.WriteSome(sql);
                sql.Commit.Run();
                chains.Committed(sequence);
                AssertKnown(connection, chains, expected);
            }

            if (random.Next(2) == 0)
            {
                sql.Begin.Run();
                chains.WriteAll(sequence, sql);
                sql.Commit.Run();
                chains.Committed(sequence);
                AssertKnown(connection, chains, expected);
                Assert.Equal(expected.Count, connection.QueryInt64("SELECT count(*) FROM chain"));
            }
        }

        Assert.True(sequence > 100);
    }

    /// <summary>What readers learn from memory and table together is the end of each chain.</summary>
    private static void AssertKnown(Connection connection, PatientChains chains, Dictionary<long, long> expected)
    {
        for (long subject = 1; subject < 40; subject++)
        {
            long recent = chains.RecentEnd(subject, out long completeTo);
            Assert.Equal(WriterState.MetaOf(connection, Meta.ChainsWatermark), completeTo);
            Assert.Equal(expected.GetValueOrDefault(subject), recent != 0 ? recent : connection.QueryInt64($"SELECT last FROM chain WHERE sub={subject}"));
        }
    }

    [Fact]
    public void Patients_in_memory_are_written_before_they_are_too_many()
    {
        using var folder = new TemporaryFolder();
        using Connection connection = Connection.OpenForWriting(folder.File("a.db"));
        Schema.Migrate(connection);
        using var sql = new WriteStatements(connection);
        using var chains = new PatientChains(connection, mostInMemory: 500);
        for (int commit = 0; commit < 100; commit++)
        {
            sql.Begin.Run();
            for (int i = 1; i <= 100; i++)
            {
                chains.Advance((commit * 100) + i, (commit * 100) + i);
            }

            chains.WriteSome(sql);
            sql.Commit.Run();
            chains.Committed((commit + 1) * 100);
        }

        Assert.InRange(connection.QueryInt64("SELECT count(*) FROM chain"), 9000, 10_000);
    }
}
