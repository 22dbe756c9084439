using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Does the part of a write that needs no knowledge of the state, on the caller's thread. Keeps run state: one thread at a time.</summary>
internal sealed class Preparer(SearchParameterSet parameters, IndexHasher hasher, Numbers numbers, RowWriter rowWriter, string? serverBase)
{
    // Stands where the instant belongs until it is known; no date of a resource has these ticks.
    private const long NoInstant = 0x7E57_0000_0000_7E57;

    private static readonly IReadOnlySet<string> NobodyWithin = FrozenSet<string>.Empty;

    private readonly SearchExtractor _extractor = new(parameters, serverBase);
    private readonly PatientsWithin _within = new(parameters, serverBase);
    private readonly ushort _ofPatient = parameters.IdOf(ResourceFact.Patient);
    private readonly IndexKeyWriter _keyWriter = new(hasher);
    private readonly IndexValues _values = new();
    private readonly List<IndexKey> _keys = [];
    private readonly List<IndexRow> _rows = [];
    private readonly List<long> _patients = [];
    private IReadOnlySet<string> _inContent = NobodyWithin;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly CompartmentMembership?[] _memberships = new CompartmentMembership?[FhirSchema.R4.Types.Count];
    private readonly bool[] _isKnown = new bool[FhirSchema.R4.Types.Count];

    /// <returns>An error when the scope may not write what is put, or the record cannot be kept.</returns>
    /// <exception cref="ArgumentException">The transaction breaks the contract.</exception>
    public Result<PreparedTransaction> Prepare(AccessScope scope, Transaction transaction)
    {
        if (transaction.Writes.Count > 1 && transaction.Writes.DistinctBy(write => write.Key).Count() != transaction.Writes.Count)
        {
            throw new ArgumentException("A transaction writes each resource once.", nameof(transaction));
        }

        var writes = new PreparedWrite[transaction.Writes.Count];
        for (int i = 0; i < writes.Length; i++)
        {
            if (transaction.Writes[i] is not Put put)
            {
                writes[i] = new PreparedDelete(transaction.Writes[i].Key, FhirSchema.R4.Type(transaction.Writes[i].Key.Type), hasher.Reference(transaction.Writes[i].Key));
            }
            else if (Prepare(put, scope) is { } prepared)
            {
                writes[i] = prepared;
            }
            else
            {
                return Committer.Forbidden;
            }
        }

        return PreparedRecord.Refusal(transaction.Record) is { } refusal ? refusal : new PreparedTransaction(scope, transaction.Guards, writes, transaction.Record);
    }

    /// <summary>The keys of a resource as it is stored; with the ids of parameters, sorted. Valid until the next call.</summary>
    public ReadOnlySpan<IndexKey> KeysOf(Element resource)
    {
        _extractor.Extract(resource, _values);
        _keyWriter.Write(_values, _keys);
        _inContent = PatientsWithin.Decides(resource.Type) ? _within.Of(resource) : NobodyWithin;
        foreach (long patient in PatientsWithin.Here(_inContent, hasher))
        {
            Insert(new IndexKey(_ofPatient, IndexKeyKind.Fact, patient, 0, 0));
        }

        return CollectionsMarshal.AsSpan(_keys);
    }

    /// <summary>Prepares a put on behalf of whoever may write all.</summary>
    public PreparedPut Prepare(Put put) => Prepare(put, scope: null)!;

    /// <summary>Prepares a put; null when the scope may not write it.</summary>
    private PreparedPut? Prepare(Put put, AccessScope? scope)
    {
        Element resource = put.Resource;
        byte[] type = Encoding.UTF8.GetBytes(put.Key.Type);
        byte[] id = Encoding.UTF8.GetBytes(put.Key.Id);
        if (resource.Type.Name != put.Key.Type || !resource.Child("id").Exists || !resource.Child("id").ValueIs(id))
        {
            throw new ArgumentException($"The resource has another type or id than its key, a {put.Key.Type}.", nameof(put));
        }

        long identity = hasher.Reference(type, id);
        KeysOf(resource);
        bool isOneAlone = FindPatients(resource, identity);
        bool hasInstant = MarkInstant(resource.Type);
        Span<IndexKey> keys = CollectionsMarshal.AsSpan(_keys);
        if (scope is { SeesEverything: false } && !scope.MayWrite(
                new ResourceFacts(put.Key.Type, identity, keys, CollectionsMarshal.AsSpan(_patients)), put.IsPosted ? ChangeKind.Create : ChangeKind.Update))
        {
            return null;
        }

        Span<byte> coded = _buffer.GetSpan(KeyCoding.MaxLength(keys.Length));
        byte[] codedKeys = coded[..KeyCoding.Write(keys, numbers, coded)].ToArray();
        foreach (ref IndexKey key in keys)
        {
            key = key with { Parameter = numbers.OfParameter(key.Parameter) };
        }

        rowWriter.Write(keys, patient: 0, rid: 0, _rows);
        Span<byte> mark = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(mark, NoInstant);
        return new PreparedPut(
            put.Key,
            resource.Type,
            identity,
            BodyTemplate.Of(resource, type, id, _buffer),
            codedKeys,
            hasInstant ? codedKeys.AsSpan().IndexOf(mark) : -1,
            [.. _rows],
            [.. _patients],
            isOneAlone,
            put.Blobs,
            put.IsPosted);
    }

    /// <summary>In place of what the content says about its last update, which is ignored, comes a key to be completed.</summary>
    private bool MarkInstant(TypeSchema type)
    {
        if (parameters.Find(type, "_lastUpdated") is not { } lastUpdated)
        {
            return false;
        }

        _keys.RemoveAll(key => key.Parameter == lastUpdated.Id);
        Insert(new IndexKey(lastUpdated.Id, IndexKeyKind.Present, 0, 0, 0));
        Insert(new IndexKey(lastUpdated.Id, IndexKeyKind.Date, 0, NoInstant, NoInstant + TimeSpan.TicksPerMillisecond));
        return true;
    }

    /// <summary>Keeps the keys in order and none twice, for less than sorting them again.</summary>
    private void Insert(in IndexKey key)
    {
        int place = _keys.BinarySearch(key);
        if (place < 0)
        {
            _keys.Insert(~place, key);
        }
    }

    /// <summary>Finds the patients in whose compartment the resource is, or whose data it holds.</summary>
    /// <returns>Whether it is one's alone.</returns>
    private bool FindPatients(Element resource, long identity)
    {
        _patients.Clear();
        TypeSchema type = resource.Type;
        if (PatientsWithin.Decides(type))
        {
            // With one of another server it is not one's alone.
            _patients.AddRange(PatientsWithin.Here(_inContent, hasher));
            return _inContent.Count == 1 && _patients.Count == 1;
        }

        if (!_isKnown[type.Id])
        {
            _memberships[type.Id] = parameters.Compartment("Patient", type);
            _isKnown[type.Id] = true;
        }

        if (_memberships[type.Id] is not { } membership)
        {
            return false;
        }

        if (membership.IsSelf)
        {
            _patients.Add(identity);
            return true;
        }

        foreach (ref readonly IndexKey key in ((ReadOnlySpan<IndexKey>)CollectionsMarshal.AsSpan(_keys)).Of(_ofPatient))
        {
            _patients.Add(key.Hash);
        }

        return _patients.Count == 1;
    }
}
