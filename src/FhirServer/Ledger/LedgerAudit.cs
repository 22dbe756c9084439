using HealthChain.FhirServer.Server;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.Storage.Sqlite;

namespace HealthChain.FhirServer.Ledger;

/// <param name="Summary">For the operator, one line.</param>
/// <param name="Findings">What is wrong, each with its name; none when all is well.</param>
internal sealed record AuditReport(string Summary, IReadOnlyList<string> Findings);

/// <summary>
/// Checks the whole ledger: rebuilds the tree from the rows and compares it with tiles, journal, checkpoint, anchors, the chain and the witnesses; if
/// asked, also what is stored with what the leaves commit to.
/// </summary>
/// <param name="http">Reaches the witnesses.</param>
/// <param name="target">Where heads are anchored; null where that cannot be asked.</param>
internal sealed class LedgerAudit(Stores stores, ServerOptions options, HttpClient http, IAnchorTarget? target, TimeProvider time)
{
    // Of the whole work, the part up to the rebuilt tree when contents are opened too.
    private const double TreePart = 0.05;

    // Old anchors are final; that the newest still stand shows whether the chain is the one that was written to.
    private const int AskedAnchors = 8;

    /// <exception cref="IOException">The ledger's folder or key cannot be used.</exception>
    public async Task<AuditReport> RunAsync(bool isDeep, Action<double> onProgress, CancellationToken cancellationToken)
    {
        if (stores.Resources.LedgerOrigin is not { } origin)
        {
            return new AuditReport("The store has no ledger.", []);
        }

        var leaves = new StoreLeaves(stores.Resources);
        LedgerParts parts = LedgerNode.PartsOf(options, origin, leaves, time);
        var notes = new List<string>();
        var findings = new List<string>();
        (List<HeldHead> held, List<string> missing) = await AskChainAsync(parts, notes, cancellationToken);
        double total = Math.Max(1, leaves.Count);
        double part = isDeep ? TreePart : 1;
        LogCheckReport report = await LogCheck.RunAsync(parts, held, done => onProgress(Math.Min(1, done / total) * part), cancellationToken);
        findings.AddRange(report.Findings.Select(finding => finding.ToString()));
        findings.AddRange(missing);
        findings.AddRange(await AskWitnessesAsync(parts, notes, cancellationToken));
        if (isDeep)
        {
            VerifyReport contents = await stores.Resources.VerifyAsync(
                VerifyLevel.Full, new PartProgress(done => onProgress(part + ((1 - part) * done))), cancellationToken);
            findings.AddRange(contents.Faults.Select(fault => new LedgerFinding(LedgerFault.ContentChanged, fault).ToString()));
        }

        string anchored = held.Count > 0 ? $", {held.Count} heads of {held[^1].Holder}" : "";
        string also = notes.Count > 0 ? " " + string.Join(" ", notes) : "";
        return new AuditReport(
            $"{origin}: {report.Leaves.Size} leaves, root {report.Leaves.Root}, {report.Newest.Size} of them signed{anchored}: {(findings.Count == 0 ? "all is well" : $"{findings.Count} found")}.{also}",
            findings);
    }

    private async Task<(List<HeldHead> Held, List<string> Missing)> AskChainAsync(LedgerParts parts, List<string> notes, CancellationToken cancellationToken)
    {
        var held = new List<HeldHead>();
        var missing = new List<string>();
        foreach (string name in AnchorsOfTarget(parts))
        {
            AnchorJournal journal = AnchorJournal.Open(parts.Folder, name);
            for (long i = 0; i < journal.Count; i++)
            {
                held.Add(new HeldHead(journal[i].Submission.Next, LedgerFault.AnchorContradicts, $"the list of anchors of {name}"));
            }

            if (name == target?.Name)
            {
                await AskTargetAsync(journal, held, missing, notes, cancellationToken);
            }
        }

        if (target is null && options.Ledger.Chain != LedgerChain.None)
        {
            notes.Add("The chain was not asked: it runs only with the server.");
        }

        return (held, missing);
    }

    private async Task AskTargetAsync(AnchorJournal journal, List<HeldHead> held, List<string> missing, List<string> notes, CancellationToken cancellationToken)
    {
        try
        {
            held.Add(new HeldHead(await target!.ReadHeadAsync(cancellationToken), LedgerFault.AnchorContradicts, target.Name));
            for (long i = Math.Max(0, journal.Count - AskedAnchors); i < journal.Count; i++)
            {
                AnchorStatus status = await target.StatusOfAsync(journal[i].Submission, cancellationToken);
                if (status.State is not (AnchorState.Final or AnchorState.Mined))
                {
                    missing.Add(new LedgerFinding(LedgerFault.AnchorMissing, $"The anchor of {journal[i].Submission.Next.Size} leaves, once final, is {status.State.ToString().ToLowerInvariant()} on {target.Name}.").ToString());
                }
            }
        }
        catch (AnchorUnavailableException away)
        {
            notes.Add($"The chain was not asked: {away.Message}");
        }
    }

    private static IEnumerable<string> AnchorsOfTarget(LedgerParts parts)
    {
        string folder = Path.Combine(parts.Folder, AnchorJournal.FolderName);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Where(path => Path.GetExtension(path).Length == 0).Select(path => AnchorJournal.TargetOf(Path.GetFileName(path)))
            : [];
    }

    /// <summary>Has the published checkpoint cosigned once more, which a witness does for nothing but what it knows already or its continuation.</summary>
    private async Task<List<string>> AskWitnessesAsync(LedgerParts parts, List<string> notes, CancellationToken cancellationToken)
    {
        var findings = new List<string>();
        foreach (WitnessClient witness in LedgerNode.WitnessesOf(options, http))
        {
            LedgerFinding? finding = await LogCheck.AskAsync(parts, witness, notes.Add, cancellationToken);
            if (finding is not null)
            {
                findings.Add(finding.ToString());
            }
        }

        return findings;
    }

    private sealed class PartProgress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
