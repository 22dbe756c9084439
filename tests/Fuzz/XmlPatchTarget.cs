using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;

namespace HealthChain.Fuzz;

/// <summary>XML Patch on a fixed resource. What it makes is a resource that reads.</summary>
public sealed class XmlPatchTarget : FuzzTarget
{
    private readonly Element _resource = FhirJson.Read(Resources.Json[0]).Root;

    public override string Name => "xml-patch";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        """<diff xmlns="http://hl7.org/fhir"><replace sel="f:Patient/f:active/@value">false</replace><remove sel="Patient/birthDate"/></diff>""",
        """<diff xmlns="http://hl7.org/fhir"><add sel="f:Patient/f:name[1]/f:given[@value='Ann']" pos="after"><given value="X"/></add><add sel="f:Patient/f:active" type="@id">i</add></diff>""",
        """<diff xmlns="http://hl7.org/fhir"><replace sel="f:Patient/f:text/h:div/h:p/h:b/text()">x</replace><remove sel="*/*[2]"/></diff>""");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "<add sel=\"", "<remove sel=\"", "<replace sel=\"", "\"/>", " pos=\"before\"", " pos=\"prepend\"", " type=\"@a\"", " type=\"@xml:a\"", " type=\"@xmlns\"", " type=\"namespace::p\"",
        " ws=\"both\"", "f:Patient", "/", "//", "*", "@value", "text()", "comment()", "namespace::", "[1]", "[.='x']", "[@value='true']", "processing-instruction('x')", "<!--c-->", "<?x y?>",
        "<![CDATA[x]]>", "<given value=\"Y\"/>", " xmlns:p=\"urn:p\"", "p:", " xmlns=\"\"", " xml:id=\"x\"");

    public override void Run(byte[] input)
    {
        Result<ElementTree> result = XmlPatch.Apply(_resource, input);
        Promise(result.IsOk ? FhirJson.Read(FhirJson.ToBytes(result.Value.Root)).IsOk : result.Error.Issues.Count > 0, "a resource that reads, or an issue");
    }
}
