using HealthChain.LedgerProofs;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Smart.State.Journal;
using Xunit;

namespace HealthChain.Smart.Tests.State;

/// <summary>A snapshot is listed while the state changes, and leads with the changes since to the same state.</summary>
public sealed class SnapshotProperties
{
    private const int Runs = 3_000;
    private const int ChangesBefore = 120;

    private static readonly DateTimeOffset Late = TestClock.Start.AddHours(1);
    private static readonly ScopeSet Scopes = ScopeSet.Parse("patient/*.rs");

    private readonly Lock _gate = new();

    [Fact]
    public void What_is_listed_while_it_changes_and_the_changes_since_are_the_state()
    {
        for (int seed = 0; seed < Runs; seed++)
        {
            var random = new Random(seed);
            var live = new StateTables();
            for (int i = 0; i < ChangesBefore; i++)
            {
                live.Apply(Next(live, random));
            }

            var rows = new List<Change>();
            var later = new List<Change>();
            int changesPerRow = random.Next(4);
            foreach (Change row in live.Snapshot(_gate))
            {
                // Nobody waits while the journal writes a row.
                Assert.False(_gate.IsHeldByCurrentThread);
                rows.Add(row);
                for (int i = random.Next(changesPerRow + 1); i > 0; i--)
                {
                    Change change = Next(live, random);
                    live.Apply(change);
                    later.Add(change);
                }
            }

            var read = new StateTables();
            rows.ForEach(read.Apply);
            later.ForEach(read.Apply);
            string[] differences = [.. Describe(live).Except(Describe(read)).Select(line => "missing: " + line), .. Describe(read).Except(Describe(live)).Select(line => "too much: " + line)];
            Assert.True(differences.Length == 0, $"The states differ; seed {seed}: {string.Join('\n', differences)}");
        }
    }

    /// <summary>A change that the rules of the state could make.</summary>
    private static Change Next(StateTables state, Random random)
    {
        string client = "client" + random.Next(3);
        string account = "account" + random.Next(4);
        bool hasClient = state.FindClient(client) is not null;
        bool hasAccount = state.FindAccount(account) is not null;
        AuthorisationNode? authorisation = state.FindAuthorisation(new AuthorisationKey(account, client));
        FamilyNode? family = Any(state.Families, random);
        Hash256? session = Any(state.Sessions.Where(pair => pair.Value.Session.Account == account).Select(pair => (Hash256?)pair.Key), random);
        return random.Next(20) switch
        {
            0 when hasClient && random.Next(8) == 0 => new Change.RemoveClient(client),
            1 when hasAccount && random.Next(4) == 0 => new Change.RemoveAccount(account),
            2 or 3 when hasAccount => new Change.PutSession(session is { } known && random.Next(2) == 0 ? known : Hash(random), new Session(account, ["pwd"], TestClock.Start, TestClock.Start.AddSeconds(random.Next(60)), Late)),
            4 when session is { } ended => new Change.RemoveSession(ended),
            5 or 6 when hasClient && hasAccount => new Change.PutAuthorisation(new Authorisation(account + client, account, client, Scopes, null, TestClock.Start, TestClock.Start.AddSeconds(random.Next(60)))),
            7 when authorisation is not null && random.Next(3) == 0 => new Change.RemoveAuthorisation(new AuthorisationKey(account, client)),
            8 or 9 or 10 or 11 when authorisation is not null => new Change.PutFamily(Family(random, client, account, random.Next(2) == 0 ? session : null)),
            12 when hasClient => new Change.PutFamily(Family(random, client, null, null)),
            13 or 14 when family is not null => new Change.PutFamily(family.Family with { Refresh = Hash(random) }),
            15 when family is not null => new Change.RemoveFamily(family.Family.Key),
            16 or 17 when family is not null => new Change.PutToken(new AccessToken(Hash(random), family.Family.Key, Scopes, null, Late)),
            18 when family is { Tokens.Length: > 0 } => new Change.RemoveToken(family.Tokens[random.Next(family.Tokens.Length)]),
            19 => new Change.PutLaunch(Hash(random), new Launch(client, account, LaunchContext.None), Late),
            _ when !hasClient => new Change.PutClient(StateFixture.AppClient with { Id = client }),
            _ when !hasAccount => new Change.PutAccount(StateFixture.UserAccount with { Id = account, Name = account }),
            _ when Any(state.Launches.Select(pair => (Hash256?)pair.Key), random) is { } launch => new Change.RemoveLaunch(launch),
            _ => new Change.PutAssertion(Hash(random), Late),
        };
    }

    private static TokenFamily Family(Random random, string client, string? account, Hash256? session) =>
        new() { Key = Hash(random), Client = client, Account = account, Session = session, Scopes = Scopes, Expires = Late };

    private static T? Any<T>(IEnumerable<T> all, Random random)
    {
        T[] list = [.. all];
        return list.Length == 0 ? default : list[random.Next(list.Length)];
    }

    private static Hash256 Hash(Random random)
    {
        byte[] bytes = new byte[Hash256.Bytes];
        random.NextBytes(bytes);
        return new Hash256(bytes);
    }

    /// <summary>All rows as the journal has them, and what belongs to what.</summary>
    private List<string> Describe(StateTables state)
    {
        var codec = new ChangeCodec();
        var writer = new FieldWriter();
        var all = new List<string>();
        foreach (Change row in state.Snapshot(_gate))
        {
            writer.Clear();
            codec.Write(writer, row);
            all.Add(Convert.ToHexString(writer.Written));
        }

        all.AddRange(state.Sessions.Select(pair => $"session {pair.Key}: {string.Join(' ', pair.Value.Families.Select(family => family.Family.Key.ToString()).Order(StringComparer.Ordinal))}"));
        all.AddRange(state.Families.Select(node => $"family {node.Family.Key}: {string.Join(' ', node.Tokens)}"));
        all.AddRange(state.Authorisations.Select(given => $"given {given.Id}: {string.Join(' ', state.FindAuthorisation(new AuthorisationKey(given.Account, given.Client))!.Families.Select(family => family.Family.Key.ToString()).Order(StringComparer.Ordinal))}"));
        all.AddRange(state.Clients.Select(client => $"client {client.Id} {state.IsUsed(client.Id)}"));
        all.Sort(StringComparer.Ordinal);
        return all;
    }
}
