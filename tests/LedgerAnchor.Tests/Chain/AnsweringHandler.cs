using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>Stands in for the network: hands the body of each request to a function, whose text goes back as the answer.</summary>
internal sealed class AnsweringHandler(Func<string, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    public AnsweringHandler(Func<JsonObject, JsonNode?> result)
        : this(request => Task.FromResult(Ok(Envelope((JsonObject)JsonNode.Parse(request)!, result))))
    {
    }

    public List<string> Requests { get; } = [];

    public static HttpResponseMessage Ok(string text) => new(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/json") };

    public static string Envelope(JsonObject request, Func<JsonObject, JsonNode?> result)
    {
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = request["id"]!.DeepClone() };
        try
        {
            answer["result"] = result(request);
        }
        catch (NodeRefusal refusal)
        {
            answer["error"] = new JsonObject { ["code"] = refusal.Code, ["message"] = refusal.Message };
            if (refusal.Data is { } data)
            {
                answer["error"]!["data"] = data;
            }
        }

        return answer.ToJsonString();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string body = await request.Content!.ReadAsStringAsync(cancellationToken);
        lock (Requests)
        {
            Requests.Add(body);
        }

        return await answer(body).WaitAsync(cancellationToken);
    }
}

/// <summary>An error that a node answers with.</summary>
internal sealed class NodeRefusal(int code, string message, string? data = null) : Exception(message)
{
    public int Code { get; } = code;

    public new string? Data { get; } = data;
}
