using HealthChain.Fhir;
using HealthChain.Fhir.Compiler;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Ucum;

// Called by Definitions.targets with the lock file, the folder that keeps the npm archives, and the folder for the binaries.
if (args.Length != 3)
{
    Console.Error.WriteLine("usage: HealthChain.Fhir.Compiler LOCK-FILE ARCHIVES OUTPUT");
    return 2;
}

try
{
    var packages = new NpmPackages(args[0], args[1]);
    packages.Fetch();
    Directory.CreateDirectory(args[2]);
    IReadOnlyList<IDefinition> specification = Specification.Definitions(packages.Open("hl7.fhir.r4.examples"));
    Save("definitions.r4.bin", DefinitionWriter.Write(specification));
    using var schema = new MemoryStream();
    SchemaCompiler.Write(specification.OfType<StructureDefinition>(), schema);
    Save("schema.bin", schema.ToArray());
    using var ucum = new MemoryStream();
    UcumDefinitions.ReadJson(new MemoryStream(packages.Read("@lhncbc/ucum-lhc", "data/ucumDefs.min.json"))).WriteBinary(ucum);
    Save("ucum.bin", ucum.ToArray());
    Save("definitions.terminology.bin", DefinitionWriter.Write(HealthTerminology.Definitions(packages.Open("hl7.terminology.r4"), specification)));
    return 0;
}
catch (Exception failure) when (failure is IOException or InvalidDataException or FhirException)
{
    // The form that MSBuild shows as an error of the build.
    Console.Error.WriteLine($"HealthChain.Fhir.Compiler : error HC0001: {failure.Message.ReplaceLineEndings(" ")}");
    return 1;
}

// First beside its place, then renamed: a build that is stopped leaves no half a file.
void Save(string name, byte[] bytes)
{
    string path = Path.Combine(args[2], name);
    File.WriteAllBytes(path + ".new", bytes);
    File.Move(path + ".new", path, overwrite: true);
}
