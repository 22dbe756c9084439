using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Server;
using HealthChain.Smart.State;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>
/// What is done at the first start after a restore. The state that came back knows nothing of what was revoked since, and has the accounts of patients
/// who were erased since: so what apps had is revoked, sessions end, and accounts of patients of whom the store knows nothing go.
/// </summary>
internal sealed class RestoredState(SmartState state, IResourceStore store, ServerOptions options)
{
    private const string MarkName = "restored";

    private static readonly AccessScope Scope = AccessScope.System("accounts of erased patients");

    /// <summary>Says that the state came out of a backup; stays until the work was done.</summary>
    public static void Mark(ServerOptions options) => File.WriteAllBytes(MarkIn(options), []);

    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(MarkIn(options)))
        {
            return;
        }

        foreach (Account account in state.Accounts)
        {
            await state.EndSessionsAsync(account.Id);
            foreach (string given in state.AuthorisationsOf(account.Id).Select(authorisation => authorisation.Id).ToList())
            {
                await state.RevokeAuthorisationAsync(account.Id, given);
            }

            if (account.FhirUser?.Split('/') is [var type, var id] && type is ("Patient" or "RelatedPerson") && await store.ReadAsync(Scope, new ResourceKey(type, id), cancellationToken) is null)
            {
                await state.EraseAsync(account.FhirUser);
            }
        }

        File.Delete(MarkIn(options));
    }

    private static string MarkIn(ServerOptions options) => Path.Combine(options.Folder(SmartRegistration.Folder), MarkName);
}
