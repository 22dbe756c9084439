using HealthChain.Fhir;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>An answer that must not leave before its record is durable.</summary>
internal readonly struct RecordedAnswer(Result<FhirResponse> answer, ValueTask<Result<long>> record)
{
    /// <summary>The answer; a refusal when it could not be put on record. To be called once.</summary>
    public async ValueTask<Result<FhirResponse>> EndAsync() => Of(answer, await record);

    /// <param name="written">What came of its record.</param>
    public static Result<FhirResponse> Of(in Result<FhirResponse> answer, in Result<long> written) =>
        // Who is refused because the store cannot write has its reason already.
        written.IsOk || answer.Error?.Kind == ErrorKind.Busy ? answer : Unrecorded;

    /// <summary>What cannot be put on record is not answered, whoever asks and whatever for.</summary>
    public static FhirError Unrecorded { get; } = FhirError.Of(
        ErrorKind.Busy, IssueType.Transient, "The access log cannot be written at the moment, and nothing is answered that is not on record. Try again later.");
}
