using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Redaction;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.Micro;

/// <summary>What security labels cost where there are hardly any: the look at the codes of what is written, and at what is read by who sees but a part.</summary>
internal static class Labels
{
    public static void Run()
    {
        var options = new ServerOptions();
        var labeller = new Labeller(SensitivityTables.Read(options.Labels).Table, options.Labels);
        var redactor = new Redactor(new SearchParameterSet(DefinitionSet.R4), new IndexHasher(new byte[16]), options);
        AccessScope scope = new PartialScope();
        foreach (Corpus corpus in new[] { Corpus.Synthea("Observation"), Corpus.Synthea("Condition"), Corpus.Synthea() }.OfType<Corpus>())
        {
            Element[] resources = [.. corpus.Bodies.Select(body => FhirJson.Read(body).Tree!.Root)];
            StoredVersion[] versions = [.. corpus.Bodies.Select((body, number) => new StoredVersion(new ResourceKey("Observation", $"{number}"), 1, default, number, ChangeKind.Create, body))];
            var rounds = new Rounds(corpus);
            rounds.Run(index => labeller.Label(resources[index], before: null, relabels: false)).Print("label what is created");
            rounds.Run(index => redactor.Redact(scope, versions[index])).Print("look for parts to redact");
            rounds.Run(index => new ReferenceDisplays(null!, scope, null).MayConcern(versions[index].Json.Span)).Print("look for displays to drop");
        }
    }

    private sealed class PartialScope : AccessScope
    {
        public override string Requester => "somebody";

        public override bool Sees(in ResourceFacts facts) => false;
    }
}
