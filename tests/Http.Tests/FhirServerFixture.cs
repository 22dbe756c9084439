using System.Net.Http.Headers;
using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer;
using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.State;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.ContractTests;
using HealthChain.Storage.ContractTests.Model;
using HealthChain.Storage.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

[assembly: AssemblyFixture(typeof(HealthChain.Http.Tests.FhirServerFixture))]

namespace HealthChain.Http.Tests;

/// <summary>
/// One server for all tests, listening on a free port of this machine. Tests keep out of each other's way by unique ids and
/// identifiers: <see cref="FhirTest.Unique"/>.
/// </summary>
public class FhirServerFixture : IAsyncLifetime
{
    public const string AdministratorToken = "administrator-of-these-tests";
    public const string PractitionerToken = "practitioner-of-these-tests";

    private readonly ServerOptions _options;

    public FhirServerFixture()
        : this(new ServerOptions
        {
            Development = true,
            ConsentPolicy = ImplicitPolicy.AllNormal.Uri,
            Tokens =
            [
                new TokenOptions { Token = AdministratorToken, Name = "administrator", Role = Role.Administrator },
                new TokenOptions { Token = PractitionerToken, Name = "practitioner", Role = Role.Practitioner },
            ],
        })
    {
    }

    /// <summary>A server of one's own, to see what an option does.</summary>
    internal FhirServerFixture(ServerOptions options) => _options = options;

    /// <summary>Which engine the tests run on: <c>model</c> for the one in memory that the others are compared with; SQLite otherwise.</summary>
    private static readonly bool IsModel = Environment.GetEnvironmentVariable("HEALTHCHAIN_TEST_ENGINE") == "model";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain");
    private WebApplication? _app;
    private IResourceStore? _store;
    private Stores? _stores;

    /// <summary>Laid around the store before the server gets it.</summary>
    internal Func<IResourceStore, IResourceStore> Around { get; init; } = static store => store;

    /// <summary>Knows tokens of users and systems; null for a server that takes fixed tokens alone.</summary>
    internal SmartState? Smart { get; init; }

    /// <summary>The clock of the server.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the store is told before the server starts.</summary>
    internal Func<IResourceStore, Task> Fill { get; init; } = static _ => Task.CompletedTask;

    /// <summary>What the server writes to, without what is laid around it.</summary>
    internal IResourceStore Engine => _store!;

    internal IServiceProvider Services => _app!.Services;

    public Uri Base { get; private set; } = new("http://localhost");

    public HttpClient Client { get; private set; } = new();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        ServerOptions options = _options with { Data = _folder.FullName };
        StoreSetup setup = StoreSetup.With(Time);
        if (IsModel)
        {
            _store = new ModelStore(setup);
        }
        else
        {
            _stores = await Stores.OpenAsync(options, setup.Parameters, Time, CancellationToken.None);
            _store = _stores.Resources;
            builder.Services.AddSingleton(_stores);
        }

        await Fill(_store);
        builder.Services.AddSingleton(Time);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(setup.Parameters);
        builder.Services.AddSingleton(_stores?.Resources.Hasher ?? setup.Hasher);
        builder.Services.AddSingleton(new PageCursors("a secret for tests, 32 bytes long"u8));
        builder.Services.AddSingleton(_stores?.Blobs ?? new BlobStore(options.Blobs with { Folder = options.Folder(options.Blobs.Folder) }, Time));
        if (Smart is not null)
        {
            builder.Services.AddSingleton(Smart);
        }

        builder.Services.AddFhir(Around(_store));
        _app = builder.Build();
        _app.Use(Outcomes.AnswerFailures);
        _app.MapFhir();
        await _app.StartAsync();
        Base = new Uri(_app.Urls.Single() + "/fhir/");
        Client = new HttpClient { BaseAddress = Base };
        Client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/fhir+json"));
    }

    /// <summary>Removes what no version refers to, as the server does from time to time.</summary>
    public ValueTask<BlobSweep> SweepAsync(TimeSpan minimumAge) => _app!.Services.GetRequiredService<BlobSweeper>().SweepAsync(minimumAge, default);

    /// <summary>Erases a patient.</summary>
    public async Task EraseAsync(string patient) =>
        _ = (await _store!.EraseAsync(AccessScope.System("tests"), new ResourceKey("Patient", patient), "test"u8.ToArray(), default)).Value;

    /// <summary>The files of the blob store.</summary>
    public string[] BlobFiles() => Directory.GetFiles(Path.Combine(_folder.FullName, "blobs"), "*", SearchOption.AllDirectories);

    /// <summary>All files of the data folder.</summary>
    public string[] DataFiles() => Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories);

    /// <summary>A part of the server, for tests of what no request can say.</summary>
    internal T Part<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>Appends an access record, and gives the id of its AuditEvent.</summary>
    internal async Task<string> RecordAsync(AccessEvent happened, string[] patients, params long[] accessed)
    {
        var hasher = _app!.Services.GetRequiredService<IndexHasher>();
        var record = new LedgerRecord(AccessCodec.Write(happened))
        {
            Patients = [.. patients.Select(id => hasher.Reference(new ResourceKey("Patient", id)))],
            Accessed = accessed,
        };
        return AuditEvents.IdOf((await _store!.AppendRecordAsync(AccessScope.System("tests"), record, default)).Value);
    }

    /// <summary>Puts a resource with an id into the store; null deletes the resource of that type and id.</summary>
    public async Task<StoredVersion> StoreAsync(string type, string id, string? json)
    {
        var key = new ResourceKey(type, id);
        Write write = json is null ? new Delete(key) : new Put(key, FhirJson.Read(System.Text.Encoding.UTF8.GetBytes(json)).Root);
        var committed = (Committed)(await _store!.CommitAsync(AccessScope.System("tests"), Transaction.Of(write), default)).Value;
        return committed.Versions[0]!;
    }

    /// <summary>Ends the server and starts another one on what it left, at another address.</summary>
    /// <param name="meanwhile">What happens to the data folder in between.</param>
    public async Task RestartAsync(Action<string>? meanwhile = null)
    {
        await StopAsync();
        meanwhile?.Invoke(_folder.FullName);
        await InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private async Task StopAsync()
    {
        Client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        if (_stores is not null)
        {
            await _stores.DisposeAsync();
        }
    }
}
