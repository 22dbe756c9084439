using System.Collections.Concurrent;
using System.Net.WebSockets;
using HealthChain.Fhir;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
using HealthChain.Smart.State;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>
/// Notifications by websocket, https://hl7.org/fhir/R4/subscription.html#websocket: a client binds its Subscriptions and is sent a ping for each event. It shows
/// the token that shows all else: in the Authorization header, or, from a browser, which cannot set that, as a subprotocol.
/// </summary>
internal sealed class SubscriptionSockets(
    IResourceStore store, SubscriptionDirectory directory, SubscriptionBook book, Requesters requesters, IHostApplicationLifetime lifetime, ServerOptions options, TimeProvider time, SmartState? state = null)
{
    public const string Path = FhirEndpoint.Path + "/websocket";

    /// <summary>The subprotocol that is spoken.</summary>
    public const string Protocol = "fhir.subscription";

    /// <summary>What a subprotocol that is a token begins with.</summary>
    public const string TokenStart = "bearer.";

    private readonly ConcurrentDictionary<SubscriptionSocket, SubscriptionOwner> _open = [];
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<SubscriptionSocket, byte>> _bound = new(StringComparer.Ordinal);
    private readonly SubscriptionOptions _options = options.Subscriptions;

    public int Count => _open.Count;

    /// <summary>Answers a request at <see cref="Path"/>.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        Result<Requester> requester = await AdmitAsync(context);
        if (!requester.IsOk)
        {
            await Outcomes.WriteAsync(context, requester.Error);
            return;
        }

        bool offers = context.WebSockets.WebSocketRequestedProtocols.Contains(Protocol);
        using WebSocket webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = offers ? Protocol : null });
        var socket = new SubscriptionSocket(webSocket, this, TokenIn(context), time);
        if (!_open.TryAdd(socket, SubscriptionOwner.Of(requester.Value)))
        {
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await socket.RunAsync(ending.Token);
        }
        finally
        {
            _open.TryRemove(socket, out _);
            foreach (string id in socket.Bound)
            {
                Unbind(id, socket);
            }
        }
    }

    public bool AnyBound(string id) => _bound.TryGetValue(id, out var sockets) && !sockets.IsEmpty;

    /// <summary>Binds a Subscription that exists for the bearer of a token, is the bearer's own, and is to be told of by websocket.</summary>
    public async ValueTask<bool> BindAsync(string id, SubscriptionSocket socket, CancellationToken cancellationToken)
    {
        if (!RequestTarget.IsId(id) || requesters.Recognise(socket.Token) is not { } requester || !await MayBindAsync(id, requester, cancellationToken))
        {
            return false;
        }

        // In one step: who reads it misses no ping from then on, and none comes before it.
        socket.TrySend($"bound {id}", () => _bound.GetOrAdd(id, _ => []).TryAdd(socket, 0));
        return true;
    }

    /// <summary>Tells those that are bound, if the version exists for them too; the number of those that were told.</summary>
    public async ValueTask<int> PingAsync(string id, StoredVersion version, CancellationToken cancellationToken)
    {
        int told = 0;
        foreach (SubscriptionSocket socket in _bound.TryGetValue(id, out var sockets) ? sockets.Keys : [])
        {
            if (requesters.Recognise(socket.Token) is not { } requester)
            {
                socket.End("The token is not valid any more.");
                continue;
            }

            // The token of the connection may give less than the one that the Subscription was made with.
            Standing standing = await SubscriptionStandings.NowAsync(requester, cancellationToken);
            bool isSeen = standing.Requester is { } now
                && await MayBindAsync(id, requester, cancellationToken)
                && (await store.ReadAsync(now.Scope, version.Key, cancellationToken))?.Sequence == version.Sequence;
            told += isSeen && socket.TrySend($"ping {id}") ? 1 : 0;
        }

        return told;
    }

    /// <summary>Whether the token that let a connection in is still good.</summary>
    public bool IsLetIn(SubscriptionSocket socket) => requesters.Recognise(socket.Token) is not null;

    private async ValueTask<bool> MayBindAsync(string id, Requester requester, CancellationToken cancellationToken)
    {
        Standing standing = await SubscriptionStandings.NowAsync(requester, cancellationToken);
        return standing.Requester is { } now
            && directory.Find(id)?.State is { IsLive: true, Terms.Channel: SubscriptionChannel.WebSocket }
            && book.Find(id)?.Owner.Is(requester) == true
            && await store.ReadAsync(now.Scope, new ResourceKey(SubscriptionTerms.Type, id), cancellationToken) is { IsDeleted: false };
    }

    private void Unbind(string id, SubscriptionSocket socket)
    {
        // An empty set may stay: there are as many as there were Subscriptions bound.
        if (_bound.TryGetValue(id, out var sockets))
        {
            sockets.TryRemove(socket, out _);
        }
    }

    private async ValueTask<Result<Requester>> AdmitAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return FhirError.Unsupported("Here websockets are opened: https://hl7.org/fhir/R4/subscription.html#websocket");
        }

        if (!IsFromHere(context))
        {
            return FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "Pages of this origin may not open websockets here.");
        }

        if (context.Request.Headers.Authorization.Count == 0 && context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(IsToken) is { } token)
        {
            context.Request.Headers.Authorization = "Bearer " + token[TokenStart.Length..];
        }

        Result<Requester> requester = await requesters.IdentifyAsync(context);
        return !requester.IsOk ? requester.Error
            : _open.Count >= _options.Sockets || _open.Values.Count(owner => owner.Is(requester.Value)) >= _options.SocketsOfClient
                ? FhirError.Of(ErrorKind.Throttled, IssueType.Throttled, "There are as many websockets open as there may be.")
                : requester;
    }

    /// <summary>
    /// Browsers let any page open a websocket, and say which did. Pages of registered apps may, and those of this server; programs say nothing.
    /// </summary>
    private bool IsFromHere(HttpContext context)
    {
        string? origin = context.Request.Headers.Origin;
        return string.IsNullOrEmpty(origin)
            || origin == $"{context.Request.Scheme}://{context.Request.Host}"
            || (options.BaseUrl is { } own && new Uri(own).GetLeftPart(UriPartial.Authority) == origin)
            || state?.Clients.Any(client => !client.IsBlocked && client.Origins.Contains(origin, StringComparer.Ordinal)) == true;
    }

    private static bool IsToken(string protocol) => protocol.StartsWith(TokenStart, StringComparison.Ordinal);

    /// <summary>Null when nobody had to show one.</summary>
    private static string? TokenIn(HttpContext context)
    {
        string text = context.Request.Headers.Authorization.ToString();
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? null : text[(space + 1)..].Trim();
    }
}
