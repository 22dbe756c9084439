using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.ContractTests.Model;

/// <summary>A version with all that searches and scopes need of it. A deletion has the facts of the version that it ended.</summary>
internal sealed record ModelVersion(StoredVersion Stored, long Created, ElementTree Tree, IndexValues Values, IndexKey[] Keys)
{
    public TypeSchema Type => Tree.Root.Type;

    /// <summary>Resources of this server that it points at by one parameter, or by any.</summary>
    public IEnumerable<ResourceKey> Targets(IndexedParameter? parameter)
    {
        for (int i = 0; i < Values.Count; i++)
        {
            SearchValue value = Values[i];
            if (value.Kind == SearchValueKind.Reference
                && value.Component == 0
                && (parameter is null || value.Parameter == parameter.Id)
                && (value.Traits & SearchValueTraits.Contained) == 0
                && value.TargetType != SearchValue.NoType
                && Values.Text(value.System).IsEmpty)
            {
                yield return new ResourceKey(
                    FhirSchema.R4.Types[value.TargetType].Name, System.Text.Encoding.UTF8.GetString(Values.Text(value.Code)));
            }
        }
    }
}
