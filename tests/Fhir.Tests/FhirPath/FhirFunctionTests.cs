using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class FhirFunctionTests
{
    public static TheoryData<string, string> OnPatient => Cases.Table("""
        Patient.name.given => {string:Peter, string:James, string:Jim, string:}
        name.given => {string:Peter, string:James, string:Jim, string:}
        Resource.id => {id:p1}
        DomainResource.active => {boolean:true}
        Observation.status => {}
        name.nonsense => {}
        name[1].given[1].hasValue() => {false}
        name.given.hasValue() => {false}
        active.hasValue() => {true}
        name.hasValue() => {false}
        active.getValue() => {true}
        active.value => {true}
        birthDate.value => {@1974-12}
        name.given.extension('http://example.org/none').value => {code:x}
        name.given.join('+') => {'Peter+James+Jim'}
        extension('http://example.org/size').value.unit => {string:cm}
        extension('http://example.org/size').value = 1.8 'm' => {true}
        extension('http://example.org/size').value > 1.7 'm' => {true}
        extension('http://example.org/age').value is Quantity => {true}
        extension('http://example.org/age').value is Age => {true}
        extension('http://example.org/age').value = 36 months => {true}
        extension[0].value = extension[0].value => {true}
        extension[0].value = extension[1].value => {}
        extension[0].value ~ extension[1].value => {false}
        extension.value.distinct().count() => {2}
        extension('http://example.org/nothing') => {}
        extension({}) => {}
        active = true => {true}
        active and name.exists() => {true}
        gender = 'male' => {true}
        'male' = gender => {true}
        gender != 'female' => {true}
        gender ~ 'MALE' => {true}
        gender in ('female' | 'male') => {true}
        ('other' | 'female') contains gender => {false}
        birthDate in ('1974-12' | 'x') => {false}
        maritalStatus.text in ('a' | 'b') => {}
        name.use in ('a' | 'b') => error
        'b' in ('a' | 'b') => {true}
        id.startsWith(%resource.id) => {true}
        id.startsWith(active) => error
        id.startsWith(%resource.name.suffix) => {}
        gender.upper() => {'MALE'}
        multipleBirth + 1 => {3}
        multipleBirth is integer => {true}
        multipleBirth is Integer => {false}
        multipleBirth.ofType(boolean) => {}
        (multipleBirth as integer) = 2 => {true}
        birthDate < @1975 => {true}
        birthDate = @1974-12-25 => {}
        gender is string => {true}
        gender.ofType(string) => {}
        gender as code => {code:male}
        telecom.where(system = 'email').value => {string:a@b}
        telecom.exists(system = 'fax') => {false}
        telecom.rank.first() < 3 => {true}
        name.where(use = 'usual').given.first() => {string:Jim}
        name.first().use | name.last().use => {code:official, code:usual}
        name.given.where($this.startsWith('J')) => {string:James, string:Jim}
        name.select(given.first()) => {string:Peter, string:Jim}
        name = name => {true}
        name[0] = name[1] => {false}
        name ~ name => {true}
        (name | name).count() => {2}
        name.all(given.exists()) => {true}
        contained.ofType(Organization).name => {string:Old Clinic}
        contained.name => {string:Old Clinic}
        descendants().ofType(Organization).count() => {1}
        children().where($this is Identifier).empty() => {true}
        descendants().where($this = 'x') => {code:x}
        managingOrganization.resolve().name => {string:Old Clinic}
        managingOrganization.where(resolve() is Organization).count() => {1}
        generalPractitioner.where(resolve() is Practitioner).reference => {string:Practitioner/7/_history/2}
        generalPractitioner.where(resolve() is Organization).count() => {1}
        generalPractitioner.resolve() => {}
        generalPractitioner.getReferenceKey() => {'7', '9'}
        generalPractitioner.getReferenceKey(Organization) => {'9'}
        getResourceKey() => {'p1'}
        getReferenceKey(Nonsense) => error
        generalPractitioner.getReferenceKey(DomainResource) => {'7', '9'}
        type().name => {'Patient'}
        active.type().namespace => {'FHIR'}
        is(Patient) => {true}
        $this is DomainResource => {true}
        is(System.Patient) => {false}
        conformsTo('http://hl7.org/fhir/StructureDefinition/Patient') => {true}
        conformsTo('http://hl7.org/fhir/StructureDefinition/Person') => {false}
        conformsTo('http://example.org/unknown') => error
        checkModifiers('http://example.org/m').count() => {1}
        gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender') => {}
        gender.subsumes(gender) => error
        %resource.id => {id:p1}
        %context.id => {id:p1}
        contained.select(%resource.id) => {id:p1}
        contained.select(%rootResource.id) => {id:p1}
        name.given.lowBoundary() => error
        name.given.first().lowBoundary() => {}
        birthDate.lowBoundary() => {@1974-12-01}
        birthDate.highBoundary() => {@1974-12-31}
        birthDate + 1 year => {@1975-12}
        birthDate.toString() => {'1974-12'}
        name.given.distinct().count() => {4}
        -multipleBirth => {-2}
        name.length() => error
        name.given.startsWith('P') => error
        iif(active, 'yes', 'no') => {'yes'}
        Patient.name.sort(-family).use => {code:usual, code:official}
        """);

    public static TheoryData<string, bool> Narratives => new()
    {
        { "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Hello</p></div>", true },
        { "<div xmlns=\"http://www.w3.org/1999/xhtml\"><img src=\"#a\" alt=\"x\"/></div>", true },
        { "<div xmlns=\"http://www.w3.org/1999/xhtml\">  </div>", false },
        { "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert(1)</script></div>", false },
        { "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p onclick=\"x()\">a</p></div>", false },
        { "<div xmlns=\"http://www.w3.org/1999/xhtml\"><form>a</form></div>", false },
        { "<p>a</p>", false },
        { "<div>a", false },
        { "<!DOCTYPE x [<!ENTITY a \"b\">]><div>&a;</div>", false },
    };

    [Theory]
    [MemberData(nameof(OnPatient))]
    public void On_a_patient(string expression, string expected) => Assert.Equal(expected, Cases.Evaluate(expression, Cases.Patient));

    [Theory]
    [MemberData(nameof(Narratives))]
    public void Html_is_checked(string xhtml, bool expected)
    {
        var context = new EvaluationContext
        {
            Variables = new Dictionary<string, IReadOnlyList<FhirPathValue>> { ["html"] = [FhirPathValue.OfString(xhtml)] },
        };

        Assert.Equal(expected ? "{true}" : "{false}", Cases.Evaluate("%html.htmlChecks()", Cases.Patient, context));
    }

    [Fact]
    public void References_are_resolved_within_a_bundle()
    {
        Element bundle = Cases.Read("""
            {"resourceType":"Bundle","type":"collection","entry":[
              {"fullUrl":"http://example.org/fhir/Observation/1","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/2"}}},
              {"fullUrl":"http://other.org/fhir/Patient/2","resource":{"resourceType":"Patient","id":"other"}},
              {"fullUrl":"http://example.org/fhir/Patient/2","resource":{"resourceType":"Patient","id":"right"}},
              {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","status":"final","code":{"text":"y"},"subject":{"reference":"urn:uuid:2"}}},
              {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Patient","id":"urn"}}]}
            """);

        Assert.Equal("{id:right, id:urn}", Cases.Evaluate("Bundle.entry.resource.ofType(Observation).subject.resolve().id", bundle));
    }

    [Fact]
    public void The_context_answers_what_the_resource_cannot()
    {
        var context = new EvaluationContext { Services = new FixedServices() };

        Assert.Equal("{id:p1}", Cases.Evaluate("generalPractitioner[0].resolve().id", Cases.Patient, context));
        Assert.Equal("{true}", Cases.Evaluate("gender.memberOf('known')", Cases.Patient, context));
        Assert.Equal("{false}", Cases.Evaluate("'x'.memberOf('known')", Cases.Patient, context));
        Assert.Equal("{true}", Cases.Evaluate("conformsTo('known')", Cases.Patient, context));
    }

    [Fact]
    public void Time_comes_from_the_context_and_stands_still()
    {
        var context = new EvaluationContext { TimeProvider = new FixedTime() };

        Assert.Equal("{@2020-02-03T04:05:06.007Z}", Cases.Evaluate("now()", context: context));
        Assert.Equal("{@2020-02-03}", Cases.Evaluate("today()", context: context));
        Assert.Equal("{@T04:05:06.007}", Cases.Evaluate("timeOfDay()", context: context));
        Assert.Equal("{true}", Cases.Evaluate("now() = now()"));
    }

    private sealed class FixedServices : FhirPathServices
    {
        public override Element Resolve(string reference, Element from) => Cases.Patient;

        public override bool? IsMember(Element coded, string valueSet) => valueSet == "known" && coded.ValueIs("male"u8);

        public override bool? IsMember(string code, string valueSet) => code == "male";

        public override bool? ConformsTo(Element element, string profile) => profile == "known" ? true : null;
    }

    private sealed class FixedTime : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2020, 2, 3, 4, 5, 6, 7, TimeSpan.Zero);
    }
}
