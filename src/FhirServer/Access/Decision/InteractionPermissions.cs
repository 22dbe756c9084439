using System.Collections.Frozen;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.Smart.Scopes;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>
/// Which permissions an interaction needs: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
/// </summary>
internal static class InteractionPermissions
{
    private const Permissions Judged = Permissions.None;

    /// <summary>
    /// Operations by what they come to. Those marked as judged elsewhere show nothing of the store, are the administrators'
    /// (<see cref="Administrators"/>), or are steps of a workflow that know by themselves whose they are. One that is not listed is nobody's.
    /// </summary>
    private static readonly FrozenDictionary<string, Permissions> Operations = new Dictionary<string, Permissions>
    {
        ["approve"] = Judged,
        ["break-glass"] = Judged,
        ["convert"] = Judged,
        ["diff"] = Permissions.Read,
        ["document"] = Permissions.Read,
        ["erase"] = Judged,
        ["everything"] = Permissions.Read,
        ["expand"] = Permissions.Read,
        ["graphql"] = Permissions.Read | Permissions.Search,
        ["lastn"] = Permissions.Search,
        ["lookup"] = Permissions.Read,
        ["match"] = Permissions.Search,
        ["meta"] = Permissions.Read,
        ["meta-add"] = Permissions.Update,
        ["meta-delete"] = Permissions.Update,
        ["receipt"] = Permissions.Read,
        ["register-wallet"] = Judged,
        ["reindex"] = Judged,
        ["reject"] = Judged,
        ["request-access"] = Judged,
        ["revoke"] = Permissions.Update,
        ["sign"] = Permissions.Update,
        ["signature-request"] = Permissions.Update,
        ["subsumes"] = Permissions.Read,
        ["suspend"] = Judged,
        ["translate"] = Permissions.Read,
        ["validate"] = Permissions.Read,
        ["validate-code"] = Permissions.Read,
        ["verify"] = Judged,
        ["withdraw"] = Judged,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether it was decided what an operation needs.</summary>
    public static bool Knows(string operation) => Operations.ContainsKey(operation);

    /// <summary>None for what everybody may who has come in, and for bundles, whose entries are judged one by one.</summary>
    public static Result<Permissions> Of(FhirRequest request)
    {
        RequestTarget target = request.Target;
        return target.Kind switch
        {
            TargetKind.Capabilities => Permissions.None,
            TargetKind.Operation => OfOperation(request),
            TargetKind.SystemHistory or TargetKind.TypeHistory => Permissions.Search,
            TargetKind.InstanceHistory or TargetKind.Version => Permissions.Read,
            TargetKind.Compartment or TargetKind.CompartmentSearch or TargetKind.SystemSearch or TargetKind.TypeSearch => Permissions.Search,
            TargetKind.System => request.Verb == HttpVerb.Post ? Permissions.None : Permissions.Search,
            _ => OfResource(request),
        };
    }

    /// <summary>
    /// Whether it is refused when the token gives nothing of its type by the permissions. What somebody wants checked comes with the request; that
    /// token and role show no profiles stored here makes it no less welcome.
    /// </summary>
    public static bool MustBeGiven(in RequestTarget target) => target is not { Kind: TargetKind.Operation, Name: "validate", Id: null };

    private static Permissions OfResource(FhirRequest request)
    {
        // What criteria find tells of what there is, so a conditional write needs to search besides.
        Permissions search = request.Target.Kind == TargetKind.Type ? Permissions.Search : Permissions.None;
        return request.Verb switch
        {
            HttpVerb.Post => Permissions.Create | (request.Conditions.IfNoneExist is null ? Permissions.None : Permissions.Search),

            // SMART counts a put that creates as an update.
            HttpVerb.Put or HttpVerb.Patch => Permissions.Update | search,
            HttpVerb.Delete => Permissions.Delete | search,
            _ => search == Permissions.None ? Permissions.Read : Permissions.Search,
        };
    }

    private static Result<Permissions> OfOperation(FhirRequest request)
    {
        if (!Operations.TryGetValue(request.Target.Name!, out Permissions needed))
        {
            return FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "This operation is not open to anybody by an access token.");
        }

        return request.Target is { Name: "meta", Id: null } ? Permissions.Search
            : needed;
    }
}
