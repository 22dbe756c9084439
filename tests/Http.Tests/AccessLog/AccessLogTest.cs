using System.Net.Http.Headers;
using HealthChain.Consent;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Server;
using HealthChain.Http.Tests.Operations;
using HealthChain.LedgerProofs;
using HealthChain.Smart;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>A server on whose log nobody else writes.</summary>
public sealed class LoggedServer : IAsyncLifetime
{
    public const string DoctorToken = "doctor-of-these-tests";
    public const string PatientToken = "patient-of-these-tests";
    public const string PatientId = "own-patient";

    internal static ServerOptions Options { get; } = new()
    {
        Development = true,
        ConsentPolicy = ImplicitPolicy.AllNormal.Uri,
        Tokens =
        [
            new TokenOptions { Token = DoctorToken, Name = "doctor", Role = Role.Practitioner, FhirUser = "Practitioner/7", Organisation = "Organization/1", Purpose = "TREAT" },
            new TokenOptions { Token = PatientToken, Name = "patient-app", Role = Role.Patient, FhirUser = "Patient/" + PatientId },
        ],
    };

    public FhirServerFixture Server { get; } = new(Options);

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>A record with what stands in it.</summary>
internal sealed record LoggedAccess(AccessEvent Event, string[] Versions, string[] Patients, StatementKind Kind)
{
    public static string[] Sorted(IEnumerable<string> names) => [.. names.Order(StringComparer.Ordinal)];
}

/// <summary>What tests of the log share: what was put on record while something was done.</summary>
public abstract class AccessLogTest(FhirServerFixture server) : OperationTest(server)
{
    private static readonly AccessScope Everything = AccessScope.System("tests");

    private readonly FhirServerFixture _server = server;

    private protected IResourceStore Store => _server.Engine;

    /// <summary>The records that came while something was done.</summary>
    private protected async Task<LoggedAccess[]> RecordedAsync(Func<Task> action)
    {
        long before = Store.Newest;
        await action();
        return await RecordsAfterAsync(before);
    }

    private protected async Task<LoggedAccess[]> RecordsAfterAsync(long sequence)
    {
        var records = new List<LoggedAccess>();
        for (long next = sequence + 1; next <= Store.Newest; next++)
        {
            if (await Store.ReadRecordAsync(Everything, next, Cancel) is { } record)
            {
                records.Add(await ReadAsync(record));
            }
        }

        return [.. records];
    }

    private protected static void CheckNamed(LoggedAccess record, string[] versions, string[] patients)
    {
        Assert.Equal(LoggedAccess.Sorted(versions), record.Versions);
        Assert.Equal(LoggedAccess.Sorted(patients), record.Patients);
    }

    /// <summary>A request and the one record that it leaves.</summary>
    private protected async Task<(Answer Answer, LoggedAccess Record)> OneAsync(Func<Task<Answer>> request)
    {
        Answer? answer = null;
        LoggedAccess[] records = await RecordedAsync(async () => answer = await request());
        Assert.True(records.Length == 1, $"{(int)answer!.Status} left {records.Length} records: {string.Join("; ", records.Select(record => record.Event))}");
        return (answer, records[0]);
    }

    private protected static (string, string) As(string token) => ("Authorization", "Bearer " + token);

    private protected async Task<Answer> FormAsync(string path, string form)
    {
        using var content = new StringContent(form);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded");
        using HttpResponseMessage response = await Client.PostAsync(new Uri(Base, path), content, Cancel);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), new Dictionary<string, string>());
    }

    private async Task<LoggedAccess> ReadAsync(StoredRecord record)
    {
        AccessEvent? happened = AccessCodec.Read(record.Body.Span);
        Assert.NotNull(happened);
        IReadOnlyList<VersionIdentity> versions = await Store.IdentifyAsync(Everything, record.Accessed, Cancel);
        return new LoggedAccess(
            happened,
            LoggedAccess.Sorted(versions.Select(version => $"{version.Key}/{version.Version}")),
            LoggedAccess.Sorted(record.Patients.Select(patient => patient.Id)),
            record.Kind);
    }
}
