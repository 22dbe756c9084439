using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Smart.State.Journal;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Smart.Tests.State.StateFixture;

namespace HealthChain.Smart.Tests.State;

/// <summary>What the journal keeps, what it drops and what it refuses. That nothing is lost whatever crashes is the model's matter.</summary>
public sealed class JournalTests
{
    private const string Folder = "/smart";
    private const string File = Folder + "/smart.journal";
    private static readonly byte[] Key = new byte[32];

    private readonly SimulatedDisk _disk = new(1);
    private readonly TestClock _clock = new();

    [Fact]
    public async Task Everything_is_there_after_a_restart_and_after_compaction()
    {
        IssuedTokens tokens;
        string code;
        string cookie;
        string launch;
        using (SmartState state = await FilledAsync())
        {
            tokens = (await state.RedeemCodeAsync(Redemption((await state.IssueCodeAsync(Request("patient/*.rs offline_access"))).Value))).Value;
            code = (await state.IssueCodeAsync(Request("patient/*.rs"))).Value;
            cookie = (await state.StartSessionAsync(User, ["pwd", "otp"]))!;
            launch = await state.AddLaunchAsync(new Launch(App, User, new LaunchContext { Patient = "12", FhirContext = ["ImagingStudy/3"], NeedPatientBanner = false }));
            Assert.True(await state.UseAssertionAsync(StateFixture.System, "j1", TestClock.Start + TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken));
        }

        for (int i = 0; i < 2; i++)
        {
            using SmartState state = Open();
            Assert.Equivalent(UserAccount, state.FindAccount(User), strict: true);
            Assert.Equivalent(AppClient, state.FindClient(App), strict: true);
            Assert.Equal("patient/*.rs offline_access", state.FindToken(tokens.AccessToken)?.Scopes.Text);
            Assert.Equal(["pwd", "otp"], state.FindSession(cookie)!.Methods);
            Assert.Equal(["ImagingStudy/3"], state.FindLaunch(launch, App)!.Context.FhirContext);
            Assert.False(state.FindLaunch(launch, App)!.Context.NeedPatientBanner);
            Assert.False(await state.UseAssertionAsync(StateFixture.System, "j1", TestClock.Start + TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken));
            Assert.Equal(App, state.FindClientOfToken(tokens.RefreshToken!)?.Id);
            await state.CompactAsync();
        }

        using SmartState last = Open();
        Assert.True((await last.RedeemCodeAsync(Redemption(code))).IsOk);
        Assert.True((await last.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!))).IsOk);
    }

    [Fact]
    public async Task No_secret_and_no_name_stands_in_the_file()
    {
        IssuedTokens tokens;
        string cookie;
        using (SmartState state = await FilledAsync())
        {
            tokens = (await state.RedeemCodeAsync(Redemption((await state.IssueCodeAsync(Request("patient/*.rs offline_access"))).Value))).Value;
            cookie = (await state.StartSessionAsync(User, ["pwd"]))!;
        }

        string file = global::System.Text.Encoding.Latin1.GetString(_disk.Read(File)!);
        foreach (string secret in new[] { tokens.AccessToken, tokens.RefreshToken!, cookie, UserAccount.FhirUser!, RedirectUri })
        {
            Assert.DoesNotContain(secret, file, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_an_erased_patient_leaves_is_not_even_sealed_in_the_file()
    {
        using SmartState state = await FilledAsync();
        for (int i = 0; i < 20; i++)
        {
            await state.RedeemCodeAsync(Redemption((await state.IssueCodeAsync(Request("patient/*.rs offline_access"))).Value));
        }

        long before = _disk.Length(File);
        await state.EraseAsync("Patient/12");
        Assert.InRange(_disk.Length(File), 100, before / 4);
    }

    [Fact]
    public async Task A_torn_end_is_cut_off()
    {
        using (SmartState state = await FilledAsync())
        {
            await state.AddAccountAsync(UserAccount with { Id = "late", Name = "late" });
        }

        byte[] file = _disk.Read(File)!;
        using (Files.IDiskFile torn = _disk.Open(File, FileMode.Open))
        {
            torn.Length = file.Length - 1;
        }

        using SmartState after = Open();
        Assert.NotNull(after.FindAccount(User));
        Assert.Null(after.FindAccount("late"));
        Assert.True(await after.AddAccountAsync(UserAccount with { Id = "later", Name = "later" }));
    }

    [Fact]
    public async Task Damage_before_the_end_is_refused_wherever_it_is()
    {
        using (SmartState state = await FilledAsync())
        {
            await state.AddAccountAsync(UserAccount with { Id = "last", Name = "last" });
        }

        byte[] whole = _disk.Read(File)!;
        int lastFrame = whole.Length - (await LengthOfLastFrameAsync());
        for (int at = 0; at < lastFrame; at += 3)
        {
            _disk.Damage(File, at);
            Assert.Throws<SmartStateException>(Open);
            _disk.Damage(File, at);
        }

        Open().Dispose();
    }

    [Fact]
    public async Task A_journal_of_another_key_is_refused_and_stays_as_it_is()
    {
        (await FilledAsync()).Dispose();
        byte[] before = _disk.Read(File)!;
        byte[] other = [.. Key.Select(_ => (byte)1)];

        Assert.Throws<SmartStateException>(() => SmartState.Open(new SmartStateOptions(), _disk, Folder, other, JournalLimits.Default, _clock));
        Assert.Equal(before, _disk.Read(File)!);
    }

    [Fact]
    public async Task Many_changes_at_once_share_synchronisations_and_compaction_goes_on_beside_them()
    {
        const int Count = 2_000;
        var limits = new JournalLimits { CompactionBytes = 20_000 };
        string[] tokens;
        using (SmartState state = SmartState.Open(new SmartStateOptions { MostFamiliesPerAuthorisation = 5_000 }, _disk, Folder, Key, limits, _clock))
        {
            await FillAsync(state);
            int before = _disk.Operations;
            tokens = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(async () =>
                (await state.IssueForSystemAsync(new SystemRequest(StateFixture.System, ScopeSet.Parse("system/Patient.rs")))).Value.AccessToken)));
            Assert.InRange(_disk.Operations - before, 2, Count);
        }

        // Whoever closes it does not wait for a compaction that has begun; what is left to do is done with the next changes.
        for (int tries = 0; tries < 20 && !_disk.Trace.Exists(IsRename); tries++)
        {
            using SmartState state = SmartState.Open(new SmartStateOptions { MostFamiliesPerAuthorisation = 5_000 }, _disk, Folder, Key, limits, _clock);
            for (int i = 0; i < 100; i++)
            {
                await state.IssueForSystemAsync(new SystemRequest(StateFixture.System, ScopeSet.Parse("system/Patient.rs")));
            }
        }

        Assert.Contains(_disk.Trace, IsRename);
        using SmartState after = Open();
        Assert.All(tokens, token => Assert.NotNull(after.FindToken(token)));

        static bool IsRename(string operation) => operation.StartsWith("rename", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_that_many_bring_at_once_gives_tokens_once_at_most_and_in_the_end_to_nobody()
    {
        using SmartState state = await FilledAsync();
        for (int round = 0; round < 50; round++)
        {
            string code = (await state.IssueCodeAsync(Request("patient/*.rs offline_access"))).Value;
            OAuthResult<IssuedTokens>[] results =
                await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await state.RedeemCodeAsync(Redemption(code)))));

            OAuthResult<IssuedTokens> won = Assert.Single(results, result => result.IsOk);
            Assert.Null(state.FindToken(won.Value.AccessToken));
            Assert.False((await state.RefreshAsync(new RefreshRequest(App, won.Value.RefreshToken!))).IsOk);
        }
    }

    [Fact]
    public async Task Changes_that_a_disk_refused_are_written_with_the_next()
    {
        var disk = new FullDisk(_disk);
        using (SmartState state = SmartState.Open(new SmartStateOptions(), disk, Folder, Key, JournalLimits.Default, _clock))
        {
            await FillAsync(state);
            disk.IsFull = true;
            await Assert.ThrowsAsync<IOException>(async () => await state.RemoveAccountAsync(User));
            Assert.Null(state.FindAccount(User));
            disk.IsFull = false;
            Assert.False(await state.RemoveAccountAsync(User));
        }

        using SmartState after = Open();
        Assert.Null(after.FindAccount(User));
        Assert.NotNull(after.FindClient(App));
    }

    private static async Task FillAsync(SmartState state)
    {
        await state.RegisterAsync(AppClient);
        await state.RegisterAsync(SystemClient);
        await state.AddAccountAsync(UserAccount);
    }

    private SmartState Open() => SmartState.Open(new SmartStateOptions(), _disk, Folder, Key, JournalLimits.Default, _clock);

    private async Task<SmartState> FilledAsync()
    {
        SmartState state = Open();
        await FillAsync(state);
        return state;
    }

    private async Task<int> LengthOfLastFrameAsync()
    {
        var disk = new SimulatedDisk(2);
        long before;
        using (SmartState state = SmartState.Open(new SmartStateOptions(), disk, Folder, Key, JournalLimits.Default, _clock))
        {
            await FillAsync(state);
            before = disk.Length(File);
            await state.AddAccountAsync(UserAccount with { Id = "last", Name = "last" });
        }

        return (int)(disk.Length(File) - before);
    }

    /// <summary>A disk that has no room while a test says so.</summary>
    private sealed class FullDisk(SimulatedDisk disk) : Files.IDisk
    {
        public bool IsFull { get; set; }

        public Files.IDiskFile Open(string path, FileMode mode, FileShare share = FileShare.None) => new FullFile(this, disk.Open(path, mode, share));

        public byte[]? Read(string path) => disk.Read(path);

        public int Read(string path, Span<byte> buffer, long offset) => disk.Read(path, buffer, offset);

        public long Length(string path) => disk.Length(path);

        public void Rename(string from, string to) => disk.Rename(from, to);

        public void Delete(string path) => disk.Delete(path);

        public void CreateFolder(string path) => disk.CreateFolder(path);

        public void SyncFolder(string path) => disk.SyncFolder(path);

        public IReadOnlyList<string> List(string folder) => disk.List(folder);

        private sealed class FullFile(FullDisk disk, Files.IDiskFile file) : Files.IDiskFile
        {
            public long Length { get => file.Length; set => file.Length = value; }

            public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

            public void Write(ReadOnlySpan<byte> bytes, long offset)
            {
                if (disk.IsFull)
                {
                    file.Write(bytes[..(bytes.Length / 2)], offset);
                    throw new IOException("No space left on device");
                }

                file.Write(bytes, offset);
            }

            public void Sync() => file.Sync();

            public void Dispose() => file.Dispose();
        }
    }
}
