using HealthChain.FhirServer;
using HealthChain.FhirServer.Cli;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

if (CommandLine.Run(args, Console.OpenStandardOutput(), Console.Error) is { } exitCode)
{
    return exitCode;
}

var builder = WebApplication.CreateSlimBuilder(args is ["serve", ..] ? args[1..] : args);

var options = ServerOptions.From(builder.Configuration);
if (options.Problem is { } problem)
{
    Console.Error.WriteLine($"healthchain: {problem}");
    return ExitCodes.Usage;
}

builder.WebHost.UseUrls(options.Listen);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
// The platform logs every request with its path and query, which may name a patient.
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<IResourceStore, NoStore>();
builder.Services.AddFhir();

var app = builder.Build();

app.Use(Outcomes.AnswerFailures);
app.MapFhir();
app.UseRouting();
Health.Map(app);

await app.RunAsync();
return ExitCodes.Success;
