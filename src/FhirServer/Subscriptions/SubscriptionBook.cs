using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using HealthChain.Files;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>What is kept of a Subscription beside the resource, where no client reads or writes it.</summary>
/// <param name="Id">Of the resource.</param>
/// <param name="Headers">What goes with each notification.</param>
/// <param name="Since">Sequence number of the version that asked for notifications: what came after it is to be told.</param>
internal sealed record SubscriptionEntry(string Id, SubscriptionOwner Owner, IReadOnlyList<string> Headers, long Since)
{
    /// <summary>Sequence number of the version that says so.</summary>
    public long Sequence { get; init; }
}

/// <summary>How far notifications have come.</summary>
/// <param name="Position">Everything up to this sequence number was looked at.</param>
/// <param name="Behind">For Subscriptions with something to send: up to where they have sent it.</param>
internal sealed record SubscriptionCursors(long Position, Dictionary<string, long> Behind);

[JsonSerializable(typeof(SubscriptionEntry))]
[JsonSerializable(typeof(SubscriptionCursors))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;

/// <summary>
/// The durable memory of subscriptions: owners and headers in a sealed journal, how far notifications have come in a file beside it, which only says what
/// need not be sent again.
/// </summary>
/// <remarks>Thread-safe; <see cref="OwnerOf"/> takes no lock. Of Subscriptions that were deleted the owner stays known, who may still read their history.</remarks>
internal sealed class SubscriptionBook
{
    public const string JournalName = "owners.journal";

    public const string CursorName = "cursors.json";
    private const int MostGarbage = 64;

    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, SubscriptionEntry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, long> _owners = [];
    private readonly IndexHasher _hasher;
    private readonly IDisk _disk;
    private readonly string? _folder;
    private readonly SealedJournal? _journal;
    private bool _owesCompaction;

    private SubscriptionBook(IndexHasher hasher, IDisk disk, string? folder, byte[]? key)
    {
        (_hasher, _disk, _folder) = (hasher, disk, folder);
        if (folder is not null)
        {
            _journal = new SealedJournal(disk, Path.Combine(folder, JournalName), key!, record => Remember(JsonSerializer.Deserialize(record, SubscriptionJson.Default.SubscriptionEntry)!));
            if (_journal.Count > (2 * _entries.Count) + MostGarbage || _journal.IsDamaged)
            {
                Compact();
            }
        }
    }

    /// <summary>Whether a part of the journal could not be read; it lies beside it.</summary>
    public bool IsDamaged => _journal is { IsDamaged: true };

    /// <summary>A book that ends with the process.</summary>
    public static SubscriptionBook InMemory(IndexHasher hasher) => new(hasher, RealDisk.Instance, null, null);

    /// <param name="key">32 bytes; what is kept cannot be read without them.</param>
    public static SubscriptionBook Open(IndexHasher hasher, IDisk disk, string folder, byte[] key) => new(hasher, disk, folder, key);

    public SubscriptionEntry? Find(string id) => _entries.GetValueOrDefault(id);

    /// <summary>Hash of the owner; null when nobody is known to be.</summary>
    /// <param name="subscription">Hash of <c>Subscription/id</c>.</param>
    public long? OwnerOf(long subscription) => _owners.TryGetValue(subscription, out long owner) ? owner : null;

    /// <summary>Remembers an entry, for good when it returns; of entries that come in another order than their versions the newest counts.</summary>
    /// <exception cref="IOException">The disk is full or failed: it is known until the process ends.</exception>
    public void Put(SubscriptionEntry entry)
    {
        lock (_writing)
        {
            if (_entries.TryGetValue(entry.Id, out SubscriptionEntry? known) && known.Sequence > entry.Sequence)
            {
                return;
            }

            Remember(entry);
            _journal?.Append(BytesOf(entry));
        }
    }

    /// <summary>Forgets who owned what on behalf of a person; nothing of it is on the disk any more when this returns.</summary>
    /// <param name="fhirUser">Such as <c>Patient/12</c>.</param>
    /// <returns>The Subscriptions that nobody owns now.</returns>
    public IReadOnlyList<string> Forget(string fhirUser)
    {
        lock (_writing)
        {
            string[] gone = [.. _entries.Values.Where(entry => entry.Owner.FhirUser == fhirUser).Select(entry => entry.Id)];
            foreach (string id in gone)
            {
                _entries.TryRemove(id, out _);
                _owners.TryRemove(HashOf(id), out _);
            }

            // Also when it could not be written the last time, and memory knows nothing of it any more.
            _owesCompaction |= gone.Length > 0;
            if (_owesCompaction)
            {
                Compact();
                _owesCompaction = false;
            }

            return gone;
        }
    }

    /// <summary>Null when nothing is known, as at the first start.</summary>
    public SubscriptionCursors? ReadCursors()
    {
        try
        {
            return _folder is not null && _disk.Read(Path.Combine(_folder, CursorName)) is { Length: > 0 } file ? JsonSerializer.Deserialize(file, SubscriptionJson.Default.SubscriptionCursors) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void WriteCursors(SubscriptionCursors cursors)
    {
        if (_folder is not null)
        {
            _disk.Replace(Path.Combine(_folder, CursorName), JsonSerializer.SerializeToUtf8Bytes(cursors, SubscriptionJson.Default.SubscriptionCursors));
        }
    }

    private void Remember(SubscriptionEntry entry)
    {
        _entries[entry.Id] = entry;
        _owners[HashOf(entry.Id)] = entry.Owner.HashOf(_hasher);
    }

    private long HashOf(string id) => _hasher.Reference(new ResourceKey(SubscriptionTerms.Type, id));

    private void Compact() => _journal?.Replace([.. _entries.Values.Select(BytesOf)]);

    private static byte[] BytesOf(SubscriptionEntry entry) => JsonSerializer.SerializeToUtf8Bytes(entry, SubscriptionJson.Default.SubscriptionEntry);
}
