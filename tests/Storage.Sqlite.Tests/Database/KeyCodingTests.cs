using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Database;

public sealed class KeyCodingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Connection _connection;
    private readonly Numbers _numbers;

    public KeyCodingTests()
    {
        _connection = Connection.OpenForWriting(_folder.File("numbers.db"));
        Schema.Migrate(_connection);
        _numbers = Numbers.Load(_connection, new SearchParameterSet(DefinitionSet.R4));
    }

    [Fact]
    public void Any_keys_come_back_all_of_them_and_by_parameter()
    {
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            IndexKey[] some = [.. Enumerable.Range(0, random.Next(60)).Select(_ => Any(random))];
            IndexKey[] keys = [.. some.Concat(some.Where(_ => random.Next(3) == 0).Select(key => key with { Parameter = (ushort)random.Next(40) })).Distinct().Order()];
            byte[] coded = new byte[KeyCoding.MaxLength(keys.Length)];
            ReadOnlySpan<byte> bytes = coded.AsSpan(0, KeyCoding.Write(keys, _numbers, coded));
            List<IndexKey> read = [new IndexKey(1, IndexKeyKind.Code, 1, 1, 1)];
            KeyCoding.Read(bytes, _numbers, read);
            Assert.Equal(keys, read);
            ushort asked = (ushort)random.Next(40);
            KeyCoding.ReadOf(bytes, _numbers.OfParameter(asked), asked, read);
            Assert.Equal(keys.Where(key => key.Parameter == asked), read);
        }
    }

    [Fact]
    public void A_value_of_several_parameters_is_written_once()
    {
        IndexKey key = new(1, IndexKeyKind.Token, 0x0102_0304_0506_0708, 0, 0);
        IndexKey[] once = [key];
        IndexKey[] often = [.. Enumerable.Range(1, 9).Select(parameter => key with { Parameter = (ushort)parameter })];
        byte[] coded = new byte[KeyCoding.MaxLength(often.Length)];

        int first = KeyCoding.Write(once, _numbers, coded);
        Assert.Equal(first + (8 * 4), KeyCoding.Write(often, _numbers, coded));
    }

    /// <summary>Stored by programs that knew no places: stays readable.</summary>
    [Fact]
    public void Keys_of_the_first_version_are_read()
    {
        byte number = (byte)(2 * _numbers.OfParameter(0));
        List<IndexKey> read = [];

        KeyCoding.Read([1, number, 9, 0x80, 1, 0, 0, 0, 0, 0, 0, 0], _numbers, read);

        Assert.Equal([new IndexKey(0, IndexKeyKind.Code, 1, 0, 0)], read);
    }

    [Fact]
    public void Damaged_bytes_are_told_from_keys_and_end()
    {
        var random = new Random(4);
        IndexKey[] keys = [.. Enumerable.Range(0, 40).Select(_ => Any(random)).Distinct().Order()];
        byte[] coded = new byte[KeyCoding.MaxLength(keys.Length)];
        byte[] whole = coded[..KeyCoding.Write(keys, _numbers, coded)];
        int refused = 0;
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            try
            {
                KeyCoding.Read(cut, _numbers, []);
            }
            catch (StoreException)
            {
                refused++;
            }
        }

        // What is cut between two groups is whole as far as it goes.
        Assert.InRange(refused, whole.Length - keys.Length - 1, whole.Length);
        Assert.Throws<StoreException>(() => KeyCoding.Read([9, 1, 1], _numbers, []));
    }

    public void Dispose()
    {
        _connection.Dispose();
        _folder.Dispose();
    }

    private static IndexKey Any(Random random)
    {
        long low = random.Next(3) switch { 0 => 0, 1 => long.MinValue, _ => random.NextInt64() };
        long high = random.Next(3) switch { 0 => low, 1 => long.MaxValue, _ => random.NextInt64() };
        return new IndexKey((ushort)random.Next(40), (IndexKeyKind)random.Next(16), random.Next(2) == 0 ? 0 : random.NextInt64(), low, high);
    }
}
