using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State.Journal;

/// <summary>The fields of authorisations, families and tokens, in their order in the journal.</summary>
internal static class TokenRows
{
    public static void Write(FieldWriter row, Authorisation authorisation)
    {
        row.Text(authorisation.Id);
        row.Text(authorisation.Account);
        row.Text(authorisation.Client);
        row.Text(authorisation.Scopes.Text);
        row.Text(authorisation.Patient);
        row.Time(authorisation.Given);
        row.Time(authorisation.LastUsed);
    }

    public static Authorisation ReadAuthorisation(ref FieldReader row, Func<string, ScopeSet> scopesOf) =>
        new(row.TextOrEmpty(), row.TextOrEmpty(), row.TextOrEmpty(), scopesOf(row.TextOrEmpty()), row.Text(), row.Time(), row.Time());

    public static void Write(FieldWriter row, TokenFamily family)
    {
        row.Hash(family.Key);
        row.Text(family.Client);
        row.Text(family.Account);
        row.Text(family.Scopes.Text);
        Write(row, family.Launch);
        row.Text(family.Purpose);
        row.Text(family.KeyThumbprint);
        row.Time(family.Authenticated);
        row.Hash(family.Session);
        row.Hash(family.Refresh);
        row.Time(family.RefreshUntil);
        row.Time(family.Until);
        row.Time(family.Expires);
        row.Flag(family.Code is not null);
        if (family.Code is { } code)
        {
            row.Hash(code.Secret);
            row.Text(code.RedirectUri);
            row.Text(code.Challenge);
            row.Text(code.Nonce);
            row.Time(code.Until);
        }
    }

    public static TokenFamily ReadFamily(ref FieldReader row, Func<string, ScopeSet> scopesOf) => new()
    {
        Key = row.Hash(),
        Client = row.TextOrEmpty(),
        Account = row.Text(),
        Scopes = scopesOf(row.TextOrEmpty()),
        Launch = ReadLaunch(ref row),
        Purpose = row.Text(),
        KeyThumbprint = row.Text(),
        Authenticated = row.OptionalTime(),
        Session = row.OptionalHash(),
        Refresh = row.OptionalHash(),
        RefreshUntil = row.Time(),
        Until = row.Time(),
        Expires = row.Time(),
        Code = row.Flag() ? new AuthorisationCode(row.Hash(), row.TextOrEmpty(), row.TextOrEmpty(), row.Text(), row.Time()) : null,
    };

    public static void Write(FieldWriter row, AccessToken token)
    {
        row.Hash(token.Hash);
        row.Hash(token.Family);
        row.Text(token.Scopes.Text);
        row.Text(token.KeyThumbprint);
        row.Time(token.Expires);
    }

    public static AccessToken ReadToken(ref FieldReader row, Func<string, ScopeSet> scopesOf) =>
        new(row.Hash(), row.Hash(), scopesOf(row.TextOrEmpty()), row.Text(), row.Time());

    public static void Write(FieldWriter row, LaunchContext launch)
    {
        row.Flag(launch != LaunchContext.None);
        if (launch != LaunchContext.None)
        {
            row.Text(launch.Patient);
            row.Text(launch.Encounter);
            row.Texts(launch.FhirContext);
            row.Byte((byte)(launch.NeedPatientBanner switch { null => 0, false => 1, true => 2 }));
            row.Text(launch.Intent);
            row.Text(launch.StyleUrl);
        }
    }

    public static LaunchContext ReadLaunch(ref FieldReader row) => !row.Flag()
        ? LaunchContext.None
        : new LaunchContext
        {
            Patient = row.Text(),
            Encounter = row.Text(),
            FhirContext = row.Texts(),
            NeedPatientBanner = row.Byte() switch { 1 => false, 2 => true, _ => null },
            Intent = row.Text(),
            StyleUrl = row.Text(),
        };
}
