using HealthChain.LedgerProofs;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Smart.State.Journal;
using Xunit;

namespace HealthChain.Smart.Tests.State;

/// <summary>The bytes of changes: what was written once must be read for ever, so these bytes never change.</summary>
public sealed class CodecTests
{
    private static readonly DateTimeOffset Time = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly Hash256 Hash = Hash256.Of([1]);

    private static readonly Change[] Changes =
    [
        new Change.PutClient(new Client
        {
            Id = "c", Kind = ClientKind.ConfidentialSymmetric, Name = "Ä", Registration = Registration.Dynamic, Registered = Time, RedirectUris = ["https://a/b"],
            Origins = ["https://a"], GrantTypes = ["authorization_code"], AllowedScopes = "openid", SecretHash = [1, 2], Jwks = "{}", JwksUri = "https://k",
            Organisation = "Organization/1", Role = Role.Insurer, Purpose = "TREAT", IsKeyBound = true, IsTrusted = true, IsBlocked = true,
        }),
        new Change.RemoveClient("c"),
        new Change.PutAccount(new Account
        {
            Id = "a", Name = "n", Role = Role.Practitioner, DisplayName = "D", FhirUser = "Practitioner/1", Organisation = "Organization/1",
            Registration = Registration.Administrator, Created = Time, Password = [3], MustChangePassword = true, SecondFactor = [4], LastSecondFactorStep = 300,
            RecoveryCodes = [[5], [6, 7]], ExternalIssuer = "https://i", ExternalSubject = "s", IsDisabled = true, MayBreakGlass = true,
        }),
        new Change.RemoveAccount("a"),
        new Change.PutAuthorisation(new Authorisation("i", "a", "c", ScopeSet.Parse("patient/*.rs"), "12", Time, Time)),
        new Change.RemoveAuthorisation(new AuthorisationKey("a", "c")),
        new Change.PutFamily(new TokenFamily
        {
            Key = Hash, Client = "c", Account = "a", Scopes = ScopeSet.Parse("patient/*.rs"), Purpose = "TREAT", KeyThumbprint = "t", Authenticated = Time,
            Session = Hash, Refresh = Hash, RefreshUntil = Time, Until = Time, Expires = Time, Code = new AuthorisationCode(Hash, "https://a/b", "ch", "n", Time),
            Launch = new LaunchContext { Patient = "12", Encounter = "3", FhirContext = ["ImagingStudy/3"], NeedPatientBanner = true, Intent = "i", StyleUrl = "u" },
        }),
        new Change.RemoveFamily(Hash),
        new Change.PutToken(new AccessToken(Hash, Hash, ScopeSet.Parse("patient/*.rs"), "t", Time)),
        new Change.RemoveToken(Hash),
        new Change.PutLaunch(Hash, new Launch("c", "a", LaunchContext.None), Time),
        new Change.RemoveLaunch(Hash),
        new Change.PutSession(Hash, new Session("a", ["pwd"], Time, Time, Time)),
        new Change.RemoveSession(Hash),
        new Change.PutAssertion(Hash, Time),
    ];

    [Fact]
    public void Every_change_reads_back_as_it_was()
    {
        Change[] read = Read(Write(Changes));

        Assert.Equal(Changes.Length, read.Length);
        Assert.Equal(typeof(Change).GetNestedTypes().Length, Changes.Length);
        for (int i = 0; i < read.Length; i++)
        {
            Assert.Equivalent(Changes[i], read[i], strict: true);
        }
    }

    [Fact]
    public void The_bytes_of_changes_stay_as_they_are() =>
        Assert.Equal("d656e9e69e97886e57151a7f9b32b3442f060cd6106766176abaadd0e40ebb46", Hash256.Of(Write(Changes)).ToString());

    [Fact]
    public void A_row_that_was_written_before_its_last_fields_were_thought_of_is_read()
    {
        // An account with an id, a name and a role alone.
        Change read = Assert.Single(Read([7, 3, 2, (byte)'a', 2, (byte)'n', 2, 0]));

        Assert.Equivalent(new Change.PutAccount(new Account { Id = "a", Name = "n", Role = Role.Practitioner }), read, strict: true);
    }

    private static byte[] Write(IEnumerable<Change> changes)
    {
        var codec = new ChangeCodec();
        var writer = new FieldWriter();
        foreach (Change change in changes)
        {
            codec.Write(writer, change);
        }

        return writer.Written.ToArray();
    }

    private static Change[] Read(byte[] bytes)
    {
        var codec = new ChangeCodec();
        FieldReader reader = codec.Open(bytes);
        var changes = new List<Change>();
        while (!reader.IsAtEnd)
        {
            changes.Add(codec.Read(ref reader));
        }

        return [.. changes];
    }
}
