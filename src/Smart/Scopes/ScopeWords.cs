using System.Text;

namespace HealthChain.Smart.Scopes;

/// <summary>What a scope gives, in a sentence for people.</summary>
public static class ScopeWords
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [ResourceScope.AllTypes] = "the whole health record",
        ["AllergyIntolerance"] = "allergies",
        ["Appointment"] = "appointments",
        ["AuditEvent"] = "the list of who has looked at the record",
        ["Binary"] = "attached files",
        ["CarePlan"] = "care plans",
        ["CareTeam"] = "care teams",
        ["Claim"] = "bills to insurers",
        ["ClaimResponse"] = "insurers' answers to bills",
        ["Communication"] = "messages",
        ["Composition"] = "documents",
        ["Condition"] = "conditions and diagnoses",
        ["Consent"] = "consents",
        ["Coverage"] = "insurance",
        ["Device"] = "devices and implants",
        ["DiagnosticReport"] = "diagnostic reports",
        ["DocumentReference"] = "documents",
        ["Encounter"] = "visits and stays",
        ["ExplanationOfBenefit"] = "what the insurance has paid",
        ["FamilyMemberHistory"] = "illnesses in the family",
        ["Goal"] = "goals of care",
        ["ImagingStudy"] = "X-ray and other images",
        ["Immunization"] = "vaccinations",
        ["MedicationAdministration"] = "medicines given",
        ["MedicationDispense"] = "medicines handed out",
        ["MedicationRequest"] = "prescriptions",
        ["MedicationStatement"] = "medicines taken",
        ["Observation"] = "measurements and laboratory results",
        ["Organization"] = "hospitals, practices and other organisations",
        ["Patient"] = "name, birth date, address and other personal details",
        ["Practitioner"] = "doctors and other professionals",
        ["PractitionerRole"] = "where doctors and other professionals work",
        ["Procedure"] = "operations and other procedures",
        ["Provenance"] = "where entries come from",
        ["QuestionnaireResponse"] = "filled-in questionnaires",
        ["RelatedPerson"] = "relatives and other close persons",
        ["ServiceRequest"] = "referrals and orders",
        ["Specimen"] = "samples",
    };

    private static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        [SupportedScopes.OpenId] = "Know that it is you who logged in",
        [SupportedScopes.FhirUser] = "Know which person in the health record you are",
        [SupportedScopes.Profile] = "Know which person in the health record you are",
        [SupportedScopes.OfflineAccess] = "Keep its access while you are away, until you take it back",
        [SupportedScopes.OnlineAccess] = "Keep its access as long as you are logged in",
        [SupportedScopes.Launch] = "Know from where it was opened",
        [SupportedScopes.LaunchPatient] = "Know which patient is chosen",
        [SupportedScopes.LaunchEncounter] = "Know which visit is chosen",
    };

    /// <summary>What is meant by a resource type.</summary>
    public static string Of(string type) => Types.TryGetValue(type, out string? words) ? words : $"entries of the type {Spaced(type)}";

    /// <summary>What the scope lets an app do: "See measurements and laboratory results: category laboratory. They are those of the chosen patient."</summary>
    /// <param name="isOwn">The patient in context is who reads the sentence.</param>
    public static string Of(ResourceScope scope, bool isOwn)
    {
        string[] verbs = [.. VerbsOf(scope.Permissions)];
        string sentence = $"{(verbs.Length < 2 ? verbs[0] : string.Join(", ", verbs[..^1]) + " and " + verbs[^1])} {Of(scope.Type)}";
        string narrowed = scope.Query.IsEmpty ? "" : $", only {string.Join(" and ", scope.Query.Parameters.Select(WordsOf))}";
        string whose = scope.Context switch
        {
            ScopeContext.Patient => isOwn ? "your own" : "those of the chosen patient",
            ScopeContext.User => isOwn ? "all that you may see yourself" : "those of everybody whose record you may see",
            _ => "those of everybody whose record the system may see",
        };
        return $"{char.ToUpperInvariant(sentence[0])}{sentence[1..]}{narrowed} ({whose})";
    }

    /// <summary>What another scope of <see cref="SupportedScopes"/> lets an app do; null for one that is not known.</summary>
    public static string? OfOther(string scope) => Others.GetValueOrDefault(scope);

    private static IEnumerable<string> VerbsOf(Permissions permissions)
    {
        if ((permissions & (Permissions.Read | Permissions.Search)) != 0)
        {
            yield return "see";
        }

        if (permissions.HasFlag(Permissions.Create))
        {
            yield return "add";
        }

        if (permissions.HasFlag(Permissions.Update))
        {
            yield return "change";
        }

        if (permissions.HasFlag(Permissions.Delete))
        {
            yield return "delete";
        }
    }

    /// <summary><c>category=http://...|vital-signs</c> as "category vital signs".</summary>
    private static string WordsOf(string parameter)
    {
        string decoded = Uri.UnescapeDataString(parameter.Replace('+', ' '));
        int equals = decoded.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? decoded : decoded[..equals];
        string value = equals < 0 ? "" : decoded[(equals + 1)..];
        IEnumerable<string> codes = value.Split(',').Select(code => code[(code.LastIndexOf('|') + 1)..].Replace('-', ' '));
        return $"{name.TrimStart('_').Replace('-', ' ').Replace(":", " ", StringComparison.Ordinal)} {string.Join(" or ", codes)}";
    }

    private static string Spaced(string type)
    {
        var words = new StringBuilder();
        foreach (char letter in type)
        {
            words.Append(char.IsUpper(letter) && words.Length > 0 ? " " : "").Append(letter);
        }

        return words.ToString();
    }
}
