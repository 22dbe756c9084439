using System.Text.Json;
using System.Text.Json.Serialization;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Organisations;

/// <summary>What is or shall be said of an organisation in the registry.</summary>
/// <param name="Organisation">Such as <c>Organization/1</c>; stays here.</param>
/// <param name="ValidUntil">Seconds since 1970.</param>
/// <param name="Sequence">Of the version that decided.</param>
/// <param name="Commitment">Of the version's leaf, in hexadecimal digits.</param>
internal sealed record BookEntry(string Organisation, RegistryRole Role, RegistryStatus Status, long ValidUntil, long Sequence, string Commitment)
{
    public RegistrationProgress Progress { get; init; }

    public DateTimeOffset Since { get; init; }

    public IdentityStatement ToStatement(EthereumAddress subject) =>
        new(subject, Role, Status, DateTimeOffset.FromUnixTimeSeconds(ValidUntil), new Hash256(Convert.FromHexString(Commitment)));
}

/// <param name="Waiting">What is not final yet, in the order in which it is sent.</param>
/// <param name="Final">Of each organisation the newest that is.</param>
internal sealed record BookContent(IReadOnlyList<BookEntry> Waiting, IReadOnlyList<BookEntry> Final);

[JsonSerializable(typeof(BookContent))]
[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
internal sealed partial class BookJson : JsonSerializerContext;

/// <summary>
/// The outbox of one registry: a small file that is replaced as a whole with each step, before the next one is taken. So a step that a crash
/// interrupted is taken again, and none twice.
/// </summary>
internal sealed class RegistryBook
{
    private readonly string _path;
    private readonly Dictionary<string, BookEntry> _final;
    private List<BookEntry> _waiting;

    private RegistryBook(string path, BookContent content)
    {
        _path = path;
        _waiting = [.. content.Waiting];
        _final = content.Final.ToDictionary(entry => entry.Organisation, StringComparer.Ordinal);
    }

    public IReadOnlyList<BookEntry> Waiting => Volatile.Read(ref _waiting);

    public IEnumerable<BookEntry> Final => _final.Values;

    public IEnumerable<string> Organisations => _final.Keys.Union(_waiting.Select(entry => entry.Organisation));

    /// <param name="registry">Name of the registry; each has a file of its own, since what one says is not said by another.</param>
    /// <exception cref="InvalidDataException">The file is damaged; without it, what is said already would be said once more.</exception>
    public static RegistryBook Open(string folder, string registry)
    {
        PrivateFolder.Make(folder);
        string path = Path.Combine(folder, registry.Replace(':', '-') + ".json");
        if (!File.Exists(path))
        {
            return new RegistryBook(path, new BookContent([], []));
        }

        try
        {
            return new RegistryBook(path, JsonSerializer.Deserialize(File.ReadAllBytes(path), BookJson.Default.BookContent)!);
        }
        catch (JsonException damaged)
        {
            throw new InvalidDataException($"{path} is damaged. Without it the server says once more in the registry how each organisation stands; remove it to have that done.", damaged);
        }
    }

    /// <summary>The newest that is or shall be said of an organisation; null when nothing is.</summary>
    public BookEntry? NewestOf(string organisation) =>
        _waiting.FindLast(entry => entry.Organisation == organisation) ?? _final.GetValueOrDefault(organisation);

    public void Add(BookEntry entry) => Replace([.. _waiting, entry]);

    /// <summary>Keeps how far one that waits has come; one that is final waits no more.</summary>
    public void Store(BookEntry before, BookEntry now)
    {
        if (now.Progress.IsFinal)
        {
            _final[now.Organisation] = now;
            Replace([.. _waiting.Where(entry => entry != before)]);
        }
        else
        {
            Replace([.. _waiting.Select(entry => entry == before ? now : entry)]);
        }
    }

    /// <summary>Forgets what is not said any more: the chain began anew.</summary>
    public void Drop(BookEntry entry)
    {
        _final.Remove(entry.Organisation);
        Replace(_waiting);
    }

    private void Replace(List<BookEntry> waiting)
    {
        RealDisk.Instance.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(new BookContent(waiting, [.. _final.Values]), BookJson.Default.BookContent));
        Volatile.Write(ref _waiting, waiting);
    }
}
