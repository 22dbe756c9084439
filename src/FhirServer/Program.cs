using HealthChain.FhirServer;
using HealthChain.FhirServer.Cli;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

if (await CommandLine.RunAsync(args, Console.OpenStandardOutput(), Console.Error) is { } exitCode)
{
    return exitCode;
}

if (ServerHost.Configure(args is ["serve", ..] ? args.AsSpan(1) : args, Console.Error) is not var (builder, options))
{
    return ExitCodes.Settings;
}

builder.Services.AddSingleton<IResourceStore, NoStore>();
builder.Services.AddFhir();

var app = builder.Build();
using var telemetry = Telemetry.Start(options.Telemetry);
ServerHost.Announce(app.Logger, options);

app.Use(Outcomes.AnswerFailures);
app.MapFhir();
app.UseRouting();
Health.Map(app);

await app.RunAsync();
return ExitCodes.Success;
