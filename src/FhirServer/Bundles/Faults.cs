using HealthChain.Fhir;

namespace HealthChain.FhirServer.Bundles;

/// <summary>What is wrong with the entries of a transaction: all of it is told, the first fault decides the status.</summary>
internal sealed class Faults
{
    private const int MaxIssues = 200;

    private readonly List<Issue> _issues = [];
    private ErrorKind _kind;

    public FhirError? Error => _issues.Count == 0 ? null : new FhirError(_kind, _issues);

    public void Add(FhirError error)
    {
        _kind = _issues.Count == 0 ? error.Kind : _kind;
        _issues.AddRange(error.Issues.Take(MaxIssues - _issues.Count));
    }

    public void Add(RequestEntry entry, FhirError error) => Add(entry.Locate(error));
}
