using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Makes conditions of criteria.</summary>
internal sealed class ConditionCompiler(SearchParameterSet parameters, IndexHasher hasher, PatientMemberships memberships)
{
    private const int MostContainedTypes = 16;
    private const string Patient = "Patient";

    private readonly TypeSchema _patient = FhirSchema.R4.Type("Patient")!;
    private readonly IReadOnlyList<IndexedParameter> _links = parameters.Compartment("Patient", FhirSchema.R4.Type("Patient")!)?.Parameters ?? [];
    private readonly IndexedParameter? _lastUpdated = parameters.Find(FhirSchema.R4.Type("Patient")!, "_lastUpdated");

    public PatientMemberships Memberships => memberships;

    public Condition Compile(Criterion criterion, IReadOnlyList<TypeSchema> types) => criterion switch
    {
        AllOf all => new AllCondition([.. Flatten(all).Select(part => Compile(part, types))]),
        OneOf one => new OneCondition([.. one.Parts.Select(part => Compile(part, types))]),
        NoneOf none => new NoneCondition(Compile(none.Part, types)),
        HasValue value => new ValueCondition(value, KeyQuery.Of(value, value.Parameter.Id, hasher), value.Parameter == _lastUpdated),
        PointsAt at => new ChainCondition(at.Reference.Id, at.Targets, Compile(at.Target, at.Targets), Compile(Containing(at.Targets), types), UrlsOf(at.Targets)),
        PointedAtBy by => new ReverseCondition(by.Source, by.Reference, memberships, Compile(by.Condition, [by.Source]), UrlsOf(by.Reference.Targets)),
        InCompartment compartment => new CompartmentCondition(parameters, compartment.Compartment, Hash(compartment.Compartment, Encoding.UTF8.GetBytes(compartment.Id)), types),
        HasWords words => new WordsCondition(words),
        _ => throw new ArgumentException($"Unknown criterion {criterion.GetType().Name}.", nameof(criterion)),
    };

    /// <summary>A condition for what exists for a scope: where that is of one patient, all that can be found lies in that record.</summary>
    public Condition Within(AccessScope scope, Condition condition, IReadOnlyList<TypeSchema> types)
    {
        long? patient = types.Count == 0 ? null : scope.OnlyPatient(types[0].Name);
        return patient is not { } owner || types.Any(type => scope.OnlyPatient(type.Name) != owner)
            ? condition
            : new AllCondition([.. condition is AllCondition all ? all.Parts : [condition], new CompartmentCondition(parameters, Patient, owner, types)]);
    }

    /// <summary>Whether the order is first of all that of versions, the newest before the others.</summary>
    public bool IsNewestFirst(IReadOnlyList<SortKey> sort) => sort.Count > 0 && sort[0].Descending && sort[0].Parameters.All(parameter => parameter == _lastUpdated);

    /// <summary>The patient in whose compartment everything lies that a condition on these types can find; null when it names none.</summary>
    public PatientFocus? FocusOf(Condition condition, IReadOnlyList<TypeSchema> types, SearchRun run)
    {
        IReadOnlyList<Condition> parts = condition is AllCondition all ? all.Parts : [condition];
        foreach (Condition part in parts)
        {
            PatientFocus? focus = part switch
            {
                CompartmentCondition { Compartment: Patient } compartment => Focus(run, compartment.Owner, compartment.Members(), types),
                ValueCondition value => FocusOf(value, types, run),
                _ => null,
            };
            if (focus is not null)
            {
                return focus;
            }
        }

        return null;
    }

    private PatientFocus? FocusOf(ValueCondition value, IReadOnlyList<TypeSchema> types, SearchRun run)
    {
        if (value.Criterion is not { Parameter.Type: SearchParameterType.Reference, Alternatives: [ReferenceQuery reference] }
            || !reference.Server.IsEmpty
            || !(reference.Type == _patient || reference.Among.Contains(_patient))
            || !types.All(type => memberships.IsMember(value.Criterion.Parameter, type)))
        {
            return null;
        }

        // An id alone may be that of something else too: then no one patient is meant.
        long patient = hasher.Reference("Patient"u8, reference.Id.Span);
        List<long> others = run.RentList();
        bool isAlone = value.Query.Entries!.All(entry => entry.Hash == patient || run.Snapshot.FindValue(entry.Parameter, entry.Hash, others, 0));
        run.Return(others);
        return isAlone ? Focus(run, patient, [value.Criterion.Parameter.Id], types) : null;
    }

    private PatientFocus? Focus(SearchRun run, long patient, IEnumerable<ushort> references, IReadOnlyList<TypeSchema> types)
    {
        long subject = run.Snapshot.SubjectOf(patient);
        if (subject == 0)
        {
            return null;
        }

        List<long> shared = [];
        foreach (ushort reference in references)
        {
            // A patient who is linked to this one stands with their own resources in the index, and is in this compartment all the same.
            if (_links.Any(link => link.Id == reference))
            {
                run.Snapshot.FindValue(reference, patient, shared);
            }
            else
            {
                run.Snapshot.FindValue(reference, patient, 0, shared);
            }
        }

        return new PatientFocus(patient, subject, shared, types, memberships);
    }

    /// <summary>Some resource of one of the types is contained; any at all where there are many types to ask for.</summary>
    private HasValue Containing(IReadOnlyList<TypeSchema> targets) => targets.Count > MostContainedTypes
        ? new HasValue(parameters.ContainedType, SearchModifier.Missing, [new MissingQuery(false)])
        : new HasValue(parameters.ContainedType, SearchModifier.None, [.. targets.Select(type => new TokenQuery(null, Encoding.UTF8.GetBytes(type.Name)))]);

    private ushort[] UrlsOf(IReadOnlyList<TypeSchema> targets) => [.. targets.Select(type => parameters.Find(type, "url")).OfType<IndexedParameter>().Select(url => url.Id).Distinct()];

    private long Hash(string type, ReadOnlySpan<byte> id) => hasher.Reference(Encoding.UTF8.GetBytes(type), id);

    /// <summary>Conditions that must all hold stand side by side, so that the best of them can lead.</summary>
    private static IEnumerable<Criterion> Flatten(AllOf all) => all.Parts.SelectMany(part => part is AllOf inner ? Flatten(inner) : [part]);
}
