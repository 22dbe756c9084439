using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// What a search of AuditEvents asks of access records: what the store can narrow by and a record tells unopened, and the rest, for which
/// its AuditEvent must be looked at.
/// </summary>
internal sealed record AuditQuery
{
    /// <summary>Parameters whose values come from the versions that a record names.</summary>
    private static readonly string[] OfVersions = ["entity", "entity-type", "entity-role", "entity-name", "subtype", "_profile"];

    /// <summary>The patient whose records alone can match; null for all.</summary>
    public ResourceKey? Patient { get; private init; }

    /// <summary>The records that alone can match; null for all.</summary>
    public IReadOnlyList<long>? Only { get; private init; }

    public IReadOnlyList<DateQuery> Dates { get; private init; } = [];

    /// <summary>What remains to be asked of each AuditEvent.</summary>
    public IReadOnlyList<Criterion> Rest { get; private init; } = [];

    /// <summary>The part of the rest that is met by being of the patient.</summary>
    private Criterion? ThePatient { get; init; }

    /// <summary>True when the rest asks for something that only the named versions tell.</summary>
    public bool AsksForVersions => Rest.Any(AsksFor);

    /// <summary>The criterion of a search as one of records; an error when records cannot be judged by it.</summary>
    public static Result<AuditQuery> Read(Criterion criterion, SearchParameterSet parameters)
    {
        var query = new AuditQuery();
        foreach (Criterion part in criterion is AllOf all ? all.Parts : [criterion])
        {
            Result<Criterion> judged = Judged(part, parameters);
            if (!judged.IsOk)
            {
                return judged.Error;
            }

            query = query.With(judged.Value);
        }

        return query;
    }

    /// <summary>The same, with nothing to ask of records that the store found to be the patient's.</summary>
    public AuditQuery OfThePatient() => Only is null ? this with { Rest = [.. Rest.Where(part => !ReferenceEquals(part, ThePatient))] } : this;

    /// <summary>The same, to be asked of all records.</summary>
    public AuditQuery OfAll() => this with { Patient = null };

    /// <summary>Which records the store has to give.</summary>
    /// <param name="after">Only those of that time or later, in ticks; null for any.</param>
    /// <param name="until">Only those before that time; null for any.</param>
    public RecordQuery Records(long before, long? after, long? until, int count) => new()
    {
        Kind = LedgerProofs.StatementKind.Access,
        Patient = Patient,
        Before = before,
        From = Instant(Dates.Select(From).Append(after).Max()),
        Until = Instant(Dates.Select(Until).Append(until).Min()),
        Count = count,
    };

    public bool MeetsDates(DateRange recorded) => Dates.All(date => SearchPrefixes.Matches(date.Prefix, date.Range, recorded));

    /// <summary>A record's time as its AuditEvent has it: <c>recorded</c> and <c>_lastUpdated</c>, to the millisecond.</summary>
    public static DateRange TimeOf(StoredRecord record) => new(record.Instant.UtcTicks, record.Instant.UtcTicks + TimeSpan.TicksPerMillisecond);

    private AuditQuery With(Criterion part) => part switch
    {
        HasValue { Parameter.Code: "date" or "_lastUpdated", Modifier: SearchModifier.None, Alternatives: [DateQuery date] } => this with { Dates = [.. Dates, date] },
        HasValue { Parameter.Code: "_id", Modifier: SearchModifier.None } ids when Only is null => this with { Only = SequencesIn(ids), Rest = [.. Rest, part] },

        HasValue { Parameter.Code: "patient" or "entity" or "agent", Modifier: SearchModifier.None or SearchModifier.Type, Alternatives: [ReferenceQuery reference] } value
            when Patient is null && PatientIn(reference) is { } patient =>
            this with { Patient = patient, ThePatient = value.Parameter.Code == "patient" ? part : null, Rest = [.. Rest, part] },
        _ => this with { Rest = [.. Rest, part] },
    };

    private static long[] SequencesIn(HasValue ids) =>
    [
        .. ids.Alternatives.OfType<TokenQuery>()
            .Select(id => AuditEvents.SequenceOf(new ResourceKey(AuditEvents.Type, Encoding.UTF8.GetString((id.Code ?? default).Span))))
            .OfType<long>().Distinct().OrderDescending(),
    ];

    private static ResourceKey? PatientIn(ReferenceQuery reference) =>
        reference.Server.IsEmpty && reference.Version.IsEmpty && (reference.Type?.Name ?? (reference.Among is [var only] ? only.Name : null)) == "Patient"
            ? new ResourceKey("Patient", Encoding.UTF8.GetString(reference.Id.Span))
            : null;

    /// <summary>A criterion that the values of an AuditEvent decide: compartments become the references that make them.</summary>
    private static Result<Criterion> Judged(Criterion criterion, SearchParameterSet parameters)
    {
        switch (criterion)
        {
            case HasValue:
                return criterion;
            case NoneOf none:
                Result<Criterion> inner = Judged(none.Part, parameters);
                return inner.IsOk ? new NoneOf(inner.Value) : inner;
            case AllOf all:
                return Judged(all.Parts, parameters, parts => new AllOf(parts));
            case OneOf one:
                return Judged(one.Parts, parameters, parts => new OneOf(parts));
            case InCompartment compartment:
                return MembersOf(compartment, parameters);
            default:
                return FhirError.Unsupported("AuditEvents cannot be searched by chains, _has, _text or _content: the access log is not stored as resources.");
        }
    }

    private static Result<Criterion> Judged(IReadOnlyList<Criterion> parts, SearchParameterSet parameters, Func<IReadOnlyList<Criterion>, Criterion> join)
    {
        var judged = new List<Criterion>();
        foreach (Criterion part in parts)
        {
            Result<Criterion> one = Judged(part, parameters);
            if (!one.IsOk)
            {
                return one;
            }

            judged.Add(one.Value);
        }

        return join(judged);
    }

    private static Criterion MembersOf(InCompartment compartment, SearchParameterSet parameters)
    {
        TypeSchema type = ResourceTypes.Find(AuditEvents.Type)!;
        var reference = new ReferenceQuery(default, ResourceTypes.Find(compartment.Compartment), Encoding.UTF8.GetBytes(compartment.Id), default);
        Criterion[] members = [.. parameters.Compartment(compartment.Compartment, type)!.Parameters.Select(parameter => new HasValue(parameter, SearchModifier.None, [reference]))];
        return members is [var only] ? only : new OneOf(members);
    }

    private static bool AsksFor(Criterion criterion) => criterion switch
    {
        HasValue value => OfVersions.Contains(value.Parameter.Code),
        NoneOf none => AsksFor(none.Part),
        AllOf all => all.Parts.Any(AsksFor),
        OneOf one => one.Parts.Any(AsksFor),
        _ => true,
    };

    /// <summary>The first tick at which a record could match; null for any.</summary>
    private static long? From(DateQuery date) => date.Prefix switch
    {
        SearchPrefix.Equal or SearchPrefix.GreaterOrEqual or SearchPrefix.Approximate => date.Range.Start - TimeSpan.TicksPerMillisecond,
        SearchPrefix.Greater or SearchPrefix.StartsAfter => date.Range.End - TimeSpan.TicksPerMillisecond,
        _ => null,
    };

    /// <summary>The tick at which none matches any more; null for any.</summary>
    private static long? Until(DateQuery date) => date.Prefix switch
    {
        SearchPrefix.Equal or SearchPrefix.LessOrEqual or SearchPrefix.Approximate => date.Range.End,
        SearchPrefix.Less or SearchPrefix.EndsBefore => date.Range.Start,
        _ => null,
    };

    private static DateTimeOffset? Instant(long? ticks) => ticks is { } value ? new DateTimeOffset(Math.Clamp(value, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero) : null;
}
