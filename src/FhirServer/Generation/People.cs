namespace HealthChain.FhirServer.Generation;

/// <summary>A patient's resources in the making.</summary>
internal sealed record Chart(ResourceOutput Output, RandomSource Random, Person Person, DateOnly Until)
{
    public FhirWriter Writer => Output.Writer;

    public ResourceKey NewKey(string type) => new(type, Random.Uuid());
}

/// <summary>Who the patient is, how insured, and what they allow: Patient, Coverage and Consent.</summary>
internal static class People
{
    private static readonly Coded RecordNumber = Coded.Hl7("v2-0203", "MR", "Medical record number");
    private static readonly Coded[] MaritalStates =
        [Coded.Hl7("v3-MaritalStatus", "M", "Married"), Coded.Hl7("v3-MaritalStatus", "S", "Never Married"), Coded.Hl7("v3-MaritalStatus", "D", "Divorced")];

    private static readonly Coded English = new("urn:ietf:bcp:47", "en-US", "English (United States)");
    private static readonly Coded Spanish = new("urn:ietf:bcp:47", "es", "Spanish");
    private static readonly Coded HealthPlan = Coded.Hl7("v3-ActCode", "EHCPOL", "extended healthcare");
    private static readonly Coded Self = Coded.Hl7("subscriber-relationship", "self", "Self");
    private static readonly Coded Plan = Coded.Hl7("coverage-class", "plan", "Plan");
    private static readonly Coded PrivacyScope = Coded.Hl7("consentscope", "patient-privacy", "Privacy Consent");
    private static readonly Coded Disclosure = Coded.Hl7("v3-ActCode", "IDSCL", "information disclosure");
    private static readonly Coded Authorization = Coded.Hl7("consentpolicycodes", "hipaa-auth", "HIPAA Authorization");
    private static readonly Coded Recipient = Coded.Hl7("v3-ParticipationType", "IRCP", "information recipient");
    private static readonly Coded Treatment = Coded.Hl7("v3-ActReason", "TREAT", "treatment");
    private static readonly Coded Research = Coded.Hl7("v3-ActReason", "HRESCH", "healthcare research");

    public static void Write(Chart chart)
    {
        WritePatient(chart);
        WriteCoverage(chart);
        if (chart.Random.Chance(35))
        {
            WriteConsent(chart);
        }
    }

    public static void AddressParts(FhirWriter writer, RandomSource random, Place place)
    {
        writer.Texts("line"u8, $"{random.Between(1, 1_999)} {random.Pick(Names.Streets)}");
        writer.Text("city"u8, place.City);
        writer.Text("state"u8, place.State);
        writer.Text("postalCode"u8, place.PostalCode(random));
        writer.Text("country"u8, "US");
    }

    private static void WritePatient(Chart chart)
    {
        var (person, random, writer) = (chart.Person, chart.Random, chart.Writer);
        var isAdult = person.AgeOn(chart.Until) >= 18;
        chart.Output.Begin(person.Key);
        writer.Narrative($"{person.FullName}, {(person.IsFemale ? "female" : "male")}, born {person.Birth:yyyy-MM-dd}");
        WriteIdentifiers(chart);
        writer.Flag("active"u8, true);
        WriteNames(chart, isAdult);
        writer.Array("telecom"u8);
        Contact(writer, "phone", Names.Telephone(random), "home");
        Contact(writer, "phone", Names.Telephone(random), "mobile");
        Contact(writer, "email", $"patient.{person.Number}@mail.example.org", "home");
        writer.EndArray();
        writer.Text("gender"u8, person.IsFemale ? "female" : "male");
        writer.Date("birthDate"u8, person.Birth);
        if (person.Died is { } died)
        {
            writer.Date("deceasedDateTime"u8, died);
        }
        else
        {
            writer.Flag("deceasedBoolean"u8, false);
        }

        writer.Single("address"u8);
        writer.Text("use"u8, "home");
        AddressParts(writer, random, Names.Places[person.Town]);
        writer.EndSingle();
        if (isAdult)
        {
            writer.Concept("maritalStatus"u8, random.Pick(MaritalStates));
        }

        writer.Single("communication"u8);
        writer.Concept("language"u8, random.Chance(86) ? English : Spanish);
        writer.Flag("preferred"u8, true);
        writer.EndSingle();
        writer.References("generalPractitioner"u8, person.Doctor.Key, person.Doctor.Name);
        writer.Reference("managingOrganization"u8, Network.Hospital(person.Town), Names.Hospitals[person.Town]);
        chart.Output.End();
    }

    private static void WriteIdentifiers(Chart chart)
    {
        var writer = chart.Writer;
        writer.Array("identifier"u8);
        writer.Object();
        writer.Text("use"u8, "usual");
        writer.Concept("type"u8, RecordNumber);
        writer.IdentifierParts($"https://{Network.Hospital(chart.Person.Town).FixedId}.example.org/mrn", $"MRN-{chart.Random.Between(0, 999_999_999):000000000}");
        writer.End();
        writer.Object();
        writer.Text("use"u8, "official");
        // Numbers that begin with 999 are not given out.
        writer.IdentifierParts("http://hl7.org/fhir/sid/us-ssn", $"999-{chart.Random.Between(10, 99)}-{chart.Random.Between(0, 9_999):0000}");
        writer.End();
        writer.EndArray();
    }

    private static void WriteNames(Chart chart, bool isAdult)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        writer.Array("name"u8);
        writer.Object();
        writer.Text("use"u8, "official");
        writer.Text("family"u8, person.Family);
        writer.Texts("given"u8, person.Given, person.Middle);
        writer.End();
        if (isAdult && person.IsFemale && chart.Random.Chance(30))
        {
            writer.Object();
            writer.Text("use"u8, "maiden");
            writer.Text("family"u8, chart.Random.Pick(Names.Family));
            writer.Texts("given"u8, person.Given, person.Middle);
            writer.End();
        }

        writer.EndArray();
    }

    private static void Contact(FhirWriter writer, string system, string value, string use)
    {
        writer.Object();
        writer.Text("system"u8, system);
        writer.Text("value"u8, value);
        writer.Text("use"u8, use);
        writer.End();
    }

    private static void WriteCoverage(Chart chart)
    {
        var (person, random, writer) = (chart.Person, chart.Random, chart.Writer);
        var insurer = Names.Insurers[person.Insurer];
        var member = $"M{random.Between(0, 999_999_999):000000000}";
        chart.Output.Begin(person.CoverageKey);
        writer.Narrative($"{person.FullName} is insured with {insurer}");
        writer.Identifier($"https://{Network.Insurer(person.Insurer).FixedId}.example.org/members", member);
        writer.Text("status"u8, "active");
        writer.Concept("type"u8, HealthPlan);
        writer.Reference("subscriber"u8, person.Key, person.FullName);
        writer.Text("subscriberId"u8, member);
        writer.Reference("beneficiary"u8, person.Key, person.FullName);
        writer.Concept("relationship"u8, Self);
        writer.Period("period"u8, person.Birth, new DateOnly(chart.Until.Year, 12, 31));
        writer.References("payor"u8, Network.Insurer(person.Insurer), insurer);
        writer.Single("class"u8);
        writer.Concept("type"u8, Plan);
        writer.Text("value"u8, random.Chance(60) ? "standard" : "comfort");
        writer.Text("name"u8, $"{insurer} family plan");
        writer.EndSingle();
        chart.Output.End();
    }

    private static void WriteConsent(Chart chart)
    {
        var (person, random, writer) = (chart.Person, chart.Random, chart.Writer);
        var permits = random.Chance(75);
        var signed = person.LastDay.AddDays(-random.Between(0, 370));
        chart.Output.Begin(chart.NewKey("Consent"));
        writer.Narrative($"{person.FullName} {(permits ? "permits" : "denies")} disclosure to other organizations");
        writer.Text("status"u8, "active");
        writer.Concept("scope"u8, PrivacyScope);
        writer.Concepts("category"u8, Disclosure);
        writer.Reference("patient"u8, person.Key, person.FullName);
        writer.DateTime("dateTime"u8, signed.ToDateTime(new TimeOnly(random.Between(8, 16), random.Between(0, 59))));
        writer.References("performer"u8, person.Key, person.FullName);
        writer.References("organization"u8, Network.Hospital(person.Town), Names.Hospitals[person.Town]);
        writer.Concept("policyRule"u8, Authorization);
        writer.Object("provision"u8);
        writer.Text("type"u8, permits ? "permit" : "deny");
        writer.Period("period"u8, signed, signed.AddDays(365 * 5));
        writer.Single("actor"u8);
        writer.Concept("role"u8, Recipient);
        writer.Reference("reference"u8, Network.Hospital((person.Town + 1) % Names.Hospitals.Length));
        writer.EndSingle();
        writer.Array("purpose"u8);
        writer.Coding(permits ? Treatment : Research);
        writer.EndArray();
        writer.End();
        chart.Output.End();
    }
}
