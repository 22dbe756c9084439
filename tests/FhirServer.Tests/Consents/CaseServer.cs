using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>What a server would decide that was told of all that is in the store of a worked decision.</summary>
internal sealed class CaseServer
{
    private readonly ConsentView _view;

    private CaseServer(ConsentView view) => _view = view;

    public bool Permits(in ResourceFacts facts) => _view.Permits(facts);

    /// <summary>Null for whoever could not ask a server: it refuses whom it does not know and administrators before consents are looked at, and knows one organisation of each.</summary>
    public static async Task<CaseServer?> StartAsync(DecisionCase one, CaseDirectory who, ServerFactory server, Means means, CancellationToken cancellationToken)
    {
        JsonObject actor = one.Request["actor"] as JsonObject ?? [];
        string? person = (string?)actor["reference"];
        string[] organisations = DecisionCase.Texts(actor["onBehalfOf"]);
        Question question = who.QuestionOf();
        if (question.Actors.Count == 0 || question.IsAdministrator || organisations.Length > 1)
        {
            return null;
        }

        var options = new ServerOptions { ConsentPolicy = (ImplicitPolicy.Find(one.Policy) ?? ImplicitPolicy.Deny).Uri };
        var directory = new ConsentDirectory(server.Services.GetRequiredService<IResourceStore>(), means.Vocabulary, means.Hasher, options);
        if (one.AreConsentsReadable)
        {
            await directory.StartAsync(cancellationToken);
        }

        long sequence = 0;
        StoredVersion[] versions = [.. one.Consents.Concat(one.Store).Select(resource => Version(resource, ++sequence))];
        directory.Note(versions, key => Array.Find(versions, version => version.Key == key));
        var requester = new Requester("somebody", AccessScope.System("tests"))
        {
            Role = RoleOf(person, DecisionCase.Texts(actor["roles"])),
            FhirUser = person,
            Organisation = organisations.FirstOrDefault(),
            Purpose = DecisionCase.Texts(one.Request["purpose"]) is { Length: > 0 } purposes ? string.Join(' ', purposes) : null,
            MayBreakGlass = question.MayBreakGlass,
            BreakGlass = question.DeclaresBreakGlass ? new BreakGlassDeclaration((string)one.Request["breakGlass"]!["reason"]!, question.Time.AddMinutes(15)) : null,
        };
        ConsentAction action = Enum.Parse<ConsentAction>(question.Action, ignoreCase: true);
        return new CaseServer(new ConsentViews(directory, means.Keys, means.Vocabulary, options, new At(question.Time)).Of(requester)[action]);
    }

    private static Role RoleOf(string? person, string[] roles) => person?.Split('/')[0] switch
    {
        _ when roles.Contains("payer") => Role.Insurer,
        _ when roles.Contains("researcher") => Role.Researcher,
        "Patient" => Role.Patient,
        "RelatedPerson" => Role.RelatedPerson,
        _ when roles.Contains("clinician") => Role.Practitioner,
        _ => Role.Backend,
    };

    private static StoredVersion Version(JsonObject resource, long sequence) => new(
        new ResourceKey((string)resource["resourceType"]!, (string)resource["id"]!), 1, DateTimeOffset.UnixEpoch, sequence, ChangeKind.Update, Encoding.UTF8.GetBytes(resource.ToJsonString()));

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    /// <summary>What is the same for all cases.</summary>
    internal sealed record Means(Vocabulary Vocabulary, ConsentKeys Keys, IndexHasher Hasher);
}
