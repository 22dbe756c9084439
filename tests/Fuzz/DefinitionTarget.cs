using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fuzz;

/// <summary>Definitions of packages, and the snapshots of structures. What is refused has an issue; what is read can be asked for.</summary>
public sealed class DefinitionTarget : FuzzTarget
{
    public override string Name => "definitions";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        """{"resourceType":"StructureDefinition","url":"http://x.org/p","name":"P","kind":"resource","abstract":false,"type":"Observation","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint","differential":{"element":[{"id":"Observation","path":"Observation"},{"path":"Observation.component","slicing":{"discriminator":[{"type":"pattern","path":"code"}],"rules":"open"},"min":2},{"path":"Observation.component","sliceName":"a","max":"1"},{"path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"a"}]}},{"path":"Observation.component.valueQuantity.code","min":1},{"path":"Observation.extension","sliceName":"e","type":[{"code":"Extension","profile":["http://hl7.org/fhir/StructureDefinition/patient-birthPlace"]}]},{"path":"Observation.extension.value[x]","min":1}]}}""",
        """{"resourceType":"StructureDefinition","url":"http://x.org/q","name":"Q","kind":"resource","abstract":false,"type":"Questionnaire","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Questionnaire","derivation":"constraint","differential":{"element":[{"path":"Questionnaire.item.item.item.linkId","maxLength":5},{"path":"Questionnaire.subjectType","binding":{"strength":"required","valueSet":"http://x.org/vs"}},{"path":"Questionnaire.identifier","sliceName":"a/b"}]}}""",
        """{"resourceType":"StructureDefinition","url":"http://x.org/m","name":"M","kind":"logical","abstract":false,"type":"http://x.org/m","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Element","derivation":"specialization","differential":{"element":[{"path":"m"},{"path":"m.part","min":0,"max":"*","type":[{"code":"BackboneElement"}]},{"path":"m.part.x","type":[{"code":"string"}]}]}}""",
        """{"resourceType":"CodeSystem","url":"http://x.org/cs","content":"complete","concept":[{"code":"a","concept":[{"code":"b","designation":[{"value":"B","use":{"code":"u"}}],"property":[{"code":"p","valueCoding":{"code":"c"}},{"code":"q","valueDecimal":1.10}]}]}]}""",
        """{"resourceType":"ValueSet","url":"http://x.org/vs","compose":{"include":[{"system":"http://x.org/cs","filter":[{"property":"p","op":"=","value":"v"}],"concept":[{"code":"a"}]}]},"expansion":{"total":1,"contains":[{"code":"a","contains":[{"code":"b"}]}]}}""",
        """{"resourceType":"SearchParameter","url":"http://x.org/sp","name":"n","code":"c","base":["Patient"],"type":"composite","component":[{"definition":"d","expression":"e"}]}""");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "{", "}", "[", "]", ",", "null", "\"path\":\"Observation.component.code\"", "\"sliceName\":\"a\"", "\"sliceName\":\"a/b\"", "\"id\":\"Observation.component:a\"",
        "\"max\":\"*\"", "\"min\":-1", ":", ".", "[x]", "/", "\"type\":[{\"code\":\"Quantity\"}]", "\"baseDefinition\":\"http://x.org/p\"", "\"contentReference\":\"#Observation\"",
        "\"profile\":[\"http://x.org/p\"]", "\"derivation\":\"specialization\"", "\"kind\":\"logical\"", "\\ud83d", "\"fixedCode\":\"x\"");

    public override void Run(byte[] input)
    {
        Result<IDefinition> result = DefinitionJson.Read(input, "fuzz");
        if (!result.IsOk)
        {
            Promise(result.Error.Issues.Count > 0, "a refused definition has an issue");
            return;
        }

        IDefinition definition = result.Value;
        DefinitionSet set = DefinitionSet.R4.With([new DefinitionList([definition])]);
        if (definition is StructureDefinition structure)
        {
            StructureDefinition? complete = set.Structure(structure.ToString());
            Promise(complete is not null, "a structure that was read can be asked for");
            Promise(complete!.Snapshot.Count > 0 || structure.Differential.Count == 0 || set.Issues.Any(), "without a snapshot there is an issue");
        }
    }
}
