using System.Collections.Concurrent;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Which references put a resource into the compartment of the patient that they point at. Thread-safe.</summary>
internal sealed class PatientMemberships(SearchParameterSet parameters)
{
    private const string OnlyPatients = ".where(resolve() is Patient)";

    private readonly ConcurrentDictionary<(ushort Parameter, ushort Type), bool> _known = [];

    public bool IsMember(IndexedParameter reference, TypeSchema type) =>
        _known.GetOrAdd((reference.Id, type.Id), _ => Decide(reference, type));

    /// <summary>
    /// The compartment's definition names some parameters; another that follows the same elements leads to the same patients:
    /// <c>patient</c> is <c>subject</c> where that is a patient. Patients themselves stand in their own, whomever they are linked to.
    /// </summary>
    private bool Decide(IndexedParameter reference, TypeSchema type)
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
