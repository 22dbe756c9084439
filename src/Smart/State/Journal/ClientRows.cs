namespace HealthChain.Smart.State.Journal;

/// <summary>The fields of a client, in their order in the journal.</summary>
internal static class ClientRows
{
    public static void Write(FieldWriter row, Client client)
    {
        row.Text(client.Id);
        row.Byte((byte)client.Kind);
        row.Text(client.Name);
        row.Byte((byte)client.Registration);
        row.Time(client.Registered);
        row.Texts(client.RedirectUris);
        row.Texts(client.Origins);
        row.Texts(client.GrantTypes);
        row.Text(client.AllowedScopes);
        row.Bytes(client.SecretHash);
        row.Text(client.Jwks);
        row.Text(client.JwksUri);
        row.Text(client.Organisation);
        row.Byte((byte)client.Role);
        row.Text(client.Purpose);
        row.Flag(client.IsKeyBound);
        row.Flag(client.IsTrusted);
        row.Flag(client.IsBlocked);
    }

    public static Client Read(ref FieldReader row) => new()
    {
        Id = row.TextOrEmpty(),
        Kind = (ClientKind)row.Byte(),
        Name = row.TextOrEmpty(),
        Registration = (Registration)row.Byte(),
        Registered = row.Time(),
        RedirectUris = row.Texts(),
        Origins = row.Texts(),
        GrantTypes = row.Texts(),
        AllowedScopes = row.TextOrEmpty(),
        SecretHash = row.Bytes(),
        Jwks = row.Text(),
        JwksUri = row.Text(),
        Organisation = row.Text(),
        Role = (Role)row.Byte(),
        Purpose = row.Text(),
        IsKeyBound = row.Flag(),
        IsTrusted = row.Flag(),
        IsBlocked = row.Flag(),
    };
}
