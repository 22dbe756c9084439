using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>
/// A writing interaction. It does not write: it thinks what is to be written, on the present state, and names what the thought rests
/// on. So a request by itself and an entry of a transaction are thought through by the same code, and a transaction is the sum of
/// its entries' plans.
/// </summary>
internal interface IWritePlanner
{
    ValueTask<Result<WritePlan>> PlanAsync(FhirRequest request, CancellationToken cancellationToken);
}

/// <summary>What a writing interaction wants.</summary>
/// <param name="Guards">What must still hold when it is committed; else it is thought through again.</param>
internal abstract record WritePlan(IReadOnlyList<Guard> Guards);

/// <summary>A new version of a resource.</summary>
/// <param name="Resource">Its content as the client gave it: without the id of the key perhaps, not yet checked, references not yet resolved.</param>
internal sealed record PutPlan(ResourceKey Key, Element Resource, IReadOnlyList<Guard> Guards) : WritePlan(Guards)
{
    /// <summary>A create: the id is of the server's choice.</summary>
    public bool IsPosted { get; init; }

    /// <summary>What stands there, or stood there before it was deleted: its security labels stay. Null for nothing.</summary>
    public StoredVersion? Before { get; init; }

    /// <summary>The security labels are to be as the content says.</summary>
    public bool Relabels { get; init; }

    /// <summary>An update that finds nothing to update. If something withheld has the id all the same, the commit is refused.</summary>
    public bool IsNew { get; init; }

    /// <summary>A step of the workflow of consents, which alone makes and answers requests for access.</summary>
    public bool IsWorkflow { get; init; }

    /// <summary>The patient who comes into being; null for none.</summary>
    public ResourceKey? NewPatient => (IsPosted || IsNew) && Key.Type == "Patient" ? Key : null;
}

internal sealed record DeletePlan(IReadOnlyList<ResourceKey> Keys, IReadOnlyList<Guard> Guards) : WritePlan(Guards);

/// <summary>Nothing is to be written, since a conditional create found the resource.</summary>
internal sealed record FoundPlan(StoredVersion Version, IReadOnlyList<Guard> Guards) : WritePlan(Guards);

/// <summary>The writing interactions by path and verb: https://hl7.org/fhir/R4/http.html#summary</summary>
internal sealed class WritePlanners(Create create, Update update, Patch patch, Delete delete)
{
    /// <summary>The interaction; null when that verb does not write there.</summary>
    public IWritePlanner? Find(in RequestTarget target, HttpVerb verb) => (target.Kind, verb) switch
    {
        (TargetKind.Type, HttpVerb.Post) => create,
        (TargetKind.Type or TargetKind.Instance, HttpVerb.Put) => update,
        (TargetKind.Type or TargetKind.Instance, HttpVerb.Patch) => patch,
        (TargetKind.Type or TargetKind.Instance, HttpVerb.Delete) => delete,
        _ => null,
    };
}
