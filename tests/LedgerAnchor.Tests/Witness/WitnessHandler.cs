using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HealthChain.LedgerAnchor.Witness;

namespace HealthChain.LedgerAnchor.Tests.Witness;

/// <summary>A witness behind a real client of HTTP, without a network.</summary>
internal sealed class WitnessHandler(Func<WitnessServer> witness) : HttpMessageHandler
{
    public bool IsAway { get; set; }

    /// <summary>Whether a request arrives whose answer does not.</summary>
    public bool LosesAnswers { get; set; }

    public List<byte[]> Requests { get; } = [];

    public WitnessClient Client(TimeSpan? timeout = null) =>
        new(new HttpClient(this) { Timeout = timeout ?? TimeSpan.FromSeconds(30) }, new Uri("http://witness.test/w/"), witness().Verifier);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (IsAway)
        {
            throw new HttpRequestException("away");
        }

        byte[] body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        Requests.Add(body);
        WitnessAnswer answer = witness().Answer(body);
        if (LosesAnswers)
        {
            throw new HttpRequestException("cut");
        }

        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(answer.Body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(answer.ContentType);
        return new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = content };
    }
}
