using System.Diagnostics;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State.Journal;

/// <summary>Changes as bytes and back. What was written once stays readable: rows get new fields at their end only.</summary>
/// <remarks>A change: length of the rest | kind 1 | fields. Format: docs/storage-format.md.</remarks>
internal sealed class ChangeCodec
{
    private const int MostScopeSets = 1 << 14;

    private readonly FieldWriter _row = new();
    private readonly TextPool _texts = new();
    private readonly Dictionary<string, ScopeSet> _scopes = new(StringComparer.Ordinal);

    private enum Kind : byte
    {
        PutClient = 1,
        RemoveClient = 2,
        PutAccount = 3,
        RemoveAccount = 4,
        PutAuthorisation = 5,
        RemoveAuthorisation = 6,
        PutFamily = 7,
        RemoveFamily = 8,
        PutToken = 9,
        RemoveToken = 10,
        PutLaunch = 11,
        RemoveLaunch = 12,
        PutSession = 13,
        RemoveSession = 14,
        PutAssertion = 15,
    }

    public void Write(FieldWriter writer, Change change)
    {
        _row.Clear();
        WriteRow(_row, change);
        writer.Number(_row.Length);
        writer.Raw(_row.Written);
    }

    /// <summary>The next change of several.</summary>
    public Change Read(ref FieldReader reader)
    {
        var row = new FieldReader(reader.Raw((int)reader.Number()), _texts);
        return ReadRow(ref row);
    }

    public FieldReader Open(ReadOnlySpan<byte> changes) => new(changes, _texts);

    private static void WriteRow(FieldWriter row, Change change)
    {
        switch (change)
        {
            case Change.PutClient(var client):
                row.Byte((byte)Kind.PutClient);
                ClientRows.Write(row, client);
                break;
            case Change.RemoveClient(var id):
                row.Byte((byte)Kind.RemoveClient);
                row.Text(id);
                break;
            case Change.PutAccount(var account):
                row.Byte((byte)Kind.PutAccount);
                AccountRows.Write(row, account);
                break;
            case Change.RemoveAccount(var id):
                row.Byte((byte)Kind.RemoveAccount);
                row.Text(id);
                break;
            case Change.PutAuthorisation(var authorisation):
                row.Byte((byte)Kind.PutAuthorisation);
                TokenRows.Write(row, authorisation);
                break;
            case Change.RemoveAuthorisation(var key):
                row.Byte((byte)Kind.RemoveAuthorisation);
                row.Text(key.Account);
                row.Text(key.Client);
                break;
            case Change.PutFamily(var family):
                row.Byte((byte)Kind.PutFamily);
                TokenRows.Write(row, family);
                break;
            case Change.RemoveFamily(var key):
                row.Byte((byte)Kind.RemoveFamily);
                row.Hash(key);
                break;
            case Change.PutToken(var token):
                row.Byte((byte)Kind.PutToken);
                TokenRows.Write(row, token);
                break;
            case Change.RemoveToken(var hash):
                row.Byte((byte)Kind.RemoveToken);
                row.Hash(hash);
                break;
            default:
                WriteShortLived(row, change);
                break;
        }
    }

    private static void WriteShortLived(FieldWriter row, Change change)
    {
        switch (change)
        {
            case Change.PutLaunch(var key, var launch, var until):
                row.Byte((byte)Kind.PutLaunch);
                row.Hash(key);
                row.Time(until);
                row.Text(launch.Client);
                row.Text(launch.Account);
                TokenRows.Write(row, launch.Context);
                break;
            case Change.RemoveLaunch(var key):
                row.Byte((byte)Kind.RemoveLaunch);
                row.Hash(key);
                break;
            case Change.PutSession(var key, var session):
                row.Byte((byte)Kind.PutSession);
                row.Hash(key);
                AccountRows.Write(row, session);
                break;
            case Change.RemoveSession(var key):
                row.Byte((byte)Kind.RemoveSession);
                row.Hash(key);
                break;
            case Change.PutAssertion(var key, var until):
                row.Byte((byte)Kind.PutAssertion);
                row.Hash(key);
                row.Time(until);
                break;
            default:
                throw new UnreachableException(change.GetType().Name);
        }
    }

    private Change ReadRow(ref FieldReader row)
    {
        var kind = (Kind)row.Byte();
        return kind switch
        {
            Kind.PutClient => new Change.PutClient(ClientRows.Read(ref row)),
            Kind.RemoveClient => new Change.RemoveClient(row.TextOrEmpty()),
            Kind.PutAccount => new Change.PutAccount(AccountRows.ReadAccount(ref row)),
            Kind.RemoveAccount => new Change.RemoveAccount(row.TextOrEmpty()),
            Kind.PutAuthorisation => new Change.PutAuthorisation(TokenRows.ReadAuthorisation(ref row, ScopesOf)),
            Kind.RemoveAuthorisation => new Change.RemoveAuthorisation(new AuthorisationKey(row.TextOrEmpty(), row.TextOrEmpty())),
            Kind.PutFamily => new Change.PutFamily(TokenRows.ReadFamily(ref row, ScopesOf)),
            Kind.RemoveFamily => new Change.RemoveFamily(row.Hash()),
            Kind.PutToken => new Change.PutToken(TokenRows.ReadToken(ref row, ScopesOf)),
            Kind.RemoveToken => new Change.RemoveToken(row.Hash()),
            Kind.PutLaunch => ReadLaunch(ref row),
            Kind.RemoveLaunch => new Change.RemoveLaunch(row.Hash()),
            Kind.PutSession => new Change.PutSession(row.Hash(), AccountRows.ReadSession(ref row)),
            Kind.RemoveSession => new Change.RemoveSession(row.Hash()),
            Kind.PutAssertion => new Change.PutAssertion(row.Hash(), row.Time()),
            _ => throw new SmartStateException($"The journal of the authorisation server has a change of kind {(int)kind}, which this program does not know. Use the one that wrote it, or a later one."),
        };
    }

    private static Change.PutLaunch ReadLaunch(ref FieldReader row)
    {
        var key = row.Hash();
        DateTimeOffset until = row.Time();
        return new Change.PutLaunch(key, new Launch(row.Text(), row.Text(), TokenRows.ReadLaunch(ref row)), until);
    }

    /// <summary>Many tokens have the same scopes, which are read and kept once.</summary>
    private ScopeSet ScopesOf(string text)
    {
        if (!_scopes.TryGetValue(text, out ScopeSet? scopes))
        {
            scopes = ScopeSet.Parse(text);
            if (_scopes.Count < MostScopeSets)
            {
                _scopes.Add(text, scopes);
            }
        }

        return scopes;
    }
}
