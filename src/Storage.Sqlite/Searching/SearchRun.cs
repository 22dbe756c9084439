using System.Runtime.InteropServices;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>
/// One search at work: the state it looks at, on whose behalf, what it may still cost, and lists and candidates that it uses over and
/// over. One thread at a time.
/// </summary>
internal sealed class SearchRun(EngineParts parts, IdentityCache identities)
{
    private const int CancellationInterval = 256;

    private readonly byte[] _serverBase = Encoding.UTF8.GetBytes(parts.Options.ServerBase ?? "");
    private readonly Stack<List<long>> _lists = [];
    private readonly Stack<Candidate> _candidates = [];
    private int _openedCount;
    private int _ticks;
    private CancellationToken _cancellationToken;

    /// <summary>Candidates that were looked at.</summary>
    public int Examined => _ticks;

    /// <summary>Resources that were opened to decide or to sort.</summary>
    public int Opened => _openedCount;

    public Snapshot Snapshot { get; private set; } = null!;

    public AccessScope Scope { get; private set; } = null!;

    public SearchExtractor Extractor { get; } = new(parts.Parameters, parts.Options.ServerBase);

    public void Begin(Snapshot snapshot, AccessScope scope, CancellationToken cancellationToken)
    {
        (Snapshot, Scope, _cancellationToken) = (snapshot, scope, cancellationToken);
        (_openedCount, _ticks) = (0, 0);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public void End()
    {
        Snapshot = null!;
        Scope = null!;
    }

    /// <summary>An empty list, to be given back.</summary>
    public List<long> RentList() => _lists.TryPop(out List<long>? list) ? list : [];

    public void Return(List<long> list)
    {
        const int MostKept = 1 << 16;
        if (list.Capacity <= MostKept)
        {
            list.Clear();
            _lists.Push(list);
        }
    }

    /// <summary>A candidate to load, to be given back.</summary>
    public Candidate Rent() => _candidates.TryPop(out Candidate? candidate) ? candidate : new Candidate();

    /// <summary>A contained resource as a candidate, to be given back.</summary>
    public Candidate RentContained(Element contained)
    {
        // No version of a resource has such a number, so it is never taken for one that was opened.
        const long OfNoVersion = -1;
        var values = new IndexValues();
        var keys = new List<IndexKey>();
        Extractor.Extract(contained, values);
        new IndexKeyWriter(parts.Hasher).Write(values, keys);
        byte[] coded = new byte[KeyCoding.MaxLength(keys.Count)];
        int length = KeyCoding.Write(CollectionsMarshal.AsSpan(keys), parts.Numbers, coded);
        Candidate candidate = Rent();
        candidate.Show(contained, new HeadRow(0, contained.Type.Id, 0, OfNoVersion, 0, 0, false, 0, 0, 0), coded.AsSpan(0, length), parts.Numbers);
        return candidate;
    }

    public void Return(Candidate candidate)
    {
        candidate.Forget();
        _candidates.Push(candidate);
    }

    /// <summary>Loads what stands beside a current resource that exists for the scope.</summary>
    /// <param name="types">Those looked for; null for all. Others are told before the scope is asked, which costs more than all else.</param>
    public bool TryLoad(long rid, Candidate candidate, TypeSet? types = null)
    {
        if (++_ticks % CancellationInterval == 0)
        {
            _cancellationToken.ThrowIfCancellationRequested();
        }

        return Snapshot.TryGetHead(rid, candidate.Head, keeps: true) && IsFound(candidate.Head, types);
    }

    /// <summary>To be called before each of many resources is loaded, in the order of a list.</summary>
    public void Expect(List<long> rids, int index)
    {
        const int AtOnce = 16;
        if (index % AtOnce == 0)
        {
            Snapshot.Expect(CollectionsMarshal.AsSpan(rids).Slice(index, Math.Min(AtOnce, rids.Count - index)));
        }
    }

    /// <summary>The same by the hash of its type and id.</summary>
    public bool TryLoadIdentity(long hash, Candidate candidate, TypeSet? types = null)
    {
        if (identities.Find(hash) is var known and not 0 && Snapshot.TryGetHead(known, candidate.Head, keeps: true) && candidate.Head.Identity == hash)
        {
            return IsFound(candidate.Head, types);
        }

        long rid = Snapshot.FindIdentity(hash);
        if (rid == 0)
        {
            return false;
        }

        identities.Add(hash, rid);
        return TryLoad(rid, candidate, types);
    }

    /// <summary>
    /// Whether what a reference says in words of what it points at (<c>Reference.display</c>) is withheld with that: it is when that is of this server, and does
    /// not exist for the scope.
    /// </summary>
    public bool WithholdsWords(Element reference)
    {
        if (Scope.SeesEverything || reference.Child("reference") is not { Exists: true, HasValue: true } text)
        {
            return false;
        }

        ReadOnlySpan<byte> local = text.Value[LiteralReference.LengthOfBase(text.Value, _serverBase)..];
        LiteralReference literal = LiteralReference.Parse(local);
        if (literal.Type is not { } type || !local[literal.Server].IsEmpty || Scope.SeesAll(type.Name))
        {
            return false;
        }

        Candidate target = Rent();
        bool exists = TryLoadIdentity(parts.Hasher.Reference(Encoding.UTF8.GetBytes(type.Name), local[literal.Id]), target);
        Return(target);
        return !exists;
    }

    /// <summary>Whether a resource that was loaded meets a condition.</summary>
    public bool Meets(Condition condition, Candidate candidate)
    {
        KeyAnswer answer = condition.Judge(this, candidate, mayOpen: false);
        return (answer == KeyAnswer.Maybe ? condition.Judge(this, candidate, mayOpen: true) : answer) == KeyAnswer.Yes;
    }

    public bool MaySee(TypeSchema type) => Scope.SeesEverything || Scope.MaySee(type.Name);

    /// <summary>Opens a resource; it does not exist when its patient is being erased.</summary>
    public Element Open(long sequence)
    {
        if (++_openedCount > parts.Options.MaxOpenedBySearch)
        {
            throw new FhirException(FhirError.Of(
                ErrorKind.TooCostly,
                IssueType.TooCostly,
                $"The search would have to look into more than {parts.Options.MaxOpenedBySearch} resources. Narrow it down, by a patient, a code or a date."));
        }

        _cancellationToken.ThrowIfCancellationRequested();
        return Snapshot.Open(sequence) is { } version ? FhirJson.Read(version.Json).Root : default;
    }

    private bool IsFound(Head head, TypeSet? types) => !head.IsDeleted && types?.Contains(head.Row.Type) != false && head.IsSeenBy(Scope);
}
