using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>
/// Whose data a resource holds, where R4's compartments do not say. They leave out Bundle and Binary, but a document is a copy of a patient's
/// record, and an attachment a part of it. So a Bundle is its patients' whose its entries are, each entry read as the resource that it would be by itself; a Binary is the patient's who stands for it in access control (https://hl7.org/fhir/R4/binary.html#security).
/// </summary>
/// <remarks>Keeps the state of its run: one thread at a time.</remarks>
public sealed class PatientsWithin(SearchParameterSet parameters, string? serverBase)
{
    private static readonly TypeSchema Patient = FhirSchema.R4.Type("Patient")!;

    private readonly SearchExtractor _extractor = new(parameters, serverBase);
    private readonly IndexValues _values = new();

    /// <summary>Whether it is for this to say: compartments know all other types.</summary>
    public static bool Decides(TypeSchema type) => type.Name is "Bundle" or "Binary";

    /// <summary>Ids of the patients here whose data it holds, and for those of another server their urls.</summary>
    public IReadOnlySet<string> Of(Element resource)
    {
        var patients = new HashSet<string>(StringComparer.Ordinal);
        Add(resource, "", patients);
        return patients;
    }

    /// <summary>The id of the one patient whose alone it is; null for none, several, or one of another server.</summary>
    public string? OnlyOneOf(Element resource) => Of(resource) is { Count: 1 } patients && patients.Single() is var only && !only.Contains('/') ? only : null;

    /// <summary>Those of this server, as <see cref="StoredVersion.Patients"/> names them.</summary>
    /// <param name="patients">As <see cref="Of"/> gives them.</param>
    public static IEnumerable<long> Here(IReadOnlySet<string> patients, IndexHasher hasher) =>
        patients.Where(patient => !patient.Contains('/')).Select(id => hasher.Reference(new ResourceKey("Patient", id)));

    /// <param name="root">What stands before the relative references of the resource: empty for this server, the base with a slash for another.</param>
    private void Add(Element resource, string root, HashSet<string> patients)
    {
        switch (resource.Type.Name)
        {
            case "Bundle":
                foreach (Element entry in resource.ChildrenOf("entry"))
                {
                    if (entry.Child("resource") is { Exists: true } content)
                    {
                        Add(content, RootOf(entry.Child("fullUrl"), root), patients);
                    }
                }

                break;
            case "Binary":
                if (resource.Child("securityContext") is { Exists: true } context && context.Child("reference") is { Exists: true, Text: { } text } && IdIn(text) is { } proxy)
                {
                    Add(proxy, root, patients);
                }

                break;
            default:
                AddMember(resource, root, patients);
                break;
        }
    }

    private void AddMember(Element resource, string root, HashSet<string> patients)
    {
        if (ReferenceEquals(resource.Type, Patient) && resource.Child("id") is { Exists: true, Text: { } id })
        {
            Add(id, root, patients);
        }

        if (ReferenceEquals(resource.Type, Patient) || !parameters.HasPatients(resource.Type))
        {
            return;
        }

        _extractor.Extract(resource, _values);
        foreach (ref readonly SearchValue value in _values.Values)
        {
            ushort parameter = value.Parameter;
            if (value.Kind == SearchValueKind.Reference
                && value.Component == 0
                && value.TargetType == Patient.Id
                && (value.Traits & SearchValueTraits.Contained) == 0
                && parameters.TellsPatient(resource.Type, parameter))
            {
                string server = Encoding.UTF8.GetString(_values.Text(value.System));
                Add(Encoding.UTF8.GetString(_values.Text(value.Code)), server.Length > 0 ? server + "/" : root, patients);
            }
        }
    }

    private static void Add(string id, string root, HashSet<string> patients) => patients.Add(root.Length == 0 ? id : $"{root}Patient/{id}");

    /// <summary>https://hl7.org/fhir/R4/bundle.html#references: relative references are meant on the server that the entry comes from.</summary>
    private string RootOf(Element fullUrl, string root)
    {
        if (fullUrl is not { Exists: true, Text: { } text })
        {
            return root;
        }

        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        LiteralReference literal = LiteralReference.Parse(utf8);
        string server = Encoding.UTF8.GetString(utf8[literal.Server]);
        return literal.Type is null || server.Length == 0 || server == serverBase ? "" : server + "/";
    }

    private string? IdIn(string reference)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(serverBase is not null && reference.StartsWith(serverBase + "/", StringComparison.Ordinal) ? reference[(serverBase.Length + 1)..] : reference);
        LiteralReference literal = LiteralReference.Parse(utf8);
        return ReferenceEquals(literal.Type, Patient) && utf8[literal.Server].Length == 0 ? Encoding.UTF8.GetString(utf8[literal.Id]) : null;
    }
}
