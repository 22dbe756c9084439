using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// The patients of a version that is sealed for no person: those of several patients are told by the content alone. They are rare: groups,
/// appointments of two. One thread at a time.
/// </summary>
internal sealed class ContentPatients(EngineParts parts)
{
    private readonly bool?[] _hasThem = new bool?[FhirSchema.R4.Types.Count];
    private PatientsWithin? _within;

    /// <summary>Whether resources of the type can be of patients at all.</summary>
    public bool MayHave(TypeSchema type) =>
        _hasThem[type.Id] ??= PatientsWithin.Decides(type) || parts.Parameters.Compartment("Patient", type) is not null;

    public IReadOnlyList<long> Of(ReadOnlyMemory<byte> content)
    {
        _within ??= new PatientsWithin(parts.Parameters, parts.Options.ServerBase);
        return [.. PatientsWithin.Here(_within.Of(FhirJson.Read(content).Root), parts.Hasher)];
    }
}
