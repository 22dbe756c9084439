using System.Buffers.Binary;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Worker;

public sealed class JournalFileTests
{
    private const string FilePath = "/ledger/heads";

    /// <summary>Killed anywhere, started again, and then the power fails: what was appended, or shown after the start, is there.</summary>
    [Fact]
    public void What_a_journal_has_shown_survives_that_the_power_fails_after_the_process_was_killed()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            bool isKilled = true;
            for (int operation = 0; isKilled; operation++)
            {
                var disk = new SimulatedDisk(seed);
                disk.KillAfter(operation);
                isKilled = !TryAppend(disk, out long appended);
                disk.Kill();

                JournalFile started = JournalFile.Open(disk, FilePath, sizeof(long));
                long shown = started.Count;
                Assert.InRange(shown, appended, 2);
                started.Append(Payload(shown));
                disk.Crash();

                JournalFile after = JournalFile.Open(disk, FilePath, sizeof(long));
                Assert.Equal(shown + 1, after.Count);
                for (long number = 0; number <= shown; number++)
                {
                    Assert.Equal(Payload(number), after.Read(number));
                }
            }
        }
    }

    [Fact]
    public void What_a_journal_shows_when_it_is_opened_is_durable()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            for (int operation = 0; operation < 8; operation++)
            {
                var disk = new SimulatedDisk(seed);
                disk.KillAfter(operation);
                TryAppend(disk, out _);
                disk.Kill();

                long shown = JournalFile.Open(disk, FilePath, sizeof(long)).Count;
                disk.Crash();

                Assert.Equal(shown, JournalFile.Open(disk, FilePath, sizeof(long)).Count);
            }
        }
    }

    /// <summary>Appends two records; false when the process was killed meanwhile.</summary>
    private static bool TryAppend(SimulatedDisk disk, out long appended)
    {
        appended = 0;
        try
        {
            JournalFile file = JournalFile.Open(disk, FilePath, sizeof(long));
            for (; appended < 2; appended++)
            {
                file.Append(Payload(appended));
            }

            return true;
        }
        catch (KilledException)
        {
            return false;
        }
    }

    private static byte[] Payload(long number)
    {
        byte[] payload = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(payload, number + 7);
        return payload;
    }
}
