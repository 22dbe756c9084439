using HealthChain.Consent;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.State;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>The steps by which consents are asked for, given and taken back.</summary>
internal static class WorkflowRegistration
{
    public static void AddConsentWorkflow(this IServiceCollection services)
    {
        services.TryAddSingleton<Vocabulary>();
        services.AddSingleton<WorkflowStore>();
        services.AddSingleton<IOperation, RequestAccess>();
        foreach (string name in new[] { AnswerRequest.Approve, AnswerRequest.Reject, AnswerRequest.Withdraw })
        {
            services.AddSingleton<IOperation>(provider => ActivatorUtilities.CreateInstance<AnswerRequest>(provider, name));
        }

        services.AddSingleton<IOperation, Revoke>();
        services.AddSingleton(provider => WalletsOf(provider.GetRequiredService<Stores>()));
        services.AddSingleton<Func<WalletSignatures?>>(provider => () => provider.GetService<LedgerNode>()?.Signatures);
        services.AddSingleton<IOperation, RegisterWallet>();
        services.AddSingleton<IOperation, SignatureRequest>();
        services.AddSingleton<IOperation, Sign>();
        services.AddSingleton(provider => new EmergencyTokens(provider.GetRequiredService<TimeProvider>(), provider.GetService<SmartState>()));
        services.AddSingleton<IOperation, BreakGlass>();
        services.AddSingleton<IPatientInbox, Inbox>();
    }

    private static Wallets WalletsOf(Stores stores) => new(stores.Resources, new RegistryNames(stores.Resources, stores.Keys));
}
