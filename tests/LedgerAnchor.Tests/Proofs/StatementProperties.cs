using FsCheck;
using FsCheck.Fluent;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

/// <summary>One statement, one form: what is read writes the same bytes again, and what is written reads as the same.</summary>
public sealed class StatementProperties
{
    private static readonly Gen<string> Text = Gen.Choose('!', '~').Select(letter => (char)letter).NonEmptyListOf()
        .Select(letters => new string([.. letters.Take(60)]));

    private static readonly Gen<Hash256> Hash = Gen.Choose(0, 255).ListOf(Hash256.Bytes)
        .Select(bytes => new Hash256([.. bytes.Select(value => (byte)value)]));

    private static readonly Gen<Statement> Any =
        from origin in Text
        from sequence in Gen.Choose(1, 1000).Select(value => (long)value)
        from instant in Gen.Choose(0, int.MaxValue).Select(value => value * 1000L)
        from kind in Gen.Choose(0, 3)
        from statement in kind switch
        {
            0 => Version(origin, sequence, instant),
            1 => Access(origin, sequence, instant),
            2 => from body in Hash
                 from erased in Set(sequence)
                 from previous in Earlier(sequence)
                 select (Statement)new ErasureStatement(origin, sequence, instant, body, erased, previous),
            _ => Hash.Select(body => (Statement)new EventStatement(origin, sequence, instant, body)),
        }
        select statement;

    [Fact]
    public void What_is_written_reads_as_the_same() =>
        Prop.ForAll(Any.ToArbitrary(), statement => statement.Equals(Statement.Read(statement.ToArray()))).Check(RandomCases.Of(2000));

    [Fact]
    public void Bytes_that_are_read_are_written_again_whatever_was_altered()
    {
        int taken = 0;
        Prop.ForAll(Any.ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (statement, choice) =>
        {
            byte[] bytes = statement.ToArray();
            bytes[choice % bytes.Length] ^= (byte)(1 + (choice / bytes.Length % 255));
            if (Statement.Read(bytes) is not { } read)
            {
                return true;
            }

            taken++;
            return read.ToArray().AsSpan().SequenceEqual(bytes) && !read.Equals(statement);
        }).Check(RandomCases.Of(5000));
        Assert.True(taken > 100, $"Only {taken} of the altered ones were statements: the property said little.");
    }

    [Fact]
    public void A_part_of_a_statement_is_none() =>
        Prop.ForAll(Any.ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (statement, choice) =>
        {
            byte[] bytes = statement.ToArray();
            return Statement.Read(bytes.AsSpan(0, choice % bytes.Length)) is null && Statement.Read([.. bytes, 0]) is null;
        }).Check(RandomCases.Of(1000));

    [Fact]
    public void Another_salt_or_statement_gives_another_commitment() =>
        Prop.ForAll(Any.ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (statement, choice) =>
        {
            byte[] bytes = statement.ToArray();
            byte[] salt = new byte[Commitment.SaltBytes];
            Hash256 commitment = Commitment.Of(bytes, salt);
            bytes[choice % bytes.Length] ^= 1;
            Hash256 other = Commitment.Of(bytes, salt);
            bytes[choice % bytes.Length] ^= 1;
            salt[choice % salt.Length] ^= 1;
            return commitment != other && commitment != Commitment.Of(bytes, salt) && other != Commitment.Of(bytes, salt);
        }).Check(RandomCases.Of(100));

    private static Gen<long> Earlier(long sequence) => Gen.Choose(0, (int)sequence - 1).Select(value => (long)value);

    private static Gen<SequenceSet> Set(long sequence) =>
        Earlier(sequence).ListOf().Select(numbers => SequenceSet.Of([.. numbers.Where(number => number > 0).Distinct().Order()]));

    private static Gen<Statement> Version(string origin, long sequence, long instant) =>
        from type in Text
        from id in Text
        from operation in Gen.Elements(VersionOperation.Create, VersionOperation.Update, VersionOperation.Delete)
        from content in Hash
        from previous in Earlier(sequence)
        from version in Gen.Choose(2, 99)
        from patient in Earlier(sequence)
        select (Statement)new VersionStatement(
            origin, sequence, instant, type, id, previous == 0 ? 1 : version, operation, operation == VersionOperation.Delete ? default : content, previous, patient);

    private static Gen<Statement> Access(string origin, long sequence, long instant) =>
        from body in Hash
        from accessed in Set(sequence)
        from consent in Earlier(sequence)
        from patients in Earlier(sequence).ListOf()
        select (Statement)new AccessStatement(
            origin,
            sequence,
            instant,
            body,
            accessed,
            consent,
            new SequenceList([.. patients]));
}
