using System.Globalization;

namespace HealthChain.LedgerProofs;

/// <summary>Says in words what a receipt has proven.</summary>
public static class ReceiptReport
{
    private const string Indent = "  ";

    public static IEnumerable<string> Lines(ProvenReceipt proven)
    {
        var (checkpoint, log, witnesses) = proven.Checkpoint;
        yield return $"The log {checkpoint.Origin} has at index {proven.Index}, in its checkpoint of size {checkpoint.Head.Size}:";
        foreach (var line in Lines(proven.Statement))
        {
            yield return Indent + line;
        }

        yield return $"Signed by {log}";
        foreach (var (witness, time) in witnesses)
        {
            yield return $"Seen by {witness.Name} at {Time(time * 1000)}";
        }

        if (witnesses.Count == 0)
        {
            yield return "No witness that is trusted has cosigned the checkpoint: the log may show others another one.";
        }

        foreach (var anchor in proven.Anchors)
        {
            yield return $"Said to be anchored on {anchor.Chain}, contract {anchor.Contract}: size {anchor.Head.Size}, root 0x{anchor.Head.Root}";
            yield return $"{Indent}in transaction {anchor.Transaction}, block {anchor.BlockNumber} ({anchor.BlockHash}). A look at the chain shows whether it stands there.";
        }
    }

    private static IEnumerable<string> Lines(Statement statement)
    {
        switch (statement)
        {
            case VersionStatement version:
                yield return $"{version.ResourceType}/{version.Id}, version {version.Version}: {Word(version.Operation)} at {Time(version.Instant)}";
                yield return version.Content.IsZero ? "without content" : $"content SHA-256 {version.Content}";
                yield return $"{Before(version.PreviousOfResource, "of the resource")}; {Before(version.PreviousOfPatient, "of the patient")}";
                break;
            case AccessStatement access:
                yield return $"an access to {access.Accessed.Count} versions at {Time(access.Instant)}";
                yield return access.Accessed.Listed.Count > 0
                    ? $"to those at index {string.Join(", ", access.Accessed.Listed.Select(sequence => sequence - 1))}"
                    : $"whose list has the Merkle root {access.Accessed.Root}";
                yield return access.Consent == 0 ? "no Consent decided" : $"the Consent at index {access.Consent - 1} decided";
                yield return $"record SHA-256 {access.Body}; concerns {access.PreviousOfPatients.Count} patients";
                break;
            case ErasureStatement erasure:
                yield return $"the erasure of {erasure.Erased.Count} versions and records at {Time(erasure.Instant)}";
                yield return $"record SHA-256 {erasure.Body}; {Before(erasure.PreviousOfPatient, "of the patient")}";
                break;
            case EventStatement happened:
                yield return $"an event of the log at {Time(happened.Instant)}";
                yield return $"record SHA-256 {happened.Body}";
                break;
        }
    }

    private static string Word(VersionOperation operation) => operation switch
    {
        VersionOperation.Create => "created",
        VersionOperation.Update => "updated",
        _ => "deleted",
    };

    private static string Before(long sequence, string what) => sequence == 0 ? $"the first {what}" : $"the one before it {what} is at index {sequence - 1}";

    private static string Time(long milliseconds) => milliseconds is >= 0 and <= 253402300799999
        ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : $"{milliseconds} ms after 1970";
}
