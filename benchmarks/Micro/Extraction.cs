using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Micro;

/// <summary>The values of all search parameters of R4, without and with the parse before it.</summary>
internal static class Extraction
{
    public static void Run()
    {
        var extractor = new SearchExtractor(new SearchParameterSet(DefinitionSet.R4));
        var values = new IndexValues();
        foreach (Corpus corpus in Parsing.Corpora().Append(Corpus.Synthea("Observation")).OfType<Corpus>())
        {
            Element[] resources = [.. corpus.Bodies.Select(body => FhirJson.Read(body).Tree!.Root)];
            var rounds = new Rounds(corpus);
            rounds.Run(index => extractor.Extract(resources[index], values)).Print("extract search values");
            rounds.Run(index => extractor.Extract(FhirJson.Read(corpus.Bodies[index]).Tree!.Root, values)).Print("parse and extract search values");
        }
    }
}
