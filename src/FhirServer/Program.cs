using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer;
using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Cli;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Upkeep;
using HealthChain.Smart.State;
using HealthChain.Storage.Sealing;
using Microsoft.AspNetCore.Connections;

if (await CommandLine.RunAsync(args, Console.OpenStandardOutput(), Console.Error) is { } exitCode)
{
    return exitCode;
}

if (ServerHost.Configure(args is ["serve", ..] ? args.AsSpan(1) : args, Console.Error) is not var (builder, options))
{
    return ExitCodes.Settings;
}

var parameters = new SearchParameterSet(DefinitionSet.R4);
Stores stores;
try
{
    stores = await Stores.OpenAsync(options, parameters, TimeProvider.System, CancellationToken.None);
}
catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or KeyStoreException)
{
    Console.Error.WriteLine($"healthchain serve: {unusable.Message}");
    return ExitCodes.Usage;
}

builder.Services.AddSingleton(parameters);
builder.Services.AddSingleton(_ => stores);
builder.Services.AddSingleton(stores.Resources.Hasher);
builder.Services.AddSingleton(stores.Blobs);
builder.Services.AddSingleton<Readiness>();
builder.Services.AddSingleton<StoreUpkeep>();
builder.Services.AddHostedService<ControlSocket>();
builder.Services.AddHostedService<PeriodicSweep>();
builder.Services.AddFhir(stores.Resources);
builder.Services.AddLedger();
builder.Services.AddSmart(options.Smart);
builder.Services.AddBootstrap(options);

var app = builder.Build();

// What is asked for first is disposed last: the store closes when nothing uses it any more.
app.Services.GetRequiredService<Stores>();
try
{
    app.Services.GetService<SmartState>();
}
catch (SmartStateException unusable)
{
    Console.Error.WriteLine($"healthchain serve: {unusable.Message}");
    await app.DisposeAsync();
    return ExitCodes.Usage;
}

using var telemetry = Telemetry.Start(options.Telemetry, app.Lifetime);
await ServerHost.PrepareAsync(app, options, stores);

app.Use(Outcomes.AnswerFailures);
app.MapSmart();
app.MapFhir();
app.MapLedger();
app.UseRouting();
Health.Map(app);
app.Services.GetRequiredService<LedgerWatch>().Map(app);

try
{
    await app.RunAsync();
    return ExitCodes.Success;
}
catch (IOException taken) when (taken.InnerException is AddressInUseException)
{
    Console.Error.WriteLine($"healthchain serve: {taken.Message} Another address can be set by --urls.");
    return ExitCodes.Usage;
}
