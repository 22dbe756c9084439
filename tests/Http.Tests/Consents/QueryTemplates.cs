namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// Requests with gaps. <c>{a|b}</c> is one of several, <c>{Patient}</c> something of a type, <c>{id:Patient}</c> its id, <c>{any}</c> any resource,
/// <c>{type}</c> a type; the other gaps are values: see <see cref="QuerySource"/>.
/// </summary>
internal static class QueryTemplates
{
    public static IReadOnlyList<string> Reads { get; } =
    [
        "{any}", "{any}", "{any}?_summary={true|text|data}", "{any}?_elements=id", "{vread}", "{vread}", "{any}/$meta", "{vread}/$diff",
    ];

    public static IReadOnlyList<string> Histories { get; } =
    [
        "{any}/_history", "{any}/_history?_count=1", "{any}/_history?_since={instant}", "{any}/_history?_at={instant}", "{type}/_history", "{type}/_history?_count={1|2|5}",
        "{type}/_history?_since={instant}&_count=3", "_history?_count=50", "_history?_count={3|7}&_since={instant}", "{type}/_history?_at={instant}", "_history?_at={instant}&_count=60",
    ];

    public static IReadOnlyList<string> Searches { get; } =
    [
        // Tokens, text and modifiers.
        "Observation?code={code}&_total=accurate", "Condition?code={code},{code}", "Observation?code:not={code}&_total=accurate", "Observation?code:text={word}", "Observation?code:missing={true|false}",
        "Observation?status={final|amended|preliminary}&code={code}", "Condition?code:not={code}&_count=2", "Patient?gender={male|female}", "Patient?gender:not=male&_total=accurate",
        "Patient?identifier=urn:example:mrn|{identifier}", "Practitioner?identifier={identifier}", "Observation?category={laboratory|vital-signs}", "Encounter?class={IMP|AMB}",
        "AllergyIntolerance?code={code}", "MedicationRequest?code={code}", "Immunization?vaccine-code={code}", "Observation?value-concept={code}", "Observation?code:in=urn:example:nowhere",

        // Strings, dates, numbers, quantities, composites.
        "Patient?name={family}", "Patient?name:contains={m|th|s}", "Patient?family:exact={family}", "Patient?birthdate={ge|lt|eq}1985", "Patient?name:missing=true", "List?title={word}", "Composition?title:contains={a|o}",
        "Observation?date={ge|le|eq|sa|eb|ne|ap}{date}", "Observation?date={date}&_sort=-date", "Condition?onset-date={ge|lt}{date}", "Encounter?date={ge|le}{date}", "Procedure?date={ge|le}{date}&_total=accurate",
        "Observation?value-quantity={gt|lt|eq|ne}{10|20|30}", "Observation?value-quantity={10|20}||mg", "Observation?value-string={word}", "Observation?code-value-quantity={code}${gt|lt}20",
        "Observation?component-code-value-quantity={code}$lt2", "Observation?combo-code={code}", "Observation?date:missing={true|false}", "Communication?sent={ge|lt}{date}",

        // References and chains.
        "Observation?subject={Patient}", "Observation?patient={id:Patient}&_total=accurate", "Condition?patient={Patient}&_total=accurate", "Observation?subject:Patient={id:Patient}", "Condition?encounter={Encounter}",
        "Observation?encounter.class={IMP|AMB}", "Observation?subject:Patient.name={family}", "Observation?patient.gender=female", "Observation?patient.organization.name={ward|clinic}",
        "Observation?performer:Practitioner.name={family}", "Observation?has-member.code={code}", "Encounter?diagnosis.code={code}", "Composition?entry:Condition.code={code}", "List?item:Observation.code={code}",
        "Provenance?target:Observation.code={code}", "Provenance?target={Observation}", "DiagnosticReport?result.code={code}", "DiagnosticReport?result.subject:Patient.name={family}", "Task?focus:Condition.code={code}",
        "ExplanationOfBenefit?claim.status=active", "MedicationRequest?medication.code={code}", "Observation?derived-from:DocumentReference.status=current", "Appointment?actor:Patient.name={family}",
        "Appointment?actor={Patient}", "Group?member={Patient}", "Task?patient={Patient}", "Provenance?patient={Patient}", "Observation?performer={Practitioner},{Patient}", "Observation?subject:missing=true",
        "Condition?evidence-detail={Observation}", "Condition?evidence-detail.code={code}", "Observation?device={Device}", "Observation?device.type={code}", "Coverage?payor={Organization}", "Claim?insurer={Organization}",
        "DocumentReference?location={any}", "Observation?subject:identifier=urn:example:mrn|{identifier}",

        // Backwards.
        "Patient?_has:Observation:patient:code={code}", "Patient?_has:Condition:patient:code={code}&_total=accurate", "Patient?_has:Observation:subject:_has:Provenance:target:_id={id:Provenance}",
        "Encounter?_has:Condition:encounter:code={code}", "Observation?_has:Provenance:target:agent={Practitioner}", "Practitioner?_has:Observation:performer:code={code}", "Organization?_has:Patient:organization:name={family}",
        "Condition?_has:Encounter:diagnosis:status=finished", "Patient?_has:Group:member:_id={id:Group}", "Device?_has:Observation:device:code={code}", "Observation?_has:DiagnosticReport:result:status=final",
        "Patient?_has:Observation:patient:encounter.class=IMP", "Practitioner?_has:MedicationRequest:requester:status=active", "Organization?_has:Claim:insurer:status=active", "Observation?_has:List:item:_id={id:List}",
        "Patient?_has:Consent:patient:status=active", "Practitioner?_has:Condition:recorder:code:not={code}", "Patient?organization.name=ward&_has:Flag:patient:code={code}",

        // Of all resources.
        "{type}?_id={id:any},{id:any},{id:any}", "{type}?_lastUpdated={ge|lt|sa|eb}{instant}", "{type}?_security={label}", "{type}?_security:not={label}&_total=accurate", "{type}?_security:missing={true|false}",
        "{type}?_tag={tag}", "{type}?_tag:not={tag}", "{type}?_profile=urn:example:profile:{a|b}", "{type}?_profile:missing=true&_total=accurate", "{type}?_source=urn:example:source:{0|1}", "{type}?_content={word}",
        "{type}?_text={word}", "{type}?_content={word}&_total=accurate", "?_type={type},{type},{type}&_total=accurate&_count=5", "?_type=Patient,Observation,Condition&_lastUpdated=ge{instant}&_count=4",
        "?_type=Observation,Condition&_security={label}&_total=accurate", "?_content={word}&_type=Observation,Composition,List,Communication", "Patient?_list={id:List}", "Observation?_list={id:List}",
        "Observation?_filter=code eq {bare}", "Observation?_filter=not (code eq {bare})&_total=accurate", "Patient?_filter=name co \"{mi|on}\" or gender eq female", "Condition?_filter=patient pr true and code ne {bare}",
        "{type}?_total=accurate", "{type}?_total=estimate&_count=2", "{type}?_total=none&_count=1", "{type}?_summary=count", "{type}?_count=0", "?_type={type},{type}&_summary=count",

        // Included.
        "Observation?_include=Observation:{subject|encounter|performer|has-member|*}&_count=3", "Encounter?_revinclude=Condition:encounter&_revinclude=Observation:encounter", "Patient?_revinclude={type}:*&_count=2",
        "Patient?_id={id:Patient}&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target", "Observation?_include=Observation:has-member&_include:iterate=Observation:has-member&code={code}",
        "MedicationRequest?_include=MedicationRequest:requester&_include=MedicationRequest:subject&_revinclude=Provenance:target", "Composition?_include=Composition:entry&_include:iterate=Observation:encounter",
        "List?_include=List:item&_include:iterate=Observation:subject:Patient", "Patient?_include=Patient:{organization|general-practitioner|link}", "Condition?_include:iterate=Condition:encounter&_include:iterate=Encounter:diagnosis",
        "Organization?_revinclude=Patient:organization&_revinclude:iterate=Observation:patient", "DiagnosticReport?_include=DiagnosticReport:result&_elements=status", "Observation?_revinclude=*:*&_count=5", "Practitioner?_revinclude=Observation:performer&_total=accurate",

        // In order and form.
        "Observation?_sort={date|-date|code|-code|status|_lastUpdated|-_lastUpdated|_id|-_id}&_count={1|3|5}", "Observation?_sort=status,-date&_count=2", "Patient?_sort={family|-family|birthdate,family|-birthdate}&_count=1",
        "Condition?_sort=-onset-date&_count=2&_total=accurate", "Encounter?_sort=date,-_lastUpdated", "Patient?_sort=organization,name", "Observation?_sort=value-quantity,code&_count=4", "?_type=Observation,Condition&_sort=-_lastUpdated&_count=3",
        "{type}?_summary={true|text|data}&_count=4", "{type}?_elements=subject,code&_count=4",

        // Contained resources.
        "Medication?code={code}&_contained={true|both}", "Medication?_contained=true&_containedType=contained", "Practitioner?name={family}&_contained={true|both|false}&_total=accurate", "Practitioner?_contained=true&_containedType={container|contained}&_count=2",
    ];

    public static IReadOnlyList<string> Compartments { get; } =
    [
        "{Patient}/Observation?_total=accurate", "{Patient}/Condition?code={code}", "{Patient}/*", "{Patient}/*?_count=5", "{Encounter}/Observation", "{Encounter}/*?_total=accurate", "{Practitioner}/Observation?_count=2",
        "{Practitioner}/*?_count=10", "{Device}/Observation", "{RelatedPerson}/*", "{Patient}/{type}?_security:not={label}", "{Patient}/Provenance", "{Patient}/Encounter?_revinclude=Condition:encounter",
    ];

    public static IReadOnlyList<string> Operations { get; } =
    [
        "{Patient}/$everything", "{Patient}/$everything?_count=3", "{Patient}/$everything?_type={type},{type}", "{Patient}/$everything?_since={instant}", "{Patient}/$everything?start=2026-01-01&end=2026-01-31",
        "Patient/$everything", "Patient/$everything?_count=7", "{Encounter}/$everything", "{Composition}/$document", "Observation/$lastn?patient={id:Patient}&category={laboratory|vital-signs}&max=2",
        "Observation/$lastn?subject={Patient}&code={code}", "$meta", "{type}/$meta", "{any}/$meta", "{any}/$diff",
        "{any}/$validate", "metadata?_elements=status",
    ];

    public static IReadOnlyList<string> Graphs { get; } =
    [
        "{ Patient(id: \"{id:Patient}\") { id name { family } ObservationList(_reference: patient) { id status } ConditionList(_reference: patient) { id } } }",
        "{ ObservationList(code: \"{bare}\", _count: 5) { id subject { reference display resource(optional: true) { ... on Patient { id gender } } } } }",
        "{ ConditionConnection(_count: 2) { count edges { resource { id } mode } } }",
        "{ PatientList(name: \"{family}\") { id EncounterList(_reference: patient) { id ObservationList(_reference: encounter) { id } } } }",
        "{ EncounterList { id diagnosis { condition { resource { ... on Condition { id } } } } } }",
        "{ Observation(id: \"{id:Observation}\") { id encounter { resource(optional: true) { ... on Encounter { id } } } } }",
        "{ one: Condition(id: \"{id:Condition}\") { id } many: ObservationList(patient: \"{Patient}\", _sort: \"-date\") { id meta { versionId } } }",
    ];

    /// <summary>Criteria of conditional writes.</summary>
    public static IReadOnlyList<string> Criteria { get; } =
    [
        "code={code}&subject={Patient}", "_id={id:any}", "subject={Patient}", "code={code}", "_tag={tag}", "_security={label}", "subject:Patient.name={family}", "_lastUpdated=lt{instant}", "_content={word}",
    ];
}
