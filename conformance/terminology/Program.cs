using HealthChain.Conformance.Terminology;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;

// Usage: [ARCHIVE] — compares our expansions of R4's value sets with those that HL7 published in the same package.
string? archive = args.Length > 0 ? args[0] : Published.FindArchive();
if (archive is null)
{
    Console.Error.WriteLine("The package hl7.fhir.r4.examples is not there: build src/Fhir first, or name the archive.");
    return 2;
}

IReadOnlyDictionary<string, string> known = Published.KnownDifferences();
IReadOnlyList<PublishedExpansion> published = Published.Read(archive);

// HL7 expanded with R4's own code systems; by default HL7 terminology (newer) goes before them.
var asPublished = new TerminologyService(DefinitionSet.R4.With([FhirPackage.OpenArchive(archive)]));
var asDelivered = new TerminologyService(DefinitionSet.R4);
int unexplained = Comparison.Report("with R4's own code systems", published, asPublished, known);
Comparison.Report("with HL7 terminology before them, as delivered", published, asDelivered, null);
return unexplained == 0 ? 0 : 1;
