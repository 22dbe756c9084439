using System.Buffers.Text;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Server;
using Xunit;

namespace HealthChain.FhirServer.Tests.Responses;

public sealed class PageCursorsTests
{
    private static readonly PageCursors Cursors = new("a secret of thirty-two characters"u8);

    [Fact]
    public void A_cursor_opens_to_what_was_sealed()
    {
        PagePosition position = PagePosition.Next(PagePosition.Next(null, 7, 3), 7, long.MinValue);

        PagePosition opened = Cursors.Open(Cursors.Seal(position, "ctx"), "ctx").Value;

        Assert.Equal(7, opened.Newest);
        Assert.Equal([3, long.MinValue], opened.Starts);
        Assert.False(opened.IsCut);
    }

    [Fact]
    public void The_same_position_never_looks_the_same()
    {
        PagePosition position = PagePosition.Next(null, 1, 1);

        Assert.NotEqual(Cursors.Seal(position, "ctx"), Cursors.Seal(position, "ctx"));
    }

    [Fact]
    public void Any_altered_byte_is_noticed()
    {
        byte[] cursor = Base64Url.DecodeFromChars(Cursors.Seal(PagePosition.Next(null, 1, 1), "ctx"));
        for (int i = 0; i < cursor.Length; i++)
        {
            byte[] altered = [.. cursor];
            altered[i] ^= 1;
            Assert.False(Cursors.Open(Base64Url.EncodeToString(altered), "ctx").IsOk);
        }
    }

    [Fact]
    public void A_cursor_is_good_in_its_context_and_under_its_secret_alone()
    {
        string cursor = Cursors.Seal(PagePosition.Next(null, 1, 1), "ctx");

        Assert.False(Cursors.Open(cursor, "other").IsOk);
        Assert.False(new PageCursors("another secret of 32 characters!"u8).Open(cursor, "ctx").IsOk);
        Assert.True(new PageCursors("a secret of thirty-two characters"u8).Open(cursor, "ctx").IsOk);
    }

    [Fact]
    public void The_oldest_starts_are_forgotten()
    {
        PagePosition? position = null;
        for (int page = 1; page <= 40; page++)
        {
            position = PagePosition.Next(position, 100, page);
        }

        Assert.Equal(Enumerable.Range(25, 16).Select(page => (long)page), position!.Starts);
        Assert.True(position.IsCut);
        while (position.Previous is { } previous)
        {
            position = previous;
        }

        Assert.True(position.IsCut);
    }

    [Theory]
    [InlineData("")]
    [InlineData("=")]
    [InlineData("ä")]
    [InlineData("AAAA")]
    public void What_is_no_cursor_is_refused(string text) => Assert.False(Cursors.Open(text, "ctx").IsOk);

    [Fact]
    public void The_secret_of_a_folder_stays_the_same_and_nobody_else_may_read_it()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("healthchain");
        try
        {
            string inside = Path.Combine(folder.FullName, "data");

            byte[] secret = ServerSecret.ReadOrMake(inside);

            Assert.Equal(secret, ServerSecret.ReadOrMake(inside));
            Assert.Equal(32, secret.Length);
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(inside).Single()));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
