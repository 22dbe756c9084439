using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
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

    private static readonly TypeSchema Patient = FhirSchema.R4.Type("Patient")!;

    private readonly SearchExtractor _extractor = new(parameters, serverBase);
    private readonly PatientsWithin _within = new(parameters, serverBase);
    private readonly IndexKeyWriter _keyWriter = new(hasher);
    private readonly IndexValues _values = new();
    private readonly List<IndexKey> _keys = [];
    private readonly List<IndexRow> _rows = [];
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly CompartmentMembership?[] _memberships = new CompartmentMembership?[FhirSchema.R4.Types.Count];
    private readonly bool[] _isKnown = new bool[FhirSchema.R4.Types.Count];

    /// <exception cref="ArgumentException">The transaction breaks the contract.</exception>
    public PreparedTransaction Prepare(AccessScope scope, Transaction transaction)
    {
        if (transaction.Writes.Count > 1 && transaction.Writes.DistinctBy(write => write.Key).Count() != transaction.Writes.Count)
        {
            throw new ArgumentException("A transaction writes each resource once.", nameof(transaction));
        }

        var writes = new PreparedWrite[transaction.Writes.Count];
        for (int i = 0; i < writes.Length; i++)
        {
            writes[i] = transaction.Writes[i] is Put put
                ? Prepare(put)
                : new PreparedDelete(transaction.Writes[i].Key, FhirSchema.R4.Type(transaction.Writes[i].Key.Type), IdentityOf(hasher, transaction.Writes[i].Key));
        }

        return new PreparedTransaction(scope, transaction.Guards, writes);
    }

    public static long IdentityOf(IndexHasher hasher, ResourceKey key) =>
        hasher.Reference(Encoding.UTF8.GetBytes(key.Type), Encoding.UTF8.GetBytes(key.Id));

    /// <summary>The keys of a resource as it is stored; with the ids of parameters, sorted. Valid until the next call.</summary>
    /// <param name="patient">Hash of the one patient's reference whose alone it is, by compartment or by <see cref="PatientsWithin"/>; 0 for none or several.</param>
    public ReadOnlySpan<IndexKey> KeysOf(Element resource, long identity, out long patient)
    {
        _extractor.Extract(resource, _values);
        _keyWriter.Write(_values, _keys);
        patient = PatientOf(resource, identity);
        return CollectionsMarshal.AsSpan(_keys);
    }

    public PreparedPut Prepare(Put put)
    {
        Element resource = put.Resource;
        byte[] type = Encoding.UTF8.GetBytes(put.Key.Type);
        byte[] id = Encoding.UTF8.GetBytes(put.Key.Id);
        if (resource.Type.Name != put.Key.Type || !resource.Child("id").Exists || !resource.Child("id").ValueIs(id))
        {
            throw new ArgumentException($"The resource has another type or id than its key, a {put.Key.Type}.", nameof(put));
        }

        long identity = hasher.Reference(type, id);
        KeysOf(resource, identity, out long patient);
        bool hasInstant = MarkInstant(resource.Type);
        Span<IndexKey> keys = CollectionsMarshal.AsSpan(_keys);
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
            patient,
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

    /// <summary>Keeps the keys in order, for less than sorting them again.</summary>
    private void Insert(in IndexKey key)
    {
        int place = _keys.BinarySearch(key);
        _keys.Insert(place < 0 ? ~place : place, key);
    }

    private long PatientOf(Element resource, long identity)
    {
        TypeSchema type = resource.Type;
        if (PatientsWithin.Decides(type))
        {
            return _within.OnlyOneOf(resource) is { } only ? hasher.Reference("Patient"u8, Encoding.UTF8.GetBytes(only)) : 0;
        }

        if (!_isKnown[type.Id])
        {
            _memberships[type.Id] = parameters.Compartment("Patient", type);
            _isKnown[type.Id] = true;
        }

        if (_memberships[type.Id] is not { } membership)
        {
            return 0;
        }

        if (membership.IsSelf)
        {
            return identity;
        }

        long patient = 0;
        foreach (ref readonly SearchValue value in _values.Values)
        {
            if (value.Kind == SearchValueKind.Reference
                && value.Component == 0
                && value.TargetType == Patient.Id
                && (value.Traits & SearchValueTraits.Contained) == 0
                && _values.Text(value.System).IsEmpty
                && IsOf(membership, value.Parameter))
            {
                long found = hasher.Reference("Patient"u8, _values.Text(value.Code));
                if (patient != 0 && patient != found)
                {
                    return 0;
                }

                patient = found;
            }
        }

        return patient;
    }

    private static bool IsOf(CompartmentMembership membership, ushort parameter)
    {
        foreach (IndexedParameter candidate in membership.Parameters)
        {
            if (candidate.Id == parameter)
            {
                return true;
            }
        }

        return false;
    }
}
