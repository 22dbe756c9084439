using HealthChain.Fhir;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// Ways by which searches of other types would come to AuditEvents. The engine knows the stored ones alone, so that whoever asks for the others by
/// name would get too few without being told.
/// </summary>
internal static class AuditDetours
{
    /// <summary>Why a search cannot be made; null when it does not ask for AuditEvents by name.</summary>
    public static FhirError? In(SearchRequest request)
    {
        foreach (Include include in request.Includes)
        {
            // Without a parameter it is one of the many that an asterisk stands for.
            if (include is { IsReverse: true, Reference: not null, Source.Name: AuditEvents.Type })
            {
                return Refusal("_revinclude");
            }
        }

        return In(request.Criterion) ? Refusal("_has and chains") : null;
    }

    /// <summary>Guards for the engine: what access records met stays met, and the engine does not know them.</summary>
    public static IReadOnlyList<Guard> WithoutRecords(IReadOnlyList<Guard> guards)
    {
        foreach (Guard guard in guards)
        {
            if (guard is Finds { Type: AuditEvents.Type } or AtVersion { Key.Type: AuditEvents.Type })
            {
                return
                [
                    .. guards.Where(one => one is not AtVersion at || AuditEvents.SequenceOf(at.Key) is null)
                        .Select(one => one is Finds { Type: AuditEvents.Type } finds ? finds with { Keys = [.. finds.Keys.Where(key => AuditEvents.SequenceOf(key) is null)] } : one),
                ];
            }
        }

        return guards;
    }

    private static bool In(Criterion criterion) => criterion switch
    {
        PointedAtBy pointed => pointed.Source.Name == AuditEvents.Type || In(pointed.Condition),
        PointsAt points => points.Targets is [{ Name: AuditEvents.Type }] || In(points.Target),
        AllOf all => In(all.Parts),
        OneOf one => In(one.Parts),
        NoneOf none => In(none.Part),
        _ => false,
    };

    private static bool In(IReadOnlyList<Criterion> parts)
    {
        for (int i = 0; i < parts.Count; i++)
        {
            if (In(parts[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static FhirError Refusal(string what) =>
        FhirError.Unsupported($"{what} cannot go over AuditEvent: the access log is not stored as resources. Search AuditEvent by patient, entity or agent instead.");
}
