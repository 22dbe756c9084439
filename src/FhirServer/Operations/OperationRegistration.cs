using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.FhirServer.GraphQl;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Operations.Matching;
using HealthChain.FhirServer.Operations.Terminology;
using HealthChain.FhirServer.Organisations;
using HealthChain.Smart.State;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>All operations that the server has.</summary>
internal static class OperationRegistration
{
    public static IServiceCollection AddOperations(this IServiceCollection services)
    {
        services.AddSingleton<StoredDefinitions>();
        services.AddSingleton<SearchTerminology>();
        services.AddSingleton<IOperation, Validate>();
        services.AddSingleton<IOperation, Meta>();
        foreach (string name in new[] { MetaChange.Add, MetaChange.Remove })
        {
            services.AddSingleton<IOperation>(provider => ActivatorUtilities.CreateInstance<MetaChange>(provider, name));
        }

        services.AddSingleton<IOperation, Conversion>();
        services.AddTerminologyOperations();
        services.AddSingleton<EverythingReader>();
        foreach (string compartment in new[] { "Patient", "Encounter" })
        {
            services.AddSingleton<IOperation>(provider => ActivatorUtilities.CreateInstance<Everything>(provider, compartment));
        }

        services.AddSingleton<IOperation, LastN>();
        services.AddSingleton<IOperation, Document>();
        services.AddSingleton<IOperation, PatientMatch>();
        services.AddSingleton<GraphQlService>();
        services.AddSingleton<IOperation, GraphQlRequest>();
        services.AddSingleton<IOperation, Diff>();
        services.AddSingleton<IOperation, Reindex>();
        services.AddSingleton<IOperation>(provider => ActivatorUtilities.CreateInstance<Erase>(provider, new Erase.Accounts(provider.GetService<SmartState>())));
        foreach (string name in new[] { Declare.Verify, Declare.Suspend })
        {
            services.AddSingleton<IOperation>(provider => ActivatorUtilities.CreateInstance<Declare>(provider, name));
        }

        services.AddConsentWorkflow();
        services.AddSingleton<IOperation>(provider => new ReceiptOperation(provider.GetRequiredService<IResourceStore>(), provider.GetService<LedgerNode>()));
        services.AddSingleton<OperationTable>();
        return services;
    }

    private static void AddTerminologyOperations(this IServiceCollection services)
    {
        services.AddSingleton<DefinitionInput>();
        services.AddDefined("ValueSet-expand", static provider => ActivatorUtilities.CreateInstance<Expand>(provider).AnswerAsync);
        services.AddDefined("CodeSystem-lookup", static provider => ActivatorUtilities.CreateInstance<Lookup>(provider).AnswerAsync);
        services.AddDefined("CodeSystem-subsumes", static provider => ActivatorUtilities.CreateInstance<Subsumes>(provider).AnswerAsync);
        services.AddDefined("ConceptMap-translate", static provider => ActivatorUtilities.CreateInstance<Translate>(provider).AnswerAsync);
        foreach (DefinitionKind kind in new[] { DefinitionKind.ValueSet, DefinitionKind.CodeSystem })
        {
            services.AddDefined($"{kind}-validate-code", provider => ActivatorUtilities.CreateInstance<ValidateCode>(provider, kind).AnswerAsync);
        }
    }

    /// <param name="definition">Id of its OperationDefinition in R4.</param>
    private static void AddDefined(this IServiceCollection services, string definition, Func<IServiceProvider, OperationAnswer> answer) =>
        services.AddSingleton<IOperation>(provider => new DefinedOperation(
            provider.GetRequiredService<DefinitionSet>().Operation("http://hl7.org/fhir/OperationDefinition/" + definition)!, answer(provider)));
}
