using System.Text.Json;
using System.Text.Json.Serialization;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>What shall be said in the registry of one consent, or of the patient who gave it. Holds nothing that tells who that is.</summary>
/// <param name="Grantee">In hexadecimal digits, as the others; null for the patient's own entry, which has to be there first.</param>
internal sealed record OutboxEntry(string Subject, string? Grantee, string Commitment, bool IsGranted)
{
    public RegistrationProgress Progress { get; init; }

    /// <summary>Since when it waits.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>For a patient with a wallet, until when her signature is waited for; null for one without.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>What the patient was asked to sign last.</summary>
    public AskedSignature? Asked { get; init; }

    /// <summary>The patient's signature of what was asked, in hexadecimal digits.</summary>
    public string? Signature { get; init; }

    [JsonIgnore]
    public EthereumAddress Patient => new(Convert.FromHexString(Subject));

    /// <summary>Whether the patient may still sign it, and nothing is done before.</summary>
    public bool IsHeld(DateTimeOffset now) => Signature is null && now < HeldUntil;

    /// <summary>For how long it has waited for anything but its patient.</summary>
    public TimeSpan WaitedFor(DateTimeOffset now) => now - (Signature is null && HeldUntil > Since ? HeldUntil.Value : Since);

    /// <exception cref="FormatException">These are no 65 bytes, or they are no signature.</exception>
    public static Secp256k1Signature ReadSignature(string digits) => EthereumSignature.Parse(Convert.FromHexString(digits));

    public RegistryStatement ToStatement()
    {
        EthereumAddress subject = Patient;
        var commitment = new Hash256(Convert.FromHexString(Commitment));
        return Grantee is null
            ? new IdentityStatement(subject, RegistryRole.Patient, RegistryStatus.Verified, ConsentOutbox.ForEver, commitment)
            : Signature is null ? new ConsentStatement(Consent(Grantee))
            : new SignedConsentStatement(Consent(Grantee), Asked!.Nonce, Asked.Until, ReadSignature(Signature));

        RegistryConsent Consent(string grantee) => new(subject, new Hash256(Convert.FromHexString(grantee)), commitment, IsGranted);
    }
}

/// <param name="Nonce">The patient's number in the registry that the signature says.</param>
/// <param name="Deadline">Until when it counts there, in seconds since 1970.</param>
internal sealed record AskedSignature(long Nonce, long Deadline)
{
    [JsonIgnore]
    public DateTimeOffset Until => DateTimeOffset.FromUnixTimeSeconds(Deadline);
}

/// <param name="Scanned">Sequence number of the last version that was looked at.</param>
/// <param name="Waiting">What is not final, in its order.</param>
internal sealed record OutboxContent(long Scanned, IReadOnlyList<OutboxEntry> Waiting);

[JsonSerializable(typeof(OutboxContent))]
internal sealed partial class OutboxJson : JsonSerializerContext;

/// <summary>
/// What of consents has to be said in one registry: a small file that is replaced as a whole with each step, before the next one is taken. So a step that a
/// crash interrupted is taken again, and no version is left out. Thread-safe: patients sign while the worker works.
/// </summary>
internal sealed class ConsentOutbox
{
    private readonly string _path;
    private readonly Lock _lock = new();

    private ConsentOutbox(string path, OutboxContent content) => (_path, Content) = (path, content);

    public static DateTimeOffset ForEver { get; } = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.MaxValue.ToUnixTimeSeconds());

    public OutboxContent Content { get; private set; }

    /// <exception cref="InvalidDataException">The file is damaged; without it, all consents would be said once more.</exception>
    public static ConsentOutbox Open(string folder, string registry)
    {
        PrivateFolder.Make(folder);
        string path = Path.Combine(folder, registry.Replace(':', '-') + ".consents.json");
        try
        {
            return new ConsentOutbox(path, File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), OutboxJson.Default.OutboxContent)! : new OutboxContent(0, []));
        }
        catch (JsonException damaged)
        {
            throw new InvalidDataException($"{path} is damaged. Without it the server says all consents once more in the registry; remove it to have that done.", damaged);
        }
    }

    public void Add(IEnumerable<OutboxEntry> entries, long scanned)
    {
        lock (_lock)
        {
            Replace(new OutboxContent(scanned, [.. Content.Waiting, .. entries]));
        }
    }

    /// <summary>Puts an entry in the place of another, or nothing when it is final; false when that one is not there any more as it was.</summary>
    /// <param name="unless">Another entry that must not be there.</param>
    public bool TryReplace(OutboxEntry before, OutboxEntry now, Func<OutboxEntry, bool>? unless = null)
    {
        lock (_lock)
        {
            if (!Content.Waiting.Any(entry => ReferenceEquals(entry, before)) || (unless is not null && Content.Waiting.Any(unless)))
            {
                return false;
            }

            Replace(Content with
            {
                Waiting = now.Progress.IsFinal
                    ? [.. Content.Waiting.Where(entry => !ReferenceEquals(entry, before))]
                    : [.. Content.Waiting.Select(entry => ReferenceEquals(entry, before) ? now : entry)],
            });
            return true;
        }
    }

    private void Replace(OutboxContent content)
    {
        RealDisk.Instance.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(content, OutboxJson.Default.OutboxContent));
        Content = content;
    }
}
