using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>Where the facts of one resource type stand (<see cref="ResourceFact"/>). Immutable.</summary>
internal sealed class FactPlan
{
    /// <summary>Types outside the compartment of patients that still hold something of one patient, and the parameter that tells of whom.</summary>
    private static readonly (string Type, string Parameter)[] BesideCompartment = [("Device", "patient"), ("Binary", "patient")];

    private readonly ushort _first;
    private readonly HashSet<ushort> _ofPatients;

    public FactPlan(TypeSchema type, SearchParameterSet parameters)
    {
        ElementSchema[] Elements(params ReadOnlySpan<string> names)
        {
            var found = new List<ElementSchema>();
            foreach (string name in names)
            {
                if (type.Element(name) is { } element)
                {
                    found.Add(element);
                }
            }

            return [.. found];
        }

        _first = parameters.IdOf(default);
        Times = Elements(
            "effective", "performed", "onset", "occurrence", "period", "started", "whenHandedOver", "authoredOn", "date", "recordedDate", "created", "dateTime", "issued");
        Makers = Elements("performer", "author", "recorder", "asserter", "requester", "provider");
        Keepers = Elements("custodian", "managingOrganization", "serviceProvider");
        CompartmentMembership? membership = parameters.Compartment("Patient", type);
        IsPatient = membership is { IsSelf: true };
        IEnumerable<IndexedParameter> beside = BesideCompartment.Where(one => one.Type == type.Name).Select(one => parameters.Find(type, one.Parameter)).OfType<IndexedParameter>();
        _ofPatients = IsPatient ? [] : [.. (membership?.Parameters ?? []).Concat(beside).Select(parameter => parameter.Id)];
    }

    /// <summary>Of the elements that say when something happened, the first that is there counts.</summary>
    public ElementSchema[] Times { get; }

    /// <summary>References to makers, or what has one as its <c>actor</c>.</summary>
    public ElementSchema[] Makers { get; }

    public ElementSchema[] Keepers { get; }

    /// <summary>It is a patient, and her own.</summary>
    public bool IsPatient { get; }

    public bool HasPatients => _ofPatients.Count > 0;

    /// <summary>The id of the parameter that a fact has.</summary>
    public ushort IdOf(ResourceFact fact) => (ushort)(_first + (int)fact);

    /// <summary>Whether references by a parameter make it a patient's.</summary>
    public bool TellsPatient(ushort parameter) => _ofPatients.Contains(parameter);
}
