namespace HealthChain.Smart.State.Journal;

/// <summary>The fields of accounts and sessions, in their order in the journal.</summary>
internal static class AccountRows
{
    public static void Write(FieldWriter row, Account account)
    {
        row.Text(account.Id);
        row.Text(account.Name);
        row.Byte((byte)account.Role);
        row.Text(account.DisplayName);
        row.Text(account.FhirUser);
        row.Text(account.Organisation);
        row.Byte((byte)account.Registration);
        row.Time(account.Created);
        row.Bytes(account.Password);
        row.Flag(account.MustChangePassword);
        row.Bytes(account.SecondFactor);
        row.Number(account.LastSecondFactorStep);
        row.Number(account.RecoveryCodes.Count);
        foreach (byte[] code in account.RecoveryCodes)
        {
            row.Bytes(code);
        }

        row.Text(account.ExternalIssuer);
        row.Text(account.ExternalSubject);
        row.Flag(account.IsDisabled);
        row.Flag(account.MayBreakGlass);
    }

    public static Account ReadAccount(ref FieldReader row) => new()
    {
        Id = row.TextOrEmpty(),
        Name = row.TextOrEmpty(),
        Role = (Role)row.Byte(),
        DisplayName = row.Text(),
        FhirUser = row.Text(),
        Organisation = row.Text(),
        Registration = (Registration)row.Byte(),
        Created = row.Time(),
        Password = row.Bytes(),
        MustChangePassword = row.Flag(),
        SecondFactor = row.Bytes(),
        LastSecondFactorStep = (long)row.Number(),
        RecoveryCodes = ReadCodes(ref row),
        ExternalIssuer = row.Text(),
        ExternalSubject = row.Text(),
        IsDisabled = row.Flag(),
        MayBreakGlass = row.Flag(),
    };

    public static void Write(FieldWriter row, Session session)
    {
        row.Text(session.Account);
        row.Texts(session.Methods);
        row.Time(session.Authenticated);
        row.Time(session.LastUsed);
        row.Time(session.Expires);
    }

    public static Session ReadSession(ref FieldReader row) =>
        new(row.TextOrEmpty(), row.Texts(), row.Time(), row.Time(), row.Time());

    private static List<byte[]> ReadCodes(ref FieldReader row)
    {
        var codes = new List<byte[]>();
        for (ulong left = row.Number(); left > 0 && !row.IsAtEnd; left--)
        {
            codes.Add(row.Bytes() ?? []);
        }

        return codes;
    }
}
