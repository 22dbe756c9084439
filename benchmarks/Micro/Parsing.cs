using System.Buffers;
using HealthChain.Fhir.Model;

namespace HealthChain.Micro;

/// <summary>JSON to tree with the structural check, and back.</summary>
internal static class Parsing
{
    public static void Run()
    {
        foreach (Corpus corpus in Corpora())
        {
            var rounds = new Rounds(corpus);
            rounds.Run(index => FhirJson.Read(corpus.Bodies[index])).Print("parse");
            ElementTree[] trees = [.. corpus.Bodies.Select(body => FhirJson.Read(body).Tree!)];
            var output = new ArrayBufferWriter<byte>(1 << 20);
            rounds.Run(index =>
            {
                output.ResetWrittenCount();
                FhirJson.Write(trees[index].Root, output);
            }).Print("write");
        }
    }

    internal static IEnumerable<Corpus> Corpora()
    {
        yield return Corpus.Examples();
        if (Corpus.Synthea() is { } synthea)
        {
            yield return synthea;
        }
    }
}
