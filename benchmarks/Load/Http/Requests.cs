using System.Text;

namespace HealthChain.Load.Http;

/// <summary>Heads of requests, written by hand.</summary>
internal static class Requests
{
    private const string Host = "Host: 127.0.0.1\r\nAccept: application/fhir+json\r\n";

    /// <param name="headers">Further headers, each with its line end.</param>
    public static string Get(string path, string headers = "") => $"GET {path} HTTP/1.1\r\n{Host}{headers}\r\n";

    public static string HeadWithBody(string method, string path, int length, string headers = "") =>
        $"{method} {path} HTTP/1.1\r\n{Host}Content-Type: application/fhir+json\r\nContent-Length: {length}\r\n{headers}\r\n";

    public static byte[] WithBody(string method, string path, ReadOnlySpan<byte> body, string headers = "") =>
        [.. Encoding.UTF8.GetBytes(HeadWithBody(method, path, body.Length, headers)), .. body];
}
