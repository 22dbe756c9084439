using System.Text.Json;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Upkeep;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>What an operator wants of accounts, clients or keys.</summary>
/// <param name="Verb">Two words such as <c>accounts add</c>.</param>
/// <param name="Name">Login name of an account, or id of a client.</param>
/// <param name="Client">A client as <see cref="RegisteredClient"/> reads it.</param>
/// <param name="Forget">Whether keys that are replaced are not published any more.</param>
internal sealed record SmartOrder(string Verb, string? Name = null, RegisteredUser? User = null, JsonElement? Client = null, bool Forget = false);

/// <summary>
/// Does for an operator at the command line what nobody may do over the network. Each change goes on record before it is made.
/// </summary>
internal sealed class SmartAdministration(SmartState state, AccountBook accounts, SigningKeys keys, IResourceStore store, TimeProvider time)
{
    private static readonly AccessScope Scope = AccessScope.System("record of administration");

    public async ValueTask<ControlAnswer> DoAsync(SmartOrder order, CancellationToken cancellationToken) => order switch
    {
        { Verb: "accounts list" } => new ControlAnswer(Result: "", Lines: [.. state.Accounts.OrderBy(account => account.Name, StringComparer.OrdinalIgnoreCase).Select(Describe)]),
        { Verb: "accounts add", User: { } user } => await AddAsync(user, cancellationToken),
        { Verb: "accounts reset" or "accounts disable" or "accounts enable", Name: { } name } => state.FindAccountByName(name) is { } account
            ? await ChangeAsync(order.Verb, account, cancellationToken)
            : new ControlAnswer(Error: "there is no account of this name."),
        { Verb: "clients list" } => new ControlAnswer(Result: "", Lines: [.. state.Clients.OrderBy(client => client.Id, StringComparer.Ordinal).Select(Describe)]),
        { Verb: "clients add", Client: { } client } => await AddAsync(client, cancellationToken),
        { Verb: "clients revoke", Name: { } id } => state.FindClient(id) is { } client
            ? await RevokeAsync(client, cancellationToken)
            : new ControlAnswer(Error: "there is no client of this id."),
        { Verb: "keys rotate" } => await RotateAsync(order.Forget, cancellationToken),
        _ => new ControlAnswer(Error: "this is no order that the server knows; is it of another version?"),
    };

    private async ValueTask<ControlAnswer> AddAsync(RegisteredUser user, CancellationToken cancellationToken)
    {
        if (user.FindProblems(needsPassword: false).FirstOrDefault() is { } problem)
        {
            return new ControlAnswer(Error: problem);
        }

        if (state.FindAccountByName(user.Name) is not null)
        {
            return new ControlAnswer(Error: "an account of this name exists already.");
        }

        await RecordAsync(new AccessEvent(AccessAction.AccountChanged, AccessOutcome.Success) { Detail = $"account added for {user.FhirUser ?? user.Role.ToString()}" }, cancellationToken);
        var made = new NewAccount(user.Name, user.Role) { DisplayName = user.DisplayName, FhirUser = user.FhirUser, Organisation = user.Organisation, MayBreakGlass = user.MayBreakGlass };
        OAuthResult<CreatedAccount> created = await accounts.CreateAsync(made, cancellationToken);
        return created.IsOk
            ? new ControlAnswer(Result: "The password is good for one login, which asks for another.", Lines: [$"{user.Name}\t{created.Value.OneTimePassword}"])
            : new ControlAnswer(Error: created.Error.Reason);
    }

    private async ValueTask<ControlAnswer> ChangeAsync(string verb, Account account, CancellationToken cancellationToken)
    {
        await RecordAsync(new AccessEvent(AccessAction.AccountChanged, AccessOutcome.Success) { Detail = $"{verb}: {account.Id}" }, cancellationToken);
        switch (verb)
        {
            case "accounts reset":
                return await accounts.ResetPasswordAsync(account, cancellationToken) is { } password
                    ? new ControlAnswer(Result: "The password is good for one login, which asks for another. A second factor is switched off.", Lines: [$"{account.Name}\t{password}"])
                    : new ControlAnswer(Error: "the account is gone, or the server too busy.");
            case "accounts enable":
                _ = await state.ChangeAccountAsync(account.Id, before => before with { IsDisabled = false });
                return new ControlAnswer(Result: "The account can log in again.");
            default:
                _ = await state.ChangeAccountAsync(account.Id, before => before with { IsDisabled = true });
                return new ControlAnswer(Result: "The account cannot log in any more, and everything that was given in its name is revoked.");
        }
    }

    private async ValueTask<ControlAnswer> AddAsync(JsonElement json, CancellationToken cancellationToken)
    {
        OAuthResult<Client> read = RegisteredClient.Read(json);
        if (!read.IsOk)
        {
            return new ControlAnswer(Error: read.Error.Reason);
        }

        await RecordAsync(new AccessEvent(AccessAction.ClientRegistered, AccessOutcome.Success) { Detail = $"client {read.Value.Id}" }, cancellationToken);
        OAuthResult<Client> registered = await state.RegisterAsync(read.Value with { Registration = Registration.Administrator, Registered = time.GetUtcNow() });
        return registered.IsOk ? new ControlAnswer(Result: "The client is registered.") : new ControlAnswer(Error: registered.Error.Reason);
    }

    private async ValueTask<ControlAnswer> RevokeAsync(Client client, CancellationToken cancellationToken)
    {
        await RecordAsync(new AccessEvent(AccessAction.Revoked, AccessOutcome.Success) { Detail = $"client {client.Id} blocked" }, cancellationToken);
        OAuthResult<Client> blocked = await state.RegisterAsync(client with { IsBlocked = true });
        return blocked.IsOk
            ? new ControlAnswer(Result: "The client gets nothing any more, and what it had is revoked. Adding it again lifts that.")
            : new ControlAnswer(Error: blocked.Error.Reason);
    }

    private async ValueTask<ControlAnswer> RotateAsync(bool forget, CancellationToken cancellationToken)
    {
        await RecordAsync(new AccessEvent(AccessAction.Administration, AccessOutcome.Success) { Detail = forget ? "keys rotated, old ones forgotten" : "keys rotated" }, cancellationToken);
        keys.Rotate(forget);
        return new ControlAnswer(Result: forget ? "New keys sign, and what the old ones signed is not valid any more." : "New keys sign; what the old ones signed stays valid until it expires.");
    }

    private async ValueTask RecordAsync(AccessEvent happened, CancellationToken cancellationToken)
    {
        Fhir.Result<long> written = await store.AppendRecordAsync(Scope, new LedgerRecord(AccessCodec.Write(happened with { Who = "command-line", Role = Role.Administrator })), cancellationToken);
        if (!written.IsOk)
        {
            throw new IOException("The store cannot write now, so that the change could not go on record; nothing was changed.");
        }
    }

    private static string Describe(Account account) => string.Join('\t', account.Name, NameOf(account.Role), account.FhirUser ?? "-", account.Organisation ?? "-", StateOf(account));

    private static string StateOf(Account account) => account.IsDisabled ? "disabled" : account.MustChangePassword ? "has a one-time password" : "active";

    private static string Describe(Client client) => string.Join(
        '\t', client.Id, client.Kind switch { ClientKind.Public => "public", ClientKind.ConfidentialSymmetric => "secret", _ => "keys" }, client.Organisation ?? "-", client.IsBlocked ? "blocked" : "active", client.AllowedScopes);

    private static string NameOf(Role role) => JsonNamingPolicy.KebabCaseLower.ConvertName(role.ToString());
}
