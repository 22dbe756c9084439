using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Subscriptions;

/// <summary>Whoever asks for notifications is told of all that comes after, in whatever order the threads of the server get to it.</summary>
public sealed class SubscriptionDirectoryTests
{
    private const string Id = "s";

    private static readonly IndexHasher Hasher = new(new byte[IndexHasher.KeyBytes]);

    private readonly SubscriptionDirectory _directory;

    public SubscriptionDirectoryTests()
    {
        var options = new ServerOptions();
        var search = new SearchReader(new SearchParameterSet(DefinitionSet.R4), new TerminologyService(DefinitionSet.R4), TimeProvider.System, new SearchLimits());
        SubscriptionBook book = SubscriptionBook.InMemory(Hasher);
        book.Put(new SubscriptionEntry(Id, new SubscriptionOwner(OwnerKind.Development, "development"), [], 100));
        _directory = new SubscriptionDirectory(new SubscriptionReader(search, options), book, Hasher, options);
        _directory.Begin(99);
    }

    [Fact]
    public void What_comes_after_it_is_looked_at_with_all_else()
    {
        _directory.Take(100);
        Subscribe(100);
        _directory.Pass(100);
        _directory.Take(105);

        Assert.Equal(SubscriberTask.Nothing, _directory.Next(_directory.Find(Id)!, out _));
        Assert.Null(_directory.Find(Id)!.ResumeFrom);
        Assert.True(_directory.IsWanted("Observation"));
    }

    /// <summary>The follower had found out that nobody wants Observations, and was about to pass over some.</summary>
    [Fact]
    public void What_is_passed_over_while_it_comes_is_read_again()
    {
        _directory.Take(105);
        Assert.False(_directory.IsWanted("Observation"));
        Subscribe(100);
        _directory.Pass(105);

        Assert.Equal(SubscriberTask.CatchUp, _directory.Next(_directory.Find(Id)!, out _));
        Assert.Equal(100, _directory.Find(Id)!.ResumeFrom);
    }

    private void Subscribe(long sequence) => _directory.Apply(new StoredVersion(new ResourceKey("Subscription", Id), 1, default, sequence, ChangeKind.Create, Encoding.UTF8.GetBytes(
        """{"resourceType":"Subscription","id":"s","status":"active","reason":"r","criteria":"Observation?code=1","channel":{"type":"websocket"}}""")));
}
