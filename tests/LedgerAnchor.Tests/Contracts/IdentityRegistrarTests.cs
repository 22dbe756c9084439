using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>What is said in the registry is said once, wherever a crash comes.</summary>
public sealed class IdentityRegistrarTests : IAsyncLifetime
{
    private RegistryTestChain _chain = null!;
    private LocalSigner _account = null!;
    private EthereumAddress _subject;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _chain = await RegistryTestChain.StartAsync();
        _account = await _chain.Chain.AccountAsync();
        _subject = (await _chain.Chain.AccountAsync()).Address;
        await _chain.VerifyAsync(_chain.Owner, _account, RegistryRole.Verifier);
    }

    public ValueTask DisposeAsync() => _chain.DisposeAsync();

    [Fact]
    public async Task Each_step_is_taken_by_another_process_and_all_say_it_once()
    {
        IdentityStatement statement = Verified("first");
        RegistrationProgress progress = default;
        var seen = new List<RegistrationProgress>();
        for (int i = 0; i < 50 && !progress.IsFinal; i++)
        {
            // Twice the same: the second does not know that the first came so far.
            await Registrar().AdvanceAsync(statement, progress, 0, Cancel);
            RegistrationProgress next = await Registrar().AdvanceAsync(statement, progress, 0, Cancel);
            if (next != progress)
            {
                seen.Add(next);
            }

            progress = next;
        }

        Assert.Equal([new(0, false, false), new(0, true, false), new(0, true, true)], seen);
        Assert.True(await Registrar().SaysAsync(statement, Cancel));
        Assert.False(await Registrar().SaysAsync(statement with { Status = RegistryStatus.Suspended }, Cancel));
        await AssertSaidAsync(statement);
    }

    [Fact]
    public async Task What_waits_in_the_pool_is_not_sent_beside_itself()
    {
        await _chain.Chain.SetMiningAsync(false);
        IdentityStatement statement = Verified("first");
        RegistrationProgress numbered = await Registrar().AdvanceAsync(statement, default, 0, Cancel);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(numbered, await Registrar().AdvanceAsync(statement, numbered, 0, Cancel));
        }

        await _chain.Chain.SetMiningAsync(true);
        await _chain.Chain.MineAsync();

        await UntilFinalAsync(Registrar(), statement, numbered);
        await AssertSaidAsync(statement);
    }

    [Fact]
    public async Task Statements_follow_one_another()
    {
        IdentityRegistrar registrar = Registrar();
        IdentityStatement first = Verified("first");
        IdentityStatement second = first with { Status = RegistryStatus.Suspended, Commitment = RegistryTestChain.Some("second") };
        RegistrationProgress done = await UntilFinalAsync(registrar, first, default);
        await UntilFinalAsync(registrar, second, default, done.Nonce!.Value + 1);

        await AssertSaidAsync(first, second);
        Assert.True(await registrar.SaysAsync(second, Cancel));
    }

    /// <summary>The verifier that registered a patient is her custodian, and may say what she agreed to.</summary>
    [Fact]
    public async Task Consents_of_a_patient_are_said_after_her()
    {
        IdentityRegistrar registrar = Registrar();
        IdentityStatement patient = Verified("patient") with { Role = RegistryRole.Patient };
        var given = new RegistryConsent(_subject, RegistryTestChain.Some("grantee"), RegistryTestChain.Some("version 1"), IsGranted: true);
        RegistryConsent taken = given with { Commitment = RegistryTestChain.Some("version 2"), IsGranted = false };

        RegistrationProgress done = await UntilFinalAsync(registrar, patient, default);
        done = await UntilFinalAsync(registrar, new ConsentStatement(given), default, done.Nonce!.Value + 1);
        Assert.True(await registrar.SaysAsync(new ConsentStatement(given), Cancel));
        Assert.False(await registrar.SaysAsync(new ConsentStatement(taken), Cancel));

        await UntilFinalAsync(registrar, new ConsentStatement(taken), default, done.Nonce!.Value + 1);
        Assert.False(await registrar.SaysAsync(new ConsentStatement(given), Cancel));
        Assert.True(await registrar.SaysAsync(new ConsentStatement(taken), Cancel));
    }

    [Fact]
    public async Task What_a_patient_signed_is_said_once_and_her_number_tells_that_it_was()
    {
        IdentityRegistrar registrar = Registrar();
        using LocalSigner wallet = LocalSigner.Create();
        Assert.Equal(default, await registrar.PatientAsync(wallet.Address, Cancel));
        RegistrationProgress done = await UntilFinalAsync(registrar, Verified("patient") with { Subject = wallet.Address, Role = RegistryRole.Patient }, default);
        Assert.Equal(new PatientAccount(0, IsKnown: true, IsOurs: true), await registrar.PatientAsync(wallet.Address, Cancel));

        // Nothing was granted, so only the number shows that the revocation was used.
        SignedConsentStatement signed = await SignedAsync(wallet, isGranted: false);
        Assert.False(await registrar.SaysAsync(signed, Cancel));
        await UntilFinalAsync(Registrar(), signed, default, done.Nonce!.Value + 1);

        Assert.True(await registrar.SaysAsync(signed, Cancel));
        Assert.Equal(new PatientAccount(1, IsKnown: true, IsOurs: true), await registrar.PatientAsync(wallet.Address, Cancel));
        Assert.Equal(new PatientAccount(0, IsKnown: true, IsOurs: false), await registrar.PatientAsync(_chain.Patient.Address, Cancel));
    }

    /// <summary>A signature counts once, so what is asked again in between is refused; that it stands already is no refusal.</summary>
    [Fact]
    public async Task At_whichever_question_the_block_comes_it_is_said_once()
    {
        RegistrationProgress done = default;
        bool isAskedLess = false;
        for (int question = 1; !isAskedLess; question++)
        {
            using LocalSigner wallet = LocalSigner.Create();
            long next = done.Nonce is { } last ? last + 1 : 0;
            done = await UntilFinalAsync(Registrar(), Verified("patient") with { Subject = wallet.Address, Role = RegistryRole.Patient }, default, next);
            SignedConsentStatement signed = await SignedAsync(wallet, isGranted: true);
            RegistrationProgress numbered = await Registrar().AdvanceAsync(signed, default, done.Nonce!.Value + 1, Cancel);

            using var handler = new BetweenHandler(question, () => UntilFinalAsync(Registrar(), signed, numbered));
            using var client = new EthereumClient(new JsonRpcOptions { Endpoint = _chain.Chain.Endpoint }, handler);
            done = await UntilFinalAsync(Registrar(client: client), signed, numbered);

            Assert.Equal(numbered.Nonce, done.Nonce);
            Assert.True(await Registrar().SaysAsync(signed, Cancel));
            Assert.Equal(done.Nonce + 1, await _chain.Chain.Client.TransactionCountAsync(_account.Address, BlockTag.Latest, Cancel));
            isAskedLess = handler.Asked < question;
        }
    }

    [Fact]
    public async Task A_reorganisation_makes_it_be_sent_again()
    {
        IdentityRegistrar registrar = Registrar(confirmations: 3);
        IdentityStatement statement = Verified("first");
        RegistrationProgress progress = default;
        while (!progress.IsMined)
        {
            progress = await registrar.AdvanceAsync(statement, progress, 0, Cancel);
        }

        Assert.False((await registrar.AdvanceAsync(statement, progress, 0, Cancel)).IsFinal);
        await AssertSaidAsync(statement);
        await _chain.Chain.ReorganiseAsync(1);
        Assert.Equal(progress with { IsMined = false }, await registrar.AdvanceAsync(statement, progress, 0, Cancel));

        progress = progress with { IsMined = false };
        while (!progress.IsMined)
        {
            progress = await registrar.AdvanceAsync(statement, progress, 0, Cancel);
        }

        await _chain.Chain.MineAsync(3);
        Assert.True((await registrar.AdvanceAsync(statement, progress, 0, Cancel)).IsFinal);
        await AssertSaidAsync(statement);
    }

    [Fact]
    public async Task A_chain_that_began_anew_gives_new_numbers()
    {
        RegistrationProgress later = await Registrar().AdvanceAsync(Verified("first"), new RegistrationProgress(7, true, false), 0, Cancel);
        Assert.Equal(default, later);

        // Behind others that wait it keeps its own.
        Assert.Equal(new RegistrationProgress(7, false, false), await Registrar().AdvanceAsync(Verified("first"), new RegistrationProgress(7, false, false), 7, Cancel));
    }

    [Fact]
    public async Task Who_is_no_verifier_is_refused_with_the_reason()
    {
        LocalSigner stranger = await _chain.Chain.AccountAsync();
        var registrar = new IdentityRegistrar(_chain.Chain.Client, _chain.Chain.SenderOf(stranger), _chain.Registry.Address, new SenderOptions { ChainId = TestChain.ChainId, Confirmations = 0 });
        RegistrationProgress numbered = await registrar.AdvanceAsync(Verified("first"), default, 0, Cancel);

        AnchorUnavailableException refusal = await Assert.ThrowsAsync<AnchorUnavailableException>(() => registrar.AdvanceAsync(Verified("first"), numbered, 0, Cancel).AsTask());

        Assert.Contains("NotAllowed", refusal.Message);
        Assert.Empty(await SaidAsync());
    }

    [Fact]
    public async Task Another_contract_is_not_written_to()
    {
        var registrar = new IdentityRegistrar(_chain.Chain.Client, _chain.Chain.SenderOf(_account), _subject, new SenderOptions { ChainId = TestChain.ChainId, Confirmations = 0 });

        await Assert.ThrowsAsync<AnchorUnavailableException>(() => registrar.AdvanceAsync(Verified("first"), default, 0, Cancel).AsTask());
    }

    private IdentityStatement Verified(string commitment) =>
        new(_subject, RegistryRole.Hospital, RegistryStatus.Verified, DateTimeOffset.FromUnixTimeSeconds(RegistryTestChain.InAYear.ToUnixTimeSeconds()), RegistryTestChain.Some(commitment));

    /// <summary>The first that this wallet signs.</summary>
    private async Task<SignedConsentStatement> SignedAsync(LocalSigner wallet, bool isGranted)
    {
        var consent = new RegistryConsent(wallet.Address, RegistryTestChain.Some("grantee"), RegistryTestChain.Some("version"), isGranted);
        DateTimeOffset deadline = DateTimeOffset.FromUnixTimeSeconds(RegistryTestChain.InAYear.ToUnixTimeSeconds());
        return new SignedConsentStatement(consent, 0, deadline, await wallet.SignAsync(HealthRegistryContract.ConsentToSign(Registrar().Domain, consent, 0, deadline), Cancel));
    }

    /// <summary>As another process would have it: nothing is remembered.</summary>
    private IdentityRegistrar Registrar(int confirmations = 0, EthereumClient? client = null) => new(
        client ?? _chain.Chain.Client,
        _chain.Chain.SenderOf(_account, client: client, confirmations: confirmations),
        _chain.Registry.Address,
        new SenderOptions { ChainId = TestChain.ChainId, Confirmations = confirmations });

    private async Task<RegistrationProgress> UntilFinalAsync(IdentityRegistrar registrar, RegistryStatement statement, RegistrationProgress progress, long least = 0)
    {
        long begun = Environment.TickCount64;
        while (!progress.IsFinal)
        {
            Assert.True(Environment.TickCount64 - begun < 120_000, "The statement does not become final.");
            progress = await registrar.AdvanceAsync(statement, progress, least, Cancel);
        }

        return progress;
    }

    /// <summary>Exactly this. Waits: what counts already can be in a block that the node does not show yet.</summary>
    private async Task AssertSaidAsync(params IdentityStatement[] statements)
    {
        List<IdentityStatement> said = await TestChain.WaitAsync(async () => await SaidAsync() is var all && all.Count >= statements.Length ? all : null, "what was said");
        Assert.Equal(statements, said);
    }

    private async Task<List<IdentityStatement>> SaidAsync()
    {
        var said = new List<IdentityStatement>();
        await foreach (RegistryEvent one in _chain.Registry.EventsAsync(0, await _chain.Chain.Client.BlockNumberAsync(Cancel), Cancel))
        {
            if (one is IdentityChanged changed && changed.Subject == _subject)
            {
                said.Add(new IdentityStatement(changed.Subject, changed.Role, changed.Status, changed.ValidUntil, changed.Commitment));
            }
        }

        return said;
    }
}
