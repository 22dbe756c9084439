using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text.Json;
using HealthChain.LedgerAnchor.Worker;

namespace HealthChain.FhirServer.Ledger;

/// <summary>What operators see of the ledger: metrics, and <c>/health/ledger</c>. An alarm makes it degraded; FHIR goes on, so no probe fails.</summary>
internal sealed class LedgerWatch : IDisposable
{
    public const string MeterName = "HealthChain.Ledger";

    private readonly LedgerNode _node;
    private readonly Meter _meter = new(MeterName);

    public LedgerWatch(LedgerNode node)
    {
        _node = node;
        Observe("healthchain.ledger.leaves", "{leaf}", "Leaves that there are.", status => status.Leaves);
        Observe("healthchain.ledger.published", "{leaf}", "Leaves of the newest checkpoint.", status => status.Published.Size);
        Observe("healthchain.ledger.anchored", "{leaf}", "Leaves of the newest anchor.", status => status.Anchored?.Size ?? 0);
        Observe("healthchain.ledger.lag", "{leaf}", "Leaves that no checkpoint has.", status => status.Lag);
        Observe("healthchain.ledger.lag.time", "s", "For how long the oldest of them has waited.", status => status.LagTime.TotalSeconds);
        Observe("healthchain.ledger.anchor_lag", "{leaf}", "Leaves that no anchor has.", status => status.AnchorLag);
        Observe("healthchain.ledger.anchor_lag.time", "s", "For how long the oldest published of them has waited.", status => status.AnchorLagTime.TotalSeconds);
        Observe("healthchain.ledger.alarm", "1", "1 when nothing is signed any more.", status => status.Alarm is null ? 0 : 1);
        Observe("healthchain.ledger.spent", "Gwei", "What final anchors of 24 hours cost.", status => (double)(status.Spent / 1_000_000_000));
        _meter.CreateObservableGauge("healthchain.registry.waiting", () => node.Registry?.Waiting ?? 0, "{statement}", "Statements of organisations that are not final on the chain.");
        _meter.CreateObservableGauge("healthchain.registry.waiting.time", () => node.Registry?.WaitingTime.TotalSeconds ?? 0, "s", "For how long the oldest of them has waited.");
    }

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/health/ledger", () => Results.Bytes(Describe(), "application/json"));

    public void Dispose() => _meter.Dispose();

    private void Observe(string name, string unit, string description, Func<LedgerStatus, double> value) =>
        _meter.CreateObservableGauge(name, () => _node.Worker is { } worker ? value(worker.Status) : 0, unit, description);

    private byte[] Describe()
    {
        LedgerStatus? status = _node.Worker?.Status;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("status", StateOf(status));
            json.WriteString("alarm", status?.Alarm?.Finding.ToString() ?? _node.StartProblem);
            json.WriteString("problem", status?.Problem);
            json.WriteNumber("leaves", status?.Leaves ?? _node.Leaves.Count);
            json.WriteNumber("published", status?.Published.Size ?? 0);
            json.WriteNumber("lag", status?.Lag ?? 0);
            json.WriteNumber("lagSeconds", Math.Round(status?.LagTime.TotalSeconds ?? 0, 1));
            json.WriteString("target", _node.Worker?.TargetName);
            json.WriteNumber("anchored", status?.Anchored?.Size ?? 0);
            json.WriteNumber("anchorLag", status?.AnchorLag ?? 0);
            json.WriteNumber("anchorLagSeconds", Math.Round(status?.AnchorLagTime.TotalSeconds ?? 0, 1));
            json.WriteBoolean("overBudget", status?.IsOverBudget ?? false);
            if (_node.Registry is { } registry)
            {
                json.WriteStartObject("registry");
                json.WriteString("name", registry.Name);
                json.WriteNumber("waiting", registry.Waiting);
                json.WriteNumber("waitingSeconds", Math.Round(registry.WaitingTime.TotalSeconds, 1));
                json.WriteString("problem", registry.Problem);
                json.WriteEndObject();
            }

            json.WriteStartArray("forks");
            foreach (string origin in _node.Forks)
            {
                json.WriteStringValue(origin);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private string StateOf(LedgerStatus? status) =>
        !_node.IsEnabled ? "off"
        : _node.StartProblem is not null || status?.Alarm is not null || _node.Forks.Count > 0 ? "degraded"
        : status is not { IsSigning: true } ? "starting"
        : status.Problem is not null || _node.Registry?.Problem is not null ? "degraded"
        : "ok";
}
