using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.Micro;

/// <summary>The values of all search parameters of R4 and what decisions ask of a resource, with the keys made of them, and with the parse before it.</summary>
internal static class Extraction
{
    public static void Run()
    {
        var extractor = new SearchExtractor(new SearchParameterSet(DefinitionSet.R4));
        var values = new IndexValues();
        var writer = new IndexKeyWriter(new IndexHasher(new byte[IndexHasher.KeyBytes]));
        var keys = new List<IndexKey>();
        foreach (Corpus corpus in Parsing.Corpora().Append(Corpus.Synthea("Observation")).OfType<Corpus>())
        {
            Element[] resources = [.. corpus.Bodies.Select(body => FhirJson.Read(body).Tree!.Root)];
            var rounds = new Rounds(corpus);
            rounds.Run(index => extractor.Extract(resources[index], values)).Print("extract search values");
            rounds.Run(index =>
            {
                extractor.Extract(resources[index], values);
                writer.Write(values, keys);
            }).Print("and write their keys");
            rounds.Run(index => extractor.Extract(FhirJson.Read(corpus.Bodies[index]).Tree!.Root, values)).Print("parse and extract search values");
        }
    }
}
