using System.Diagnostics.Metrics;
using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

/// <summary>A search for one type is not dearer for all that a patient has of others.</summary>
public sealed class TypeCostTests() : StoreContract(setup => new TestStore(setup))
{
    private const int OfType = 3;
    private const int OfOthers = 40;

    private readonly AsyncLocal<List<int>?> _examined = new();

    [Theory]
    [InlineData("patient=Patient/p1", OfType)]
    [InlineData("subject=Patient/p1", OfType)]
    [InlineData("patient=p1", OfType)]
    [InlineData("patient=Patient/p1&code=asthma", OfType)]
    [InlineData("_tag=study", OfType + OfOthers)]
    public async Task Other_types_are_not_looked_at_and_no_scope_is_asked_about_them(string query, int looked)
    {
        await CommitAsync(new Transaction([
            PatientOf("p1"),
            PatientOf("p2"),
            .. Enumerable.Range(0, OfOthers + OfType).Select(i => PutOf($$"""{"resourceType":"Condition","id":"n{{i}}","subject":{"reference":"Patient/p2"} }""")),
            .. Enumerable.Range(0, OfOthers).Select(i => PutOf(
                $$"""{"resourceType":"Observation","id":"o{{i}}","meta":{"tag":[{"code":"study"}]},"status":"final","code":{"coding":[{"code":"asthma"}]},"subject":{"reference":"Patient/p1"} }""")),
            .. Enumerable.Range(0, OfType).Select(i => PutOf(
                $$"""{"resourceType":"Condition","id":"c{{i}}","meta":{"tag":[{"code":"study"}]},"code":{"coding":[{"code":"asthma"}]},"subject":{"reference":"Patient/p1"} }"""))], []));
        var scope = new RecordScope(Setup.Parameters, Setup.Hasher, "p1", tells: false);

        List<int> examined = _examined.Value = [];
        using MeterListener listener = Listen();
        SearchPage page = await SearchAsync(Request("Condition", query), scope);

        Assert.Equal((OfType, OfType), (page.Matches.Count, page.Total));
        Assert.Equal(OfType, scope.Asked);
        Assert.Equal([looked], examined);
    }

    /// <summary>The meter is that of all stores, so only what this test's own calls measure is taken.</summary>
    private MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == StoreMeter.Name && instrument.Name.EndsWith("examined", StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, count, _, _) => _examined.Value?.Add(count));
        listener.Start();
        return listener;
    }
}
