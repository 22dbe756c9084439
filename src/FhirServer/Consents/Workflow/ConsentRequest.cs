using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Organisations;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// A request for access as it is stored: a Task for the patient, which names the version of the Consent that is proposed
/// (https://hl7.org/fhir/R4/request.html). What the patient saw is what she answers: a Consent that changed since is another one.
/// </summary>
/// <param name="Patient">Such as <c>Patient/7</c>; whose Consent it would be, and who answers.</param>
/// <param name="By">Who asked: a person, or the organisation for which a system did.</param>
/// <param name="Until">When it can no longer be answered, in ticks of UTC.</param>
internal sealed record ConsentRequest(StoredVersion Task, string Patient, string By, string Status, ResourceKey Proposal, long ProposalVersion, long Until)
{
    public const string Type = "Task";
    public const string ConsentType = "Consent";

    /// <summary>The status of one that nobody answered.</summary>
    public const string Open = "requested";

    /// <summary>What the Task is about, in <see cref="CodeSystem"/>.</summary>
    public const string Code = "consent-request";

    /// <summary>The input that names the proposal.</summary>
    public const string ProposalInput = "proposed-consent";

    /// <summary>The output that names the Consent which came of it.</summary>
    public const string GrantOutput = "granted-consent";

    public const string CodeSystem = "https://healthchain.example/fhir/CodeSystem/task";

    /// <summary>Why it is asked for, as the requester says.</summary>
    public string? Reason => FhirJson.Read(Task.Json).Root.Child("reasonCode") is { Exists: true } reason ? reason.TextOf("text") : null;

    private const string History = "/_history/";

    /// <summary>The request that a Task is; null for any other Task.</summary>
    /// <param name="serverBase">The FHIR base of this server, for absolute references; null when it is not known.</param>
    public static ConsentRequest? Read(StoredVersion version, string? serverBase)
    {
        Element task = FhirJson.Read(version.Json).Root;
        if (!Is(task)
            || task.Child("for") is not { Exists: true } about
            || about.LocalTarget(serverBase) is not { } patient
            || task.Child("requester") is not { Exists: true } requester
            || requester.LocalTarget(serverBase) is not { } by
            || task.TextOf("status") is not { } status)
        {
            return null;
        }

        foreach (Element input in task.ChildrenOf("input"))
        {
            if (Holds(input.Child("type"), ProposalInput) && ReadVersion(input.Child("value")) is var (key, number))
            {
                return new ConsentRequest(version, patient, by, status, key, number, UntilOf(task));
            }
        }

        return null;
    }

    /// <summary>Whether a Task is one, or says so.</summary>
    public static bool Is(Element resource) => resource.Type.Name == Type && Holds(resource.Child("code"), Code);

    /// <summary>Whether that version of a Consent is the one that was proposed to the patient, and nothing came of it yet.</summary>
    public bool Proposes(StoredVersion consent, string? serverBase)
    {
        Element proposal = FhirJson.Read(consent.Json).Root;
        return consent.Key == Proposal
            && consent.Version == ProposalVersion
            && proposal.Says("status", "proposed"u8)
            && proposal.Child("provision").Exists
            && proposal.Child("patient") is { Exists: true } patient
            && patient.LocalTarget(serverBase) == Patient;
    }

    private static bool Holds(Element concept, string code)
    {
        if (!concept.Exists)
        {
            return false;
        }

        foreach (Element coding in concept.ChildrenOf("coding"))
        {
            if (coding.TextOf("system") == CodeSystem && coding.TextOf("code") == code)
            {
                return true;
            }
        }

        return false;
    }

    private static long UntilOf(Element task) =>
        task.Child("restriction") is { Exists: true } restriction
        && restriction.Child("period") is { Exists: true } period
        && period.TextOf("end") is { } end
        && DateRange.TryParse(Encoding.UTF8.GetBytes(end), out DateRange range) ? range.End : long.MaxValue;

    private static (ResourceKey Key, long Version)? ReadVersion(Element reference)
    {
        const string Start = ConsentType + "/";
        string? text = reference is { Exists: true, Type.Name: "Reference" } ? reference.TextOf("reference") : null;
        int at = text?.IndexOf(History, StringComparison.Ordinal) ?? -1;
        return at > Start.Length && text!.StartsWith(Start, StringComparison.Ordinal) && long.TryParse(text.AsSpan(at + History.Length), out long number)
            ? (new ResourceKey(ConsentType, text[Start.Length..at]), number)
            : null;
    }
}
