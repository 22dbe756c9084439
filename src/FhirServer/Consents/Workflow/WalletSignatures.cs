using System.Globalization;
using HealthChain.Fhir;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>What a wallet is asked to sign, as <c>eth_signTypedData_v4</c> takes it, and until when the signature counts.</summary>
internal sealed record ToSign(string TypedData, DateTimeOffset Deadline);

/// <summary>
/// What patients' wallets sign for one registry: that an address is theirs, and entries that wait for their signature. Thread-safe. What is signed here is
/// checked here as the contract will check it, so that nothing comes to the chain that it would refuse.
/// </summary>
internal sealed class WalletSignatures(RegistryNames names, Wallets wallets, IIdentityRegistrar registrar, ConsentOutbox outbox, TimeProvider time)
{
    /// <summary>How long a signature counts: longer than a chain should be away.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    private static readonly TimeSpan ProofTime = TimeSpan.FromMinutes(10);

    /// <summary>What the patient signs to show that a wallet is hers.</summary>
    public async ValueTask<ToSign> ProofAsync(ResourceKey patient, EthereumAddress address, CancellationToken cancellationToken)
    {
        DateTimeOffset deadline = InSeconds(time.GetUtcNow() + ProofTime);
        return new ToSign((await ProofOfAsync(patient, address, deadline, cancellationToken)).ToJson().ToJsonString(), deadline);
    }

    /// <summary>Why an address is not taken for the patient's; null when it is.</summary>
    public async ValueTask<FhirError?> RefuseAsync(ResourceKey patient, EthereumAddress address, DateTimeOffset deadline, string signature, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now >= deadline || deadline > now + ProofTime)
        {
            return Unprocessable("The time in which this could be signed is over.");
        }

        if (SignerOf(await ProofOfAsync(patient, address, deadline, cancellationToken), signature) != address)
        {
            return WrongSigner;
        }

        // One address for several people, or at several hospitals, would tell that they have to do with each other.
        return await AskAsync(address, cancellationToken) is not { } account ? Away
            : account.IsKnown && !await wallets.HadAsync(patient, address, cancellationToken)
                ? FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The registry knows this address already; use one that is for nothing else.")
                : null;
    }

    /// <summary>What the patient signs so that this version of her Consent is entered in her name.</summary>
    public async ValueTask<Result<ToSign>> AskForAsync(StoredVersion consent, CancellationToken cancellationToken)
    {
        if (await FindAsync(consent, cancellationToken) is not { } entry)
        {
            return NothingToSign;
        }

        if (await AskAsync(entry.Patient, cancellationToken) is not { } account)
        {
            return Away;
        }

        long next = outbox.Content.Waiting.Where(other => other.Subject == entry.Subject && other.Signature is not null).Select(other => other.Asked!.Nonce + 1).Append(account.Nonce).Max();
        var asked = new AskedSignature(next, (time.GetUtcNow() + Validity).ToUnixTimeSeconds());
        return outbox.TryReplace(entry, entry with { Asked = asked })
            ? new ToSign(DataOf(entry, asked).ToJson().ToJsonString(), asked.Until)
            : NothingToSign;
    }

    /// <summary>Takes the signature for what was asked last; why it does not, or null.</summary>
    public async ValueTask<FhirError?> SignAsync(StoredVersion consent, string signature, CancellationToken cancellationToken)
    {
        if (await FindAsync(consent, cancellationToken) is not { Asked: { } asked } entry)
        {
            return NothingToSign;
        }

        if (time.GetUtcNow() >= asked.Until)
        {
            return Unprocessable("The time in which this could be signed is over.");
        }

        bool IsOvertakenBy(OutboxEntry other) => other.Subject == entry.Subject && other.Signature is not null && other.Asked!.Nonce >= asked.Nonce;
        if (outbox.Content.Waiting.Any(IsOvertakenBy))
        {
            return Overtaken;
        }

        if (SignerOf(DataOf(entry, asked), signature) != entry.Patient)
        {
            return WrongSigner;
        }

        return outbox.TryReplace(entry, entry with { Signature = signature[2..].ToLowerInvariant() }, IsOvertakenBy) ? null
            : outbox.Content.Waiting.Any(IsOvertakenBy) ? Overtaken
            : NothingToSign;
    }

    private static FhirError Overtaken =>
        FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "Another Consent was signed since this signature was asked for; ask anew.");

    private static FhirError NothingToSign =>
        FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "No entry of this version waits for a signature: there is no wallet, it is made already, or it is not looked at yet.");

    private static FhirError WrongSigner => Unprocessable("This is not the signature of that wallet over what was to be signed.");

    private static FhirError Away => FhirError.Of(ErrorKind.Busy, IssueType.Transient, "The chain does not answer at this moment.");

    private static FhirError Unprocessable(string message) => FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, message);

    // Contracts count in whole seconds.
    private static DateTimeOffset InSeconds(DateTimeOffset instant) => DateTimeOffset.FromUnixTimeSeconds(instant.ToUnixTimeSeconds());

    private TypedData DataOf(OutboxEntry entry, AskedSignature asked) =>
        HealthRegistryContract.ConsentToSign(registrar.Domain, ((ConsentStatement)(entry with { Signature = null }).ToStatement()).Consent, asked.Nonce, asked.Until);

    private async ValueTask<TypedData> ProofOfAsync(ResourceKey patient, EthereumAddress address, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        byte[] salt = await names.SaltAsync(patient, cancellationToken) ?? [];
        string what = string.Create(CultureInfo.InvariantCulture, $"{patient} {deadline.ToUnixTimeSeconds()}");
        return HealthRegistryContract.WalletToProve(registrar.Domain, address, new Hash256(names.Hash(salt, "wallet challenge", what)), deadline);
    }

    /// <summary>Null when nobody signed that; the malleable twin of a signature is none (EIP-2).</summary>
    private static EthereumAddress? SignerOf(TypedData data, string signature)
    {
        try
        {
            return EthereumSignature.Recover(data.Hash(), OutboxEntry.ReadSignature(signature.StartsWith("0x", StringComparison.Ordinal) ? signature[2..] : ""));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The entry of that version, if it still waits for a signature.</summary>
    private async ValueTask<OutboxEntry?> FindAsync(StoredVersion consent, CancellationToken cancellationToken)
    {
        if (await names.SaltAsync(consent.Key, cancellationToken) is not { } salt || await names.CommitmentAsync(consent, cancellationToken) is not { } commitment)
        {
            return null;
        }

        (string grantee, string wanted) = (names.GranteeOf(salt, consent.Key).ToString(), Convert.ToHexStringLower(commitment));
        DateTimeOffset now = time.GetUtcNow();
        return outbox.Content.Waiting.FirstOrDefault(entry => entry.Grantee == grantee && entry.Commitment == wanted && entry.IsHeld(now));
    }

    private async ValueTask<PatientAccount?> AskAsync(EthereumAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await registrar.PatientAsync(address, cancellationToken);
        }
        catch (AnchorUnavailableException)
        {
            return null;
        }
    }
}
