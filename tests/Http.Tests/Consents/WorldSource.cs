using System.Text.Json.Nodes;
using HealthChain.Smart;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Makes random worlds: people, organisations, records with a history, consents, and those who ask.</summary>
internal static class WorldSource
{
    private const string Profiles = "https://profiles.ihe.net/ITI/PCF/";

    private static readonly string[] Policies =
        [Profiles + "Policy-all-normal", Profiles + "Policy-all-normal", Profiles + "Policy-basic-normal", Profiles + "Policy-deny", Oracle.HoldingOrganisation];

    /// <summary>Of whom there are always some.</summary>
    private static readonly string[] Directory =
    [
        "Organization/hospital", "Organization/ward", "Organization/clinic", "Organization/insurer", "Practitioner/ann", "Practitioner/bob", "Practitioner/eve", "Group/team",
        "RelatedPerson/kin",
    ];

    public static World Make(int seed)
    {
        var draw = new Draw(seed);
        string[] patients = [.. Enumerable.Range(0, 3 + draw.Below(3)).Select(number => $"Patient/p{number}")];
        string[] records = [.. Enumerable.Range(0, 25 + draw.Below(40)).Select(number => $"{draw.Pick(ResourceSource.Clinical)}/r{number}")];
        string[] consents = [.. Enumerable.Range(0, 2 + draw.Below(2 * patients.Length)).Select(number => $"Consent/c{number}")];
        string[] keys = [.. Directory, .. patients, .. records, .. consents];
        var resources = new ResourceSource(draw, keys);
        var steps = new List<Step>();
        int instant = 0;
        void Write(string key, JsonObject json) => steps.Add(new Step(instant, key.Split('/')[0], key.Split('/')[1], json));

        foreach (string key in Directory)
        {
            Write(key, People(draw, key));
        }

        foreach (string key in patients)
        {
            Write(key, Patient(draw, resources, key, patients));
        }

        instant++;
        foreach (string key in records)
        {
            instant += draw.Below(2);
            Write(key, resources.Make(key, draw.Pick(patients)));
        }

        instant++;
        var rules = new ConsentSource(draw, [.. Directory, .. patients, .. records]);
        foreach (string key in consents)
        {
            Write(key, rules.Make(key, draw.Pick(patients)));
        }

        Change(draw, steps, resources, [.. records, .. consents], rules, patients, instant);
        return new World(seed, draw.Pick(Policies), steps, Askers(draw));
    }

    /// <summary>Some resources get further versions; some of these end them, and some of those come back.</summary>
    private static void Change(Draw draw, List<Step> steps, ResourceSource resources, string[] keys, ConsentSource rules, string[] patients, int instant)
    {
        for (int i = 0; i < keys.Length / 3; i++)
        {
            instant++;
            string key = draw.Pick(keys);
            Step last = steps.Last(step => step.Key == key);
            if (!last.IsDeletion && draw.Chance(0.3))
            {
                steps.Add(last with { Instant = instant, IsDeletion = true });
                continue;
            }

            // An update of a record stays with its patient more often than not.
            string patient = Compartments.PatientsOf(last.Json).FirstOrDefault() is { } own && draw.Chance(0.8) ? own : draw.Pick(patients);
            JsonObject next = last.Type == "Consent" ? rules.Make(last.Key, patient) : resources.Make(last.Key, patient);
            steps.Add(last with { Instant = instant, Json = next, IsDeletion = false });
        }
    }

    private static JsonObject People(Draw draw, string key)
    {
        string type = key.Split('/')[0];
        string id = key.Split('/')[1];
        string identifier = $$""" "identifier":[{"system":"urn:example:npi","value":"{{draw.Pick(Codes.Identifiers)}}"}] """;
        string elements = key switch
        {
            "Organization/ward" => $$""" "active":true,"name":"{{id}}","partOf":{"reference":"Organization/hospital"},{{identifier}} """,
            "Group/team" => """ "type":"practitioner","actual":true,"member":[{"entity":{"reference":"Practitioner/eve"}}] """,
            "RelatedPerson/kin" => """ "patient":{"reference":"Patient/p0"},"name":[{"family":"Smith"}] """,
            _ when type == "Organization" => $$""" "active":true,"name":"{{id}}",{{identifier}} """,
            _ => $$""" "name":[{"family":"{{draw.Pick(Codes.Families)}}"}],{{identifier}} """,
        };
        return JsonNode.Parse($$"""{"resourceType":"{{type}}","id":"{{id}}",{{elements}}}""")!.AsObject();
    }

    private static JsonObject Patient(Draw draw, ResourceSource resources, string key, string[] patients)
    {
        string holder = draw.Chance(0.8) ? $$""","managingOrganization":{"reference":"Organization/{{draw.Pick("hospital", "ward", "clinic")}}"}""" : "";
        string doctor = draw.Chance(0.5) ? $$""","generalPractitioner":[{"reference":"Practitioner/{{draw.Pick("ann", "bob")}}","display":"Dr. {{draw.Pick(Codes.Families)}}"}]""" : "";
        string link = draw.Chance(0.05) && draw.Pick(patients) is { } other && other != key ? $$""","link":[{"other":{"reference":"{{other}}"},"type":"replaced-by"}]""" : "";
        string labels = draw.Chance(0.15) ? $$""","meta":{"security":[{{Codes.Coding(draw.Pick(Codes.Labels))}}]}""" : "";
        return JsonNode.Parse($$"""
            {"resourceType":"Patient","id":"{{key.Split('/')[1]}}"{{labels}},"active":true,"identifier":[{"system":"urn:example:mrn","value":"{{draw.Pick(Codes.Identifiers)}}"}],
             "name":[{{resources.Name()}}],"gender":"{{draw.Pick("female", "male")}}","birthDate":"{{draw.Pick("1970-01-01", "1985-06", "2001-12-24")}}"{{holder}}{{doctor}}{{link}}}
            """)!.AsObject();
    }

    private static Asker[] Askers(Draw draw)
    {
        string Purpose() => draw.Pick("TREAT", "TREAT", "ETREAT", "HPAYMT", "HRESCH");
        return
        [
            new(Role.Practitioner, "Practitioner/ann", "Organization/ward", Purpose()),
            new(Role.Practitioner, "Practitioner/bob", "Organization/clinic", Purpose()),
            new(Role.Practitioner, "Practitioner/eve", "Organization/hospital", Purpose()),
            new(Role.Backend, null, "Organization/clinic", Purpose()),
            new(Role.Patient, "Patient/p0", null, null),
            new(Role.Patient, "Patient/p1", null, null),
            new(Role.RelatedPerson, "RelatedPerson/kin", null, null),
            new(Role.Insurer, null, "Organization/insurer", "HPAYMT"),
        ];
    }
}
