using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Smart.Scopes;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>
/// Decides on whose behalf, and so with which scope, a request runs: the one place where requests become store calls that withhold something. What a
/// token gives nothing of is refused as such (403); what it withholds one by one does not exist (404), wherever it is looked for.
/// </summary>
internal static class Admission
{
    /// <summary>The request as the requester may make it, or why not.</summary>
    public static async ValueTask<Result<FhirRequest>> DecideAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (request.Requester.Rights is not { } rights)
        {
            return request;
        }

        Result<Permissions> needed = InteractionPermissions.Of(request);
        if (!needed.IsOk)
        {
            return needed.Error;
        }

        if (needed.Value == Permissions.None)
        {
            return request;
        }

        Entitlement entitlement = await rights.NowAsync(cancellationToken);
        TypeSchema? type = TypeOf(request.Target);
        bool isGiven = type is null ? entitlement.Rules.Gives(needed.Value) : entitlement.Rules.Gives(needed.Value, type.Name);
        return isGiven || !InteractionPermissions.MustBeGiven(request.Target) ? request with { Requester = entitlement.For(needed.Value) } : Refused(needed.Value, type);
    }

    /// <summary>The requester as which the entries of a transaction are committed together.</summary>
    public static async ValueTask<Requester> ForTransactionAsync(Requester requester, CancellationToken cancellationToken) =>
        requester.Rights is { } rights ? (await rights.NowAsync(cancellationToken)).ForTransactions() : requester;

    /// <summary>The requester as one who searches while something else is done.</summary>
    public static async ValueTask<Requester> ForSearchAsync(Requester requester, CancellationToken cancellationToken) =>
        requester.Rights is { } rights ? (await rights.NowAsync(cancellationToken)).For(Permissions.Search) : requester;

    /// <summary>The type on which something is done; null for several.</summary>
    private static TypeSchema? TypeOf(in RequestTarget target) => target.Kind switch
    {
        TargetKind.Compartment or TargetKind.CompartmentSearch => ResourceTypes.Find(target.Name!),
        _ => target.Type,
    };

    private static FhirError Refused(Permissions permissions, TypeSchema? type) => FhirError.Of(
        ErrorKind.Forbidden, IssueType.Forbidden, $"The access token, or the role that it was given to, does not allow this: it needs '{permissions.ToLetters()}' on {type?.Name ?? "some type"}.");
}
