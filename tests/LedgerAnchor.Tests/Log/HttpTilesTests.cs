using System.Net;
using HealthChain.LedgerAnchor.Log;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Log;

public sealed class HttpTilesTests
{
    private static readonly Uri Prefix = new("https://clinic.example/ledger/");
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_tile_is_asked_for_at_its_path_and_what_is_not_there_is_nothing()
    {
        var tile = new TileId(0, 1001, 3);
        using var client = new HttpClient(new Answers(request => request.RequestUri!.AbsoluteUri == "https://clinic.example/ledger/tile/0/x001/001.p/3"
            ? (HttpStatusCode.OK, new byte[tile.Bytes])
            : (HttpStatusCode.NotFound, [])));
        var tiles = new HttpTiles(client, Prefix);

        Assert.Equal(new byte[tile.Bytes], await tiles.ReadAsync(tile, None));
        Assert.Null(await tiles.ReadAsync(tile.Full, None));
    }

    [Fact]
    public async Task Too_much_is_cut_off_behind_the_first_byte_too_many()
    {
        using var client = new HttpClient(new Answers(_ => (HttpStatusCode.OK, new byte[1 << 20])));
        var tiles = new HttpTiles(client, Prefix);

        var damage = await Assert.ThrowsAsync<LedgerDamageException>(async () => await tiles.ReadHashesAsync(new TileId(0, 0, 2), None));
        Assert.Equal("tile/0/000.p/2 has 65 bytes, not 64.", damage.Message);
    }

    [Fact]
    public async Task A_server_in_trouble_is_not_a_tile_that_is_missing()
    {
        using var client = new HttpClient(new Answers(_ => (HttpStatusCode.InternalServerError, [])));

        await Assert.ThrowsAsync<HttpRequestException>(async () => await new HttpTiles(client, Prefix).ReadAsync(new TileId(0, 0), None));
    }

    private sealed class Answers(Func<HttpRequestMessage, (HttpStatusCode Status, byte[] Body)> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var (status, body) = answer(request);
            return Task.FromResult(new HttpResponseMessage(status) { Content = new ByteArrayContent(body) });
        }
    }
}
