using System.Net;

namespace HealthChain.LedgerAnchor.Witness;

/// <summary>
/// Waits as long as a server asks for when it gets too many requests at once, and asks again: whoever copies a whole log meets every limit on the way.
/// </summary>
public sealed class PatientHandler(HttpMessageHandler inner, TimeProvider time) : DelegatingHandler(inner)
{
    private const int MaxAttempts = 10;

    private static readonly TimeSpan Default = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);

            // What has a body may not be sent twice.
            if (response.StatusCode != HttpStatusCode.TooManyRequests || request.Content is not null || attempt == MaxAttempts)
            {
                return response;
            }

            TimeSpan wait = response.Headers.RetryAfter?.Delta ?? Default;
            response.Dispose();
            await Task.Delay(wait < Longest ? wait : Longest, time, cancellationToken);
        }
    }
}
