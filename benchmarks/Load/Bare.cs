using System.Net;

namespace HealthChain.Load;

/// <summary>
/// The reference: what ASP.NET Core costs before FHIR begins. A GET answers the same bytes as the server under test; a POST reads the body
/// and answers 201 without doing anything.
/// </summary>
internal static class Bare
{
    /// <param name="file">The bytes that a GET answers.</param>
    public static async Task RunAsync(string file)
    {
        var body = await File.ReadAllBytesAsync(file);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);

        var app = builder.Build();
        app.MapGet("/fhir/Observation/{id}", context =>
        {
            context.Response.ContentType = "application/fhir+json; charset=utf-8";
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body).AsTask();
        });
        app.MapPost("/fhir/Observation", async context =>
        {
            var reader = context.Request.BodyReader;
            for (var isRead = false; !isRead;)
            {
                var part = await reader.ReadAsync();
                reader.AdvanceTo(part.Buffer.End);
                isRead = part.IsCompleted;
            }

            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.ContentLength = 0;
        });
        await app.RunAsync();
    }
}
