using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>update, update as create and conditional update: https://hl7.org/fhir/R4/http.html#update, #upsert, #cond-update</summary>
internal sealed class Update(ConditionalSearch search, IResourceStore store, IdSource ids, ServerOptions options) : IWritePlanner
{
    public async ValueTask<Result<WritePlan>> PlanAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        TypeSchema type = request.Target.Type!;
        Result<Element> resource = Content.Read(request.Body, type);
        if (!resource.IsOk)
        {
            return resource.Error;
        }

        if (request.Target.Kind == TargetKind.Type)
        {
            return await PlanConditionalAsync(request, resource.Value, cancellationToken);
        }

        var key = new ResourceKey(type.Name, request.Target.Id!);
        return Content.IdOf(resource.Value) is not { } id ? FhirError.Of(
                ErrorKind.Invalid, IssueType.Required, $"The resource needs the id {key.Id} that the url names.", $"{key.Type}.id")
            : id != key.Id ? FhirError.Invalid($"The resource's id {id} is not the id {key.Id} of the url.", $"{key.Type}.id")
            : await PlanAsync(request, key, resource.Value, cancellationToken);
    }

    private async ValueTask<Result<WritePlan>> PlanAsync(FhirRequest request, ResourceKey key, Element resource, CancellationToken cancellationToken)
    {
        StoredVersion? current = await store.ReadAsync(request.Requester.Scope, key, cancellationToken);
        return Preconditioned.Check(request.Conditions, current) is { } failed ? failed
            : current is null && !MayChooseId(request) ? NoClientIds()
            : new PutPlan(key, resource, [Preconditioned.At(key, current)])
            {
                Before = await WithContentAsync(request, current, cancellationToken),
                IsNew = current is null,
            };
    }

    /// <summary>The version whose labels stay: of what was deleted the one before.</summary>
    private async ValueTask<StoredVersion?> WithContentAsync(FhirRequest request, StoredVersion? current, CancellationToken cancellationToken) =>
        current is { IsDeleted: true } ? await store.ReadVersionAsync(request.Requester.Scope, current.Key, current.Version - 1, cancellationToken) : current;

    private async ValueTask<Result<WritePlan>> PlanConditionalAsync(FhirRequest request, Element resource, CancellationToken cancellationToken)
    {
        TypeSchema type = request.Target.Type!;
        Result<Match> match = await search.FindAsync(request, type, request.Query, atMost: 1, cancellationToken);
        if (!match.IsOk)
        {
            return match.Error;
        }

        string? id = Content.IdOf(resource);
        if (Preconditioned.Check(request.Conditions, match.Value.Single) is { } failed)
        {
            return failed;
        }

        if (match.Value.Single is { } found)
        {
            return id is null || id == found.Key.Id
                ? new PutPlan(found.Key, resource, [match.Value.Guard, Preconditioned.At(found.Key, found)]) { Before = found }
                : FhirError.Invalid("The resource's id is not that of the resource that the criteria match.", $"{type.Name}.id");
        }

        if (id is null)
        {
            return new PutPlan(new ResourceKey(type.Name, ids.Next(type)), resource, [match.Value.Guard]) { IsNew = true };
        }

        // "No matches, id provided: The server treats the interaction as an Update as Create interaction". R4 does not say what
        // holds if the id is taken; R5 does: 409.
        var key = new ResourceKey(type.Name, id);
        if (!MayChooseId(request))
        {
            return NoClientIds();
        }

        StoredVersion? current = await store.ReadAsync(request.Requester.Scope, key, cancellationToken);
        return current is { IsDeleted: false }
            ? FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, $"The criteria match nothing, but there is a {type.Name} with the resource's id already.", $"{type.Name}.id")
            : new PutPlan(key, resource, [match.Value.Guard, new AtVersion(key, 0)]) { IsNew = true, Before = await WithContentAsync(request, current, cancellationToken) };
    }

    /// <summary>
    /// Who sees but a part of a type would learn from a conflict that an id belongs to something withheld, so ids are the server's to choose: then what is
    /// withheld and what is not there get the same answer. An operator may hold interfaces that need ids of their own dearer than that.
    /// </summary>
    private bool MayChooseId(FhirRequest request) =>
        options.ClientIds && (options.ClientAssignedIds || request.Requester.SeesAll(request.Target.Type!.Name));

    private static FhirError NoClientIds() => FhirError.Of(
        ErrorKind.MethodNotAllowed,
        IssueType.NotSupported,
        "There is no such resource, and this server gives ids to new ones itself: create it by POST. (The operator may allow ids of the client's choice: HealthChain:ClientAssignedIds.)");
}
