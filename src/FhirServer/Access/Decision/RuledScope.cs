using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>What exists for a requester in one sort of interaction: rules, and of whom they speak.</summary>
/// <param name="seen">What exists.</param>
internal sealed class RuledScope(string requester, TypeRules seen, AccessRules rules, RecordReach records, Holder holder) : AccessScope
{
    public override string Requester => requester;

    /// <summary>AuditEvents are mostly made from access records, of which <see cref="SeesRecord"/> decides.</summary>
    public override bool MaySee(string type) => seen[type] != FactRule.Never || (records != RecordReach.Nobodys && type == "AuditEvent");

    public override bool SeesAll(string type) => seen[type] == FactRule.Always;

    public override long? OnlyPatient(string type) => seen[type].OnlyPatient(holder);

    /// <summary>The same, for a commit with which patients come into being.</summary>
    public RuledScope With(long[] newPatients) => new(requester, seen, rules, records, holder with { NewPatients = newPatients });

    public override bool Sees(in ResourceFacts facts) => seen[facts.Type].Holds(facts, holder);

    public override bool MayWrite(in ResourceFacts facts, ChangeKind kind)
    {
        TypeRules written = kind switch
        {
            ChangeKind.Create => rules.Posts,
            ChangeKind.Update => rules.Puts,
            _ => rules.Deletes,
        };
        return written[facts.Type].Holds(facts, holder);
    }

    public override bool MayBringAbout(string type) => rules.BringsAbout(type);

    public override bool SeesRecord(in RecordFacts facts) =>
        records == RecordReach.All || (records == RecordReach.Own && facts.Patients.Contains(holder.Patient));
}
