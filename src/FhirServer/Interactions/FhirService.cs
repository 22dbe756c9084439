using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;

namespace HealthChain.FhirServer.Interactions;

/// <summary>
/// Finds the interaction that a request asks for. The one way in for requests from the network and for entries of bundles, so that both
/// are judged alike, and both leave one record in the access log.
/// </summary>
internal sealed class FhirService(
    Read read,
    Search search,
    History history,
    WritePlanners writes,
    SingleWrite write,
    BundleRequest bundle,
    Capabilities capabilities,
    OperationTable operations,
    AccessLog log)
{
    /// <summary>Answers a request, and has it on record.</summary>
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<FhirResponse> answer = await FindAnswerAsync(request, cancellationToken);
        return RecordedAnswer.Of(answer, await log.AppendAsync(request, answer));
    }

    /// <summary>Answers a request whose record is on its way, so that the records of several can share a flush.</summary>
    public async ValueTask<RecordedAnswer> BeginAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<FhirResponse> answer = await FindAnswerAsync(request, cancellationToken);
        return new RecordedAnswer(answer, log.AppendAsync(request, answer));
    }

    /// <summary>The verbs that a target has.</summary>
    public IEnumerable<HttpVerb> Allowed(RequestTarget target) => Enum.GetValues<HttpVerb>().Where(verb => Offers(target, verb));

    public bool Offers(in RequestTarget target, HttpVerb verb) => Find(target, verb) is not null;

    /// <summary>The interaction for a kind of target and a verb; null when there is none. HEAD is GET whose body is not sent.</summary>
    private IInteraction? Find(in RequestTarget target, HttpVerb verb) => (target.Kind, verb) switch
    {
        (TargetKind.Instance or TargetKind.Version, HttpVerb.Get or HttpVerb.Head) => read,
        (TargetKind.System or TargetKind.Type or TargetKind.Compartment, HttpVerb.Get or HttpVerb.Head) => search,
        (TargetKind.SystemSearch or TargetKind.TypeSearch or TargetKind.CompartmentSearch, HttpVerb.Post) => search,
        (TargetKind.SystemHistory or TargetKind.TypeHistory or TargetKind.InstanceHistory, HttpVerb.Get or HttpVerb.Head) => history,
        (TargetKind.Capabilities, HttpVerb.Get or HttpVerb.Head) => capabilities,
        (TargetKind.System, HttpVerb.Post) => bundle,
        (TargetKind.Operation, _) => operations.Find(target, verb),
        _ => writes.Find(target, verb) is null ? null : write,
    };

    private async ValueTask<Result<FhirResponse>> FindAnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (Find(request.Target, request.Verb) is not { } interaction)
        {
            return NotOffered(request);
        }

        try
        {
            Result<FhirRequest> allowed = await Admission.DecideAsync(request, cancellationToken);
            return allowed.IsOk ? await interaction.AnswerAsync(allowed.Value, cancellationToken) : allowed.Error;
        }
        catch (Exception failure)
        {
            await log.AppendAsync(request, failure);
            throw;
        }
    }

    private FhirError NotOffered(FhirRequest request) => request.Target.Kind == TargetKind.Operation && !Allowed(request.Target).Any()
        ? FhirError.NotFound($"The operation ${request.Target.Name} is not offered here; metadata lists those that are.")
        : new FhirError(ErrorKind.MethodNotAllowed, [Issue.Error(IssueType.NotSupported, $"{request.Verb.ToString().ToUpperInvariant()} is not supported here; metadata lists what is.")]);
}
