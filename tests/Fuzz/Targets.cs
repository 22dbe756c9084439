namespace HealthChain.Fuzz;

/// <summary>All targets; the unit test that replays the corpus uses the same list.</summary>
public static class Targets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new JsonTarget(),
        new XmlTarget(),
        new JsonToXmlTarget(),
        new JsonPatchTarget(),
        new FhirPathPatchTarget(),
        new XmlPatchTarget(),
        new UcumTarget(),
        new FhirPathTarget(),
        new SearchTarget(),
        new DefinitionTarget(),
        new ExtractionTarget(),
        new ValidationTarget(),
        new NoteTarget(),
        new ReceiptTarget(),
        new ReceiptExtraTarget(),
        new TrustPolicyTarget(),
        new RlpTarget(),
        new AbiTarget(),
        new NodeAnswerTarget(),
    ];
}
