using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace HealthChain.FhirServer.Tests;

/// <summary>The whole server in process, in development mode, with a data folder of its own.</summary>
public class ServerFactory : WebApplicationFactory<Program>
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain");

    /// <summary>Further settings; set before the first client is made.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    protected override IHost CreateHost(IHostBuilder builder)
    {
        builder.ConfigureHostConfiguration(configuration => configuration
            .AddInMemoryCollection([new("HealthChain:Data", _folder.FullName), new("HealthChain:Development", "true")])
            .AddInMemoryCollection(Settings));
        return base.CreateHost(builder);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
        }

        GC.SuppressFinalize(this);
    }
}
