using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>A request that writes and stands by itself: not within a transaction.</summary>
internal sealed class SingleWrite(WritePlanners planners, Content content, Commits commits) : IInteraction
{
    public ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        IWritePlanner planner = planners.Find(request.Target, request.Verb)!;
        return commits.CommitAsync(request, token => ThinkAsync(planner, request, token), cancellationToken);
    }

    private async ValueTask<Result<Draft>> ThinkAsync(IWritePlanner planner, FhirRequest request, CancellationToken cancellationToken)
    {
        Result<WritePlan> plan = await planner.PlanAsync(request, cancellationToken);
        if (!plan.IsOk)
        {
            return plan.Error;
        }

        switch (plan.Value)
        {
            case PutPlan put:
                Result<CheckedPut> write = content.ToPut(put, new ResourceEdit(put.Resource), request);
                return write.IsOk
                    ? Draft([write.Value.Put], put, versions => WriteAnswers.OfPut(request, versions[0]!, write.Value.Issues)) with
                    {
                        NewPatients = put.NewPatient is { } patient ? [patient] : [],
                    }
                    : write.Error;
            case DeletePlan delete:
                return Draft([.. delete.Keys.Select(key => new Storage.Delete(key))], delete, versions => WriteAnswers.OfDeletion(request, versions));
            default:
                return Draft([], plan.Value, _ => WriteAnswers.OfFound(request, ((FoundPlan)plan.Value).Version));
        }
    }

    private static Draft Draft(IReadOnlyList<Write> writes, WritePlan plan, Func<IReadOnlyList<StoredVersion?>, FhirResponse> answer) =>
        new(new Transaction(writes, plan.Guards), versions => ValueTask.FromResult(answer(versions)));
}
