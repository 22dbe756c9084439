using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;

namespace HealthChain.Micro;

/// <summary>Full validation against the base definitions, bindings and invariants on, everything warm.</summary>
internal static class Validating
{
    public static void Run()
    {
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));
        foreach (Corpus corpus in Parsing.Corpora())
        {
            Element[] roots = [.. corpus.Bodies.Select(body => FhirJson.Read(body).Tree!.Root)];
            var rounds = new Rounds(corpus);
            rounds.Run(index => validator.Validate(roots[index])).Print("validate");
            rounds.Run(index => validator.Validate(FhirJson.Read(corpus.Bodies[index]).Tree!.Root)).Print("parse + validate");
        }
    }
}
