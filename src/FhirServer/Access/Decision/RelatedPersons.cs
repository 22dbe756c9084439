using System.Collections.Concurrent;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>
/// To which patient a related person belongs: https://hl7.org/fhir/R4/relatedperson.html. The resource is looked up for each request, so that a patient
/// who ends it need not wait; it is read anew when it has changed.
/// </summary>
internal sealed class RelatedPersons(IResourceStore store, ServerOptions options, TimeProvider time)
{
    private const int MostKept = 10_000;

    private static readonly AccessScope Scope = AccessScope.System("whose related person asks");

    private readonly ConcurrentDictionary<string, Relation> _known = new(StringComparer.Ordinal);

    /// <summary>The patient whose related person it is, while that is active and in its period; null for nobody's.</summary>
    /// <param name="reference">Such as <c>RelatedPerson/7</c>.</param>
    public async ValueTask<string?> PatientOfAsync(string reference, CancellationToken cancellationToken)
    {
        if (reference.Split('/') is not ["RelatedPerson", var id] || await store.ReadAsync(Scope, new ResourceKey("RelatedPerson", id), cancellationToken) is not { IsDeleted: false } version)
        {
            _known.TryRemove(reference, out _);
            return null;
        }

        if (!_known.TryGetValue(reference, out Relation? relation) || relation.Sequence != version.Sequence)
        {
            if (_known.Count >= MostKept)
            {
                _known.Clear();
            }

            _known[reference] = relation = Read(version);
        }

        long now = time.GetUtcNow().UtcTicks;
        return relation.From <= now && now < relation.Until ? relation.Patient : null;
    }

    private Relation Read(StoredVersion version)
    {
        Element person = FhirJson.Read(version.Json).Root;
        Element period = person.Child("period");
        return new Relation(
            version.Sequence,
            person.Says("active", "false"u8) ? null : person.Child("patient").LocalTarget(options.BaseUrl),
            RangeOf(period, "start")?.Start ?? long.MinValue,
            RangeOf(period, "end")?.End ?? long.MaxValue);
    }

    /// <summary>https://hl7.org/fhir/R4/datatypes.html#Period: an end that is a day includes the whole day.</summary>
    private static DateRange? RangeOf(Element period, string bound) =>
        period.Exists && period.TextOf(bound) is { } text && DateRange.TryParse(Encoding.UTF8.GetBytes(text), out DateRange range) ? range : null;

    private sealed record Relation(long Sequence, string? Patient, long From, long Until);
}
