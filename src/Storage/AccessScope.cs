using HealthChain.Storage.Ledger;

namespace HealthChain.Storage;

/// <summary>
/// On whose behalf a store call runs, and so which resources exist for it. Every store method takes one; what a scope does not see
/// is no candidate in any match, join, count, page, history or condition. Immutable and safe to share.
/// </summary>
/// <remarks>
/// A version exists for a scope that sees both it and the newest version of its resource: what is withheld now is withheld in its
/// history too. A deletion has the facts of the version that it ended.
/// </remarks>
public abstract class AccessScope
{
    /// <summary>Who or what asks, for access records and metrics; never a name or an identifier of a person.</summary>
    public abstract string Requester { get; }

    /// <summary>True when nothing is withheld, so that engines need not ask resource by resource.</summary>
    public virtual bool SeesEverything => false;

    /// <summary>False when no resource of the type can exist for the requester; engines leave the whole type out.</summary>
    public virtual bool MaySee(string type) => true;

    /// <summary>True when nothing of the type is withheld from the requester.</summary>
    public virtual bool SeesAll(string type) => SeesEverything;

    /// <summary>
    /// The patient (as <see cref="IndexHasher.Reference(ResourceKey)"/> names one) in whose compartment everything of a type lies that exists for the
    /// requester, so that engines look there alone; null when there is no such patient. Compartments are those of R4's definition, as searches in them
    /// are. What it says may only spare asking <see cref="Sees"/>, never change what is found.
    /// </summary>
    public virtual long? OnlyPatient(string type) => null;

    /// <summary>Whether a version exists for the requester. Called for every candidate: fast, no allocation, no I/O.</summary>
    public abstract bool Sees(in ResourceFacts facts);

    /// <summary>
    /// Whether the requester may write what has these facts, among them <see cref="ResourceFacts.Patients"/>. Asked for a content that is put (its
    /// <c>_lastUpdated</c>, which the commit assigns, counts as later than all others), for the version that a put comes after, and for the one that a
    /// deletion ends: so nobody writes into, or takes out of, a compartment that is not theirs. Not asked of a scope that sees everything.
    /// </summary>
    /// <param name="kind">Create for what is posted, Update for what is put to an id, and for what stood there before.</param>
    public virtual bool MayWrite(in ResourceFacts facts, ChangeKind kind) => Sees(facts);

    /// <summary>Whether the requester may bring a resource of the type into being, or back, in whatever way. Not asked of a scope that sees everything.</summary>
    public virtual bool MayBringAbout(string type) => true;

    /// <summary>Whether a record of the ledger exists for the requester; only for who sees everything, unless a scope says otherwise.</summary>
    public virtual bool SeesRecord(in RecordFacts facts) => SeesEverything;

    /// <summary>A scope for the server's own work (projections, integrity checks, anchoring), never for a request.</summary>
    /// <param name="reason">What the work is. An architecture test lists all callers.</param>
    public static AccessScope System(string reason) => new SystemScope(reason);

    private sealed class SystemScope(string reason) : AccessScope
    {
        public override string Requester { get; } = "system: " + reason;

        public override bool SeesEverything => true;

        public override bool Sees(in ResourceFacts facts) => true;
    }
}

/// <summary>What an engine knows of a version without opening it, and what scopes decide by.</summary>
/// <param name="type">Resource type.</param>
/// <param name="id">Hash of <c>Type/id</c>, as <see cref="IndexHasher.Reference(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> makes it.</param>
/// <param name="keys">Its index keys: labels, codes, dates, references to patients and authors.</param>
/// <param name="patients">See <see cref="Patients"/>.</param>
public readonly ref struct ResourceFacts(string type, long id, ReadOnlySpan<IndexKey> keys, ReadOnlySpan<long> patients = default)
{
    public string Type { get; } = type;
    public long Id { get; } = id;
    public ReadOnlySpan<IndexKey> Keys { get; } = keys;

    /// <summary>All patients of this server in whose compartment it is (<see cref="StoredVersion.Patients"/>). Told only where writing is decided.</summary>
    public ReadOnlySpan<long> Patients { get; } = patients;
}
