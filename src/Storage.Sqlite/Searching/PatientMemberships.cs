using System.Collections.Concurrent;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Which references put a resource into the compartment of the patient that they point at. Thread-safe.</summary>
internal sealed class PatientMemberships(SearchParameterSet parameters)
{
    private const string OnlyPatients = ".where(resolve() is Patient)";

    private readonly ConcurrentDictionary<(ushort Parameter, ushort Type), bool> _members = [];
    private readonly ConcurrentDictionary<(ushort Parameter, ushort Type), bool> _abouts = [];

    public bool IsMember(IndexedParameter reference, TypeSchema type) =>
        _members.GetOrAdd((reference.Id, type.Id), key => DecideMember(parameters.Parameters[key.Parameter], FhirSchema.R4.Types[key.Type]));

    /// <summary>
    /// Whether a reference says which patient a resource is about, as <c>patient</c> does: by it, nearly all of the type came into the compartment.
    /// </summary>
    /// <param name="reference">Id of the parameter.</param>
    public bool IsAbout(ushort reference, TypeSchema type) =>
        _abouts.GetOrAdd((reference, type.Id), key => DecideAbout(parameters.Parameters[key.Parameter], FhirSchema.R4.Types[key.Type]));

    private bool DecideAbout(IndexedParameter reference, TypeSchema type) =>
        parameters.Find(type, "patient") is { } patient
        && IsMember(patient, type)
        && (reference == patient || PathsOf(patient, type).ToHashSet() is { Count: > 0 } paths && paths.SetEquals(PathsOf(reference, type)));

    /// <summary>
    /// The compartment's definition names some parameters; another that follows the same elements leads to the same patients:
    /// <c>patient</c> is <c>subject</c> where that is a patient. Patients themselves stand in their own, whomever they are linked to.
    /// </summary>
    private bool DecideMember(IndexedParameter reference, TypeSchema type)
    {
        if (parameters.Compartment("Patient", type) is not { IsSelf: false } membership)
        {
            return false;
        }

        if (membership.Parameters.Contains(reference))
        {
            return true;
        }

        HashSet<string> members = [.. membership.Parameters.SelectMany(parameter => PathsOf(parameter, type))];
        string[] paths = [.. PathsOf(reference, type)];
        return paths.Length > 0 && paths.All(members.Contains);
    }

    /// <summary>The elements of a type that a parameter follows; what is no plain path is given as it is written.</summary>
    private static IEnumerable<string> PathsOf(IndexedParameter parameter, TypeSchema type) =>
        (parameter.Definition.Expression ?? "").Split('|', StringSplitOptions.TrimEntries)
            .Where(path => path.TrimStart('(').StartsWith(type.Name + ".", StringComparison.Ordinal))
            .Select(path => path.EndsWith(OnlyPatients, StringComparison.Ordinal) ? path[..^OnlyPatients.Length] : path);
}
