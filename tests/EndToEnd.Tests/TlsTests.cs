using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain");
    private readonly string _certificate;
    private readonly string _key;

    public TlsTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        _certificate = Path.Combine(_folder.FullName, "server.pem");
        _key = Path.Combine(_folder.FullName, "server.key");
        File.WriteAllText(_certificate, certificate.ExportCertificatePem());
        File.WriteAllText(_key, key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task With_a_certificate_the_server_speaks_HTTP_2_over_TLS()
    {
        await using var server = await ServerProcess.StartAsync("--urls", "https://127.0.0.1:0", "--tls-certificate", _certificate, "--tls-key", _key);
        SslProtocols protocol = SslProtocols.None;
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, certificate, _, _) =>
                {
                    protocol = ((SslStream)sender).SslProtocol;
                    return certificate?.Subject == "CN=localhost";
                },
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = server.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/metadata") { Version = HttpVersion.Version20 };

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.True(protocol is SslProtocols.Tls12 or SslProtocols.Tls13, $"{protocol}");
    }

    [Fact]
    public async Task A_certificate_without_its_key_stops_the_start()
    {
        var finished = await Executable.RunAsync("serve", "--urls", "https://127.0.0.1:0", "--tls-certificate", _certificate);

        Assert.Equal(64, finished.ExitCode);
        Assert.Contains("HealthChain:Tls", finished.Errors);
    }
}
