using System.Text;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>What includes of a search follow from an AuditEvent.</summary>
internal static class AuditTargets
{
    public static IEnumerable<ResourceKey> Of(IndexValues values, IReadOnlyList<Include> includes)
    {
        var targets = new List<ResourceKey>();
        foreach (Include include in includes)
        {
            foreach (ref readonly SearchValue value in values.Values)
            {
                if (value.Kind == SearchValueKind.Reference
                    && (include.Reference is null || include.Reference.Id == value.Parameter)
                    && value.TargetType != SearchValue.NoType
                    && (value.Traits & SearchValueTraits.Contained) == 0
                    && values.Text(value.System).IsEmpty
                    && (include.Target is null || include.Target.Id == value.TargetType))
                {
                    targets.Add(new ResourceKey(FhirSchema.R4.Types[value.TargetType].Name, Encoding.UTF8.GetString(values.Text(value.Code))));
                }
            }
        }

        return targets;
    }
}
