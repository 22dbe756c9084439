using System.Collections.Concurrent;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.LedgerAnchor.Registry;

/// <summary>Writes into a HealthRegistry from an account that is a verifier there.</summary>
/// <remarks>
/// Safe to use from several threads, for different statements. The account must be used for nothing else: that its next number has gone up
/// is how it is seen that a transaction was mined, whichever of those with the number it was.
/// </remarks>
public sealed class IdentityRegistrar : IIdentityRegistrar
{
    private readonly EthereumClient _client;
    private readonly TransactionSender _sender;
    private readonly HealthRegistryContract _contract;
    private readonly SenderOptions _options;

    // Only to see which waits for too long; after a restart they count from then.
    private readonly ConcurrentDictionary<long, SentTransaction> _sent = [];
    private volatile bool _isContractChecked;

    /// <exception cref="ArgumentException">The key is one that everybody has, and the chain is no development chain.</exception>
    public IdentityRegistrar(EthereumClient client, TransactionSender sender, EthereumAddress contract, SenderOptions options)
    {
        WellKnownKeys.Refuse(sender.Account, options.ChainId);
        (_client, _sender, _options) = (client, sender, options);
        _contract = new HealthRegistryContract(client, contract, options.ChainId);
        Name = EthereumAnchor.NameOf(options.ChainId, contract);
    }

    public string Name { get; }

    public TypedDataDomain Domain => _contract.Domain;

    public ValueTask<RegistrationProgress> AdvanceAsync(RegistryStatement statement, RegistrationProgress progress, long least, CancellationToken cancellationToken) =>
        AskAsync(() => StepAsync(statement, progress, least, cancellationToken), cancellationToken);

    public ValueTask<bool> SaysAsync(RegistryStatement statement, CancellationToken cancellationToken) =>
        AskAsync(() => StandsAsync(statement, cancellationToken), cancellationToken);

    public ValueTask<PatientAccount> PatientAsync(EthereumAddress patient, CancellationToken cancellationToken) => AskAsync(
        async () =>
        {
            await CheckContractAsync(cancellationToken);
            RegistryIdentity identity = await _contract.IdentityAsync(patient, cancellationToken);
            return new PatientAccount(identity.Nonce, identity.Role != RegistryRole.None, identity.Role == RegistryRole.Patient && identity.Custodian == _sender.Account);
        },
        cancellationToken);

    private async ValueTask<RegistrationProgress> StepAsync(RegistryStatement statement, RegistrationProgress progress, long least, CancellationToken cancellationToken)
    {
        await CheckContractAsync(cancellationToken);
        long next = await _client.TransactionCountAsync(_sender.Account, BlockTag.Latest, cancellationToken);
        if (progress.Nonce is not { } nonce)
        {
            return new RegistrationProgress(Math.Max(next, least), false, false);
        }

        if (next <= nonce)
        {
            // Not in a block, or not any more. A number further on waits for those before it; with none before it, the chain began anew.
            if (next < nonce && least <= next)
            {
                return default;
            }

            await SendAsync(statement, nonce, cancellationToken);
            return progress with { IsMined = false };
        }

        if (!progress.IsMined)
        {
            // Some nodes count a block's transactions before they show the block, and until then nothing of it is final.
            if (_sent.TryGetValue(nonce, out SentTransaction? sent) && (await _sender.StatusOfAsync(sent, cancellationToken)).State == TransactionState.Pending)
            {
                return progress;
            }

            _sent.TryRemove(nonce, out _);
            return await StandsAsync(statement, cancellationToken)
                ? progress with { IsMined = true }
                : default;
        }

        long settled = await _client.TransactionCountAsync(_sender.Account, await FinalBlockAsync(cancellationToken), cancellationToken);
        return progress with { IsFinal = settled > nonce };
    }

    private async ValueTask SendAsync(RegistryStatement statement, long nonce, CancellationToken cancellationToken)
    {
        EthereumCall call = statement switch
        {
            IdentityStatement identity => _contract.SetIdentity(identity.Subject, identity.Role, identity.Status, identity.ValidUntil, identity.Commitment),
            ConsentStatement consent => _contract.SetConsent(consent.Consent),
            SignedConsentStatement signed => _contract.SetConsent(signed.Consent, signed.Nonce, signed.Deadline, signed.Signature),
            _ => throw new ArgumentException("The registry has no place for such a statement.", nameof(statement)),
        };
        try
        {
            if (!_sent.TryGetValue(nonce, out SentTransaction? before))
            {
                _sent[nonce] = await _sender.SendAsync(call, nonce, cancellationToken);
            }
            else if (_sender.IsStuck(before.SentAt))
            {
                _sent[nonce] = await _sender.ReplaceAsync(before, cancellationToken);
            }
            else if ((await _sender.StatusOfAsync(before, cancellationToken)).State == TransactionState.Lost)
            {
                _sent.TryRemove(nonce, out _);
            }
        }
        catch (EthereumException e) when (e.Fault is EthereumFault.AlreadyKnown or EthereumFault.NonceTooLow)
        {
            // It waits already; or it got into a block just now, which the next look shows.
        }
        catch (EthereumException e) when (e.Fault == EthereumFault.Reverted)
        {
            // The contract refuses to hear a thing twice: if a block with the first came just now, that is no refusal.
            if (await _client.TransactionCountAsync(_sender.Account, BlockTag.Latest, cancellationToken) <= nonce)
            {
                throw;
            }
        }
    }

    private async ValueTask<bool> StandsAsync(RegistryStatement statement, CancellationToken cancellationToken)
    {
        switch (statement)
        {
            case ConsentStatement { Consent: var consent }:
                return await SaysAsync(consent, cancellationToken);

            // The number tells whether the signature was used; a revocation of what was never granted shows in nothing else.
            case SignedConsentStatement signed:
                return (await _contract.IdentityAsync(signed.Consent.Patient, cancellationToken)).Nonce > signed.Nonce && await SaysAsync(signed.Consent, cancellationToken);
        }

        var wanted = (IdentityStatement)statement;
        RegistryIdentity identity = await _contract.IdentityAsync(wanted.Subject, cancellationToken);
        return identity.Role == wanted.Role && identity.Status == wanted.Status && identity.ValidUntil.ToUnixTimeSeconds() == wanted.ValidUntil.ToUnixTimeSeconds();
    }

    private async ValueTask<bool> SaysAsync(RegistryConsent consent, CancellationToken cancellationToken) =>
        await _contract.ConsentAsync(consent.Patient, consent.Grantee, cancellationToken) == (consent.IsGranted ? consent.Commitment : default);

    private async ValueTask<BlockTag> FinalBlockAsync(CancellationToken cancellationToken) => _options.Confirmations is { } confirmations
        ? BlockTag.Of(Math.Max(0, await _client.BlockNumberAsync(cancellationToken) - confirmations))
        : BlockTag.Finalized;

    private async ValueTask CheckContractAsync(CancellationToken cancellationToken)
    {
        if (!_isContractChecked && !await ContractArtefact.HealthRegistry.IsAtAsync(_client, _contract.Address, cancellationToken))
        {
            throw new AnchorUnavailableException($"There is no HealthRegistry of this version at {Name}.");
        }

        _isContractChecked = true;
    }

    private static async ValueTask<T> AskAsync<T>(Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await ask();
        }
        catch (EthereumException e)
        {
            string reason = e.Fault == EthereumFault.Reverted ? $"The registry refuses: {HealthRegistryContract.ReasonOf(e)}." : e.Message;
            throw new AnchorUnavailableException(reason, e);
        }
    }
}
