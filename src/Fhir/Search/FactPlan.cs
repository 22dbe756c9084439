using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>Where the facts of one resource type stand (<see cref="ResourceFact"/>). Immutable.</summary>
internal sealed class FactPlan
{
    /// <summary>Types outside the compartment of patients that still hold something of one patient, and the parameter that tells of whom.</summary>
    private static readonly (string Type, string Parameter)[] BesideCompartment =
        [("Device", "patient"), ("Binary", "patient"), ("Contract", "patient"), ("GuidanceResponse", "patient")];

    private readonly ushort _first;
    private readonly HashSet<ushort> _ofPatients;

    public FactPlan(TypeSchema type, SearchParameterSet parameters)
    {
        _first = parameters.IdOf(default);
        Times = ElementsOf(type, FactElements.Times);
        Makers = ElementsOf(type, FactElements.Makers);
        Keepers = ElementsOf(type, FactElements.Keepers);
        CompartmentMembership? membership = parameters.Compartment("Patient", type);
        IsPatient = membership is { IsSelf: true };
        IEnumerable<IndexedParameter> beside = BesideCompartment.Where(one => one.Type == type.Name).Select(one => parameters.Find(type, one.Parameter)).OfType<IndexedParameter>();
        _ofPatients = IsPatient ? [] : [.. (membership?.Parameters ?? []).Concat(beside).Select(parameter => parameter.Id)];
    }

    public ElementSchema[] Times { get; }

    public ElementSchema[] Makers { get; }

    public ElementSchema[] Keepers { get; }

    /// <summary>It is a patient, and her own.</summary>
    public bool IsPatient { get; }

    public bool HasPatients => _ofPatients.Count > 0;

    /// <summary>The id of the parameter that a fact has.</summary>
    public ushort IdOf(ResourceFact fact) => (ushort)(_first + (int)fact);

    /// <summary>Whether references by a parameter make it a patient's.</summary>
    public bool TellsPatient(ushort parameter) => _ofPatients.Contains(parameter);

    private static ElementSchema[] ElementsOf(TypeSchema type, IReadOnlyList<string> names) => [.. names.Select(type.Element).OfType<ElementSchema>()];
}
