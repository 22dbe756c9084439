using HealthChain.Storage.Sqlite.Native;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

public sealed class NativeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Connection _connection;

    public NativeTests()
    {
        _connection = Connection.OpenForWriting(_folder.File("a.db"));
        _connection.Execute("CREATE TABLE t(id INTEGER PRIMARY KEY, i INT, d REAL, b BLOB, s TEXT)");
    }

    public void Dispose()
    {
        _connection.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_library_is_new_enough()
    {
        Assert.True(Version.Parse(SqliteLibrary.Version) >= new Version(3, 40, 1), SqliteLibrary.Version);
    }

    [Theory]
    [InlineData(long.MinValue, -0.0, "", "")]
    [InlineData(long.MaxValue, double.MaxValue, "00ff10", "naïve 😀")]
    [InlineData(0, 1.1, "ab", "a\0b")]
    public void Values_come_back_as_they_were_bound(long number, double real, string blob, string text)
    {
        byte[] bytes = Convert.FromHexString(blob.Length % 2 == 0 ? blob : "");
        using (Statement insert = _connection.Prepare("INSERT INTO t(i,d,b,s) VALUES(?,?,?,?)"))
        {
            insert.Bind(1, number);
            insert.Bind(2, real);
            insert.Bind(3, bytes);
            insert.BindText(4, System.Text.Encoding.UTF8.GetBytes(text));
            insert.Run();
        }

        using Statement select = _connection.Prepare("SELECT i,d,b,s,NULL FROM t");
        Assert.True(select.Step());
        Assert.Equal(number, select.Int64(0));
        Assert.Equal(real, select.Double(1));
        Assert.Equal(bytes, select.Blob(2).ToArray());
        Assert.False(select.IsNull(2));
        Assert.Equal(text, select.Text(3));
        Assert.True(select.IsNull(4));
        Assert.False(select.Step());
    }

    [Fact]
    public void A_statement_is_used_again_after_a_reset()
    {
        using Statement insert = _connection.Prepare("INSERT INTO t(i) VALUES(?)");
        for (int i = 0; i < 100; i++)
        {
            insert.Bind(1, i);
            insert.Run();
        }

        Assert.Equal(4950, _connection.QueryInt64("SELECT sum(i) FROM t"));
    }

    [Fact]
    public void A_failed_statement_names_the_reason_and_can_be_used_again()
    {
        using Statement insert = _connection.Prepare("INSERT INTO t(id) VALUES(?)");
        insert.Bind(1, 7);
        insert.Run();
        insert.Bind(1, 7);

        SqliteException failure = Assert.Throws<SqliteException>(insert.Run);

        Assert.Equal(ResultCodes.Constraint, failure.Code & 0xFF);
        Assert.Contains("UNIQUE", failure.Message, StringComparison.Ordinal);
        insert.Bind(1, 8);
        insert.Run();
        Assert.Equal(2, _connection.QueryInt64("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_full_disk_is_told_as_such_and_loses_nothing_committed()
    {
        _connection.Execute("INSERT INTO t(i) VALUES(1)");
        _connection.Execute("PRAGMA max_page_count=4");

        SqliteException failure = Assert.Throws<SqliteException>(() => _connection.Execute("INSERT INTO t(b) VALUES(zeroblob(100000))"));

        Assert.True(failure.IsFull);
        Assert.Equal(1, _connection.QueryInt64("SELECT count(*) FROM t"));
        Assert.Equal("ok", Text("PRAGMA integrity_check"));
    }

    [Fact]
    public void A_backup_taken_during_writes_is_whole()
    {
        _connection.Execute("PRAGMA journal_mode=WAL");
        for (int i = 0; i < 500; i++)
        {
            _connection.Execute("INSERT INTO t(i,b) VALUES(1,randomblob(2000))");
        }

        using Connection reader = Connection.OpenForReading(_folder.File("a.db"));
        var steps = new List<double>();
        OnlineBackup.Copy(reader, _folder.File("copy.db"), step =>
        {
            steps.Add(step);
            _connection.Execute("INSERT INTO t(i) VALUES(1)");
        }, CancellationToken.None);

        using Connection copy = Connection.OpenForReading(_folder.File("copy.db"));
        Assert.True(copy.QueryInt64("SELECT count(*) FROM t") >= 500);
        using Statement check = copy.Prepare("PRAGMA integrity_check");
        Assert.True(check.Step());
        Assert.Equal("ok", check.Text(0));
    }

    [Fact]
    public void A_missing_database_is_not_created_by_reading()
    {
        Assert.Throws<SqliteException>(() => Connection.OpenForReading(_folder.File("none.db")));
        Assert.False(File.Exists(_folder.File("none.db")));
    }

    private string Text(string sql)
    {
        using Statement statement = _connection.Prepare(sql);
        Assert.True(statement.Step());
        return statement.Text(0);
    }
}
