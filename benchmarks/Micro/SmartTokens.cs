using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.Micro;

/// <summary>
/// Tokens of the authorisation server: looking one up beside a SHA-256 of its text alone, issuing and refreshing with everything on the disk before
/// the answer, and a million live ones in memory and at a start.
/// </summary>
internal static class SmartTokens
{
    private const int Rounds = 11;
    private const int Checks = 200_000;
    private const int Many = 1_000_000;
    private const string Verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";
    private const string RedirectUri = "https://app.example/back";

    public static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("smart-tokens").FullName;
        try
        {
            RunAsync(folder).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(string folder)
    {
        var options = new SmartStateOptions { AccessTokenLifetime = TimeSpan.FromHours(1), MostFamiliesPerAuthorisation = int.MaxValue };
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[][] some;
        using (SmartState state = SmartState.Open(options, folder, key, TimeProvider.System))
        {
            await FillAsync(state);
            await ThroughputAsync(state, waiting: 1, count: 300);
            await ThroughputAsync(state, waiting: 32, count: 4_000);
            await ThroughputAsync(state, waiting: 512, count: 30_000);
            some = await ManyAsync(state);
            Check(state, some);
        }

        long start = Stopwatch.GetTimestamp();
        using SmartState again = SmartState.Open(options, folder, key, TimeProvider.System);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        long bytes = new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
        Console.WriteLine($"tokens  start with {Many:N0} live tokens                {time.TotalSeconds,8:F2} s, journal {bytes >> 20} MiB, {some.Count(token => again.FindToken(token) is not null)} of {some.Length} looked up are there");
    }

    private static async Task FillAsync(SmartState state)
    {
        await state.RegisterAsync(new Client { Id = "system", Kind = ClientKind.ConfidentialAsymmetric, Name = "A system", AllowedScopes = "system/*.rs" });
        await state.RegisterAsync(new Client
        {
            Id = "app",
            Kind = ClientKind.Public,
            Name = "An app",
            RedirectUris = [RedirectUri],
            AllowedScopes = "patient/*.cruds offline_access",
        });
        await state.AddAccountAsync(new Account { Id = "user", Name = "user", Role = Role.Patient, FhirUser = "Patient/12" });
    }

    private static async Task ThroughputAsync(SmartState state, int waiting, int count)
    {
        ScopeSet scopes = ScopeSet.Parse("system/*.rs");
        double issued = await PerSecondAsync(waiting, count, _ => IssueAsync(state, scopes));
        string[] refresh = new string[waiting];
        for (int i = 0; i < waiting; i++)
        {
            refresh[i] = await RefreshTokenAsync(state);
        }

        double refreshed = await PerSecondAsync(
            waiting, count, async worker => refresh[worker] = (await state.RefreshAsync(new RefreshRequest("app", refresh[worker]))).Value.RefreshToken!);
        Console.WriteLine($"tokens  {waiting,4} waiting: issue {issued,8:F0}/s, refresh {refreshed,8:F0}/s, each durable before its answer");
    }

    private static async Task<IssuedTokens> IssueAsync(SmartState state, ScopeSet scopes) =>
        (await state.IssueForSystemAsync(new SystemRequest("system", scopes))).Value;

    private static async Task<string> RefreshTokenAsync(SmartState state)
    {
        string code = (await state.IssueCodeAsync(new CodeRequest
        {
            Client = "app",
            Account = "user",
            RedirectUri = RedirectUri,
            CodeChallenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Verifier))),
            Scopes = ScopeSet.Parse("patient/*.rs offline_access"),
            Authenticated = TimeProvider.System.GetUtcNow(),
            Launch = new LaunchContext { Patient = "12" },
        })).Value;
        return (await state.RedeemCodeAsync(new CodeRedemption("app", code, RedirectUri, Verifier))).Value.RefreshToken!;
    }

    private static async Task<double> PerSecondAsync(int waiting, int count, Func<int, Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, waiting).Select(worker => Task.Run(async () =>
        {
            for (int i = worker; i < count; i += waiting)
            {
                await work(worker);
            }
        })));
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>A million tokens, each of its own request, and the texts of some of them.</summary>
    private static async Task<byte[][]> ManyAsync(SmartState state)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        ScopeSet scopes = ScopeSet.Parse("system/*.rs");
        var some = new List<byte[]>();
        const int AtOnce = 1_000;
        for (int i = 0; i < Many; i += AtOnce)
        {
            IssuedTokens[] tokens = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => IssueAsync(state, scopes)));
            some.Add(Encoding.ASCII.GetBytes(tokens[0].AccessToken));
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        Console.WriteLine($"tokens  {Many:N0} live tokens                          {(after - before) / Many,8} bytes each");
        return [.. some];
    }

    private static void Check(SmartState state, byte[][] some)
    {
        double[] hashing = new double[Rounds];
        double[] checking = new double[Rounds];
        long bytes = 0;
        for (int round = -2; round < Rounds; round++)
        {
            double hash = Nanoseconds(i => SHA256.TryHashData(some[i % some.Length], stackalloc byte[32], out _));
            long before = GC.GetAllocatedBytesForCurrentThread();
            double check = Nanoseconds(i => state.FindToken(some[i % some.Length]) is not null);
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (round >= 0)
            {
                (hashing[round], checking[round]) = (hash, check);
            }
        }

        Array.Sort(hashing);
        Array.Sort(checking);
        Console.WriteLine($"tokens  check of one of {Many:N0}                      {checking[Rounds / 2],8:F0} ns of processor time ({checking[0]:F0} to {checking[^1]:F0}), of which SHA-256 {hashing[Rounds / 2]:F0}; {bytes / Checks} bytes allocated");
    }

    private static double Nanoseconds(Func<int, bool> work)
    {
        TimeSpan start = ThreadTime.Now;
        for (int i = 0; i < Checks; i++)
        {
            if (!work(i))
            {
                throw new InvalidOperationException("A live token was not found.");
            }
        }

        return (ThreadTime.Now - start).TotalNanoseconds / Checks;
    }
}
