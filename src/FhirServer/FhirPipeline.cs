using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart.Http;
using HealthChain.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HealthChain.FhirServer;

/// <summary>What answers FHIR requests, put together. The engine, the options and the clock come from the host.</summary>
internal static class FhirPipeline
{
    /// <param name="engine">Closed by whoever opened it.</param>
    public static IServiceCollection AddFhir(this IServiceCollection services, Storage.IResourceStore engine)
    {
        services.AddAudit(engine);
        services.AddSingleton(_ => OwnDefinitions.Over(DefinitionSet.R4));
        services.AddSingleton<TerminologyService>();
        services.AddSingleton(provider => new Validator(
            provider.GetRequiredService<DefinitionSet>(),
            provider.GetRequiredService<TerminologyService>(),
            new ValidatorOptions { DataElsewhere = BlobStandIn.FactsOf, AllowedExtensionDomains = ["http://hl7.org/fhir/uv/security-label-ds4p/"] }));
        services.TryAddSingleton<SearchParameterSet>();
        services.AddSingleton(provider => provider.GetRequiredService<ServerOptions>().Limits.Search);
        services.AddSingleton<SearchReader>();
        services.AddSingleton<RoleReach>();
        services.AddSingleton<ScopeRules>();
        services.AddSingleton<RelatedPersons>();
        services.AddSingleton<AccessDecisions>();
        services.AddConsents();
        services.AddSingleton<Requesters>();
        services.AddSingleton<AccessLog>();
        services.TryAddSingleton(provider => new PageCursors(ServerSecret.ReadOrMake(provider.GetRequiredService<ServerOptions>().Data)));
        services.AddSingleton<Capabilities>();
        services.AddSingleton<Read>();
        services.AddOperations();

        // What stays of an erased patient are resources: of records of accesses only those stay that tell nothing.
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Mentions>(provider, engine));
        services.AddSingleton<ServedDefinitions>();
        services.AddSingleton<ContainedSearch>();
        services.AddSingleton<Search>();
        services.AddSingleton<History>();
        services.AddSingleton<IdSource>();
        services.AddSingleton<ConditionalSearch>();
        services.AddSingleton<Create>();
        services.AddSingleton<Update>();
        services.AddSingleton<Patch>();
        services.AddSingleton<Delete>();
        services.AddSingleton<WritePlanners>();
        services.AddSingleton(provider => new Labeller(SensitivityTables.Read(provider.GetRequiredService<ServerOptions>().Labels).Table, provider.GetRequiredService<ServerOptions>().Labels));
        services.AddSingleton<Content>();
        services.AddSingleton<OrganisationDirectory>();
        services.AddSingleton<IOrganisationStatus>(provider => provider.GetRequiredService<OrganisationDirectory>());
        services.AddHostedService(provider => provider.GetRequiredService<OrganisationDirectory>());
        services.AddSubscriptions();
        services.AddSingleton<Commits>();
        services.AddSingleton<SingleWrite>();
        services.AddSingleton<LocalMatch>();
        services.AddSingleton<Batch>();
        services.AddSingleton<TransactionBundle>();
        services.AddSingleton<BundleRequest>();
        // Entries of bundles are answered by the service of which bundles are a part.
        services.AddSingleton(provider => new Lazy<FhirService>(provider.GetRequiredService<FhirService>));
        services.AddSingleton<FhirService>();
        services.AddSingleton<BlobSweeper>();
        services.AddSingleton<BodyReader>();
        services.AddSingleton<FhirEndpoint>();
        services.AddSingleton<RequestLimits>();
        services.AddSingleton<Measurements>();
        return services;
    }

    public static void MapFhir(this WebApplication app)
    {
        FhirEndpoint endpoint = app.Services.GetRequiredService<FhirEndpoint>();
        RequestLimits limits = app.Services.GetRequiredService<RequestLimits>();
        Measurements measurements = app.Services.GetRequiredService<Measurements>();
        app.MapSubscriptions();
        app.Map(FhirEndpoint.Path, fhir =>
        {
            fhir.Use(measurements.MeasureAsync);
            if (app.Services.GetService<SmartServer>() is { } smart)
            {
                fhir.Use(FhirOrigins.For(smart.Origins));
            }

            fhir.Use(limits.AdmitAsync);
            fhir.Run(endpoint.AnswerAsync);
        });
    }
}
