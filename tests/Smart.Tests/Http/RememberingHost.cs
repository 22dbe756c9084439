using System.Collections.Concurrent;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.Tests.Http;

/// <summary>A guarded server with two patients that remembers what was put on record.</summary>
internal sealed class RememberingHost : ISmartHost
{
    private static readonly PatientChoice[] Patients = [new("1", "Ada Example", "1980-01-02", "female"), new("2", "Ben Example", "1990-03-04", "male")];

    public ConcurrentQueue<SmartEvent> Events { get; } = new();

    /// <summary>Whether records can be written.</summary>
    public bool Writes { get; set; } = true;

    public ValueTask<IReadOnlyList<PatientChoice>> FindPatientsAsync(Person user, string text, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<PatientChoice>>([.. Patients.Where(patient => MaySee(user, patient.Id) && patient.Name.Contains(text, StringComparison.OrdinalIgnoreCase))]);

    public ValueTask<PatientChoice?> FindPatientAsync(Person user, string id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Patients.FirstOrDefault(patient => patient.Id == id && MaySee(user, id)));

    public bool IsVerified(string organisation) => true;

    public string? RefuseScope(ResourceScope scope) => scope.Type is ResourceScope.AllTypes or "Patient" or "Observation" or "Condition" ? null : "There is no such type.";

    public ValueTask<bool> RecordAsync(SmartEvent happened, CancellationToken cancellationToken)
    {
        if (Writes)
        {
            Events.Enqueue(happened);
        }

        return ValueTask.FromResult(Writes);
    }

    private static bool MaySee(Person user, string patient) => user.Role != Role.Patient || user.FhirUser == "Patient/" + patient;
}
