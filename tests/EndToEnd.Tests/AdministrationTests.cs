using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>Accounts and clients at the command line, with a server and without one, across kills, backup and restore.</summary>
public sealed class AdministrationTests : IDisposable
{
    private const string Lab = """
        {
          "client_id": "lab", "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
          "redirect_uris": ["https://lab.example.org/back"], "scope": "openid user/*.rs"
        }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-administration");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_is_added_is_there_after_a_kill_and_after_a_restore()
    {
        DirectoryInfo data = _folder.CreateSubdirectory("data");
        string client = Path.Combine(_folder.FullName, "client.json");
        await File.WriteAllTextAsync(client, Lab, Cancel);
        await using (ServerProcess server = await ServerProcess.StartAsync(data, []))
        {
            Finished added = await RunAsync(data, "accounts", "add", "meyer", "--role", "practitioner", "--fhir-user", "Practitioner/7", "--organisation", "Organization/1");
            Assert.Matches(@"^meyer\t[a-z2-7]{20,}\n$", added.Output);
            Finished registered = await RunAsync(data, "clients", "add", client, "--secret");
            Assert.Matches(@"^[A-Za-z0-9_-]{40,}\n$", registered.Output);
            await RunAsync(data, "accounts", "add", "root", "--role", "administrator");
        }

        // The server was killed; the command opens the folder itself.
        const string Accounts = "meyer\tpractitioner\tPractitioner/7\tOrganization/1\thas a one-time password\nroot\tadministrator\t-\t-\thas a one-time password\n";
        Assert.Equal(Accounts, (await RunAsync(data, "accounts", "list")).Output);
        string backup = Path.Combine(_folder.FullName, "backup");
        await RunAsync(data, "backup", backup);
        Assert.DoesNotContain("meyer", await File.ReadAllTextAsync(Path.Combine(backup, "smart", "smart.journal"), System.Text.Encoding.Latin1, Cancel));
        Assert.Equal(["smart.journal"], Directory.GetFiles(Path.Combine(backup, "smart")).Select(Path.GetFileName));
        await RunAsync(data, "accounts", "disable", "meyer");

        DirectoryInfo restored = _folder.CreateSubdirectory("restored");
        Directory.Move(Path.Combine(data.FullName, "tenant-key"), Path.Combine(restored.FullName, "tenant-key"));
        await RunAsync(restored, "restore", backup);
        Assert.True(File.Exists(Path.Combine(restored.FullName, "smart", "restored")));
        await using (ServerProcess server = await ServerProcess.StartAsync(restored, []))
        {
            Assert.False(File.Exists(Path.Combine(restored.FullName, "smart", "restored")));
            Assert.Equal(Accounts, (await RunAsync(restored, "accounts", "list")).Output);
            Assert.StartsWith("lab\tsecret\t-\tactive\t", (await RunAsync(restored, "clients", "list")).Output);
            await RunAsync(restored, "clients", "revoke", "lab");
            await RunAsync(restored, "keys", "rotate");
            Assert.Equal(0, (await server.StopAsync()).ExitCode);
        }

        Assert.False(File.Exists(Path.Combine(restored.FullName, "smart", "restored")));
        Assert.Contains("\tblocked\t", (await RunAsync(restored, "clients", "list")).Output);
        Assert.Equal(2, (await Executable.RunAsync("accounts", "reset", "nobody", "--data", restored.FullName)).ExitCode);
    }

    [Fact]
    public async Task Demo_accounts_are_refused_where_others_reach_the_server()
    {
        Finished refused = await Executable.RunAsync("serve", "--urls", "http://0.0.0.0:0", "--demo", "--data", _folder.FullName);

        Assert.Equal(64, refused.ExitCode);
        Assert.Contains("HealthChain:Demo", refused.Errors);
    }

    private static async Task<Finished> RunAsync(DirectoryInfo data, params string[] words)
    {
        Finished done = await Executable.RunAsync([.. words, "--data", data.FullName]);
        Assert.True(done.ExitCode == 0, $"{string.Join(' ', words)}: {done.ExitCode} {done.Errors}");
        return done;
    }
}
