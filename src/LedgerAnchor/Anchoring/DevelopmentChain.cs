using System.Text;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>Where a development chain lives.</summary>
public sealed record DevelopmentChainOptions
{
    public const long ChainId = 31337;

    /// <summary>Holds its state and its key. One process at a time uses it.</summary>
    public required string Folder { get; init; }

    /// <summary>The program anvil; null takes the one beside this program, or else on the path.</summary>
    public string? Executable { get; init; }

    /// <summary>Of 127.0.0.1; 0 takes a free one at each start.</summary>
    public int Port { get; init; }

    /// <summary>More arguments for anvil.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>
/// A chain of our own for development and demonstration: anvil as a child process, with our contracts on it. It shows what a real chain
/// would do; it proves nothing to anybody else, because whoever has this machine can make another.
/// </summary>
/// <remarks>
/// Safe to use from several threads. It runs in the background and starts again when it ends; until it is up, methods throw
/// <see cref="AnchorUnavailableException"/>. A head is final here when the state that holds it is on disk: neither the end of anvil nor
/// that of this process loses it. anvil cannot do that itself: it overwrites its file in place each second, changed or not, and being
/// killed while doing so leaves it unreadable (docs/adr/0022).
/// </remarks>
public sealed class DevelopmentChain : IAnchorTarget, IIdentityRegistrar, IAsyncDisposable
{
    private const string StateFile = "state";
    private const string EndpointFile = "endpoint";

    // Saving writes everything: it may take this part of the time, so that a long chain does not keep the machine busy.
    private const int SavingShare = 20;

    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMinutes(1);

    private readonly DevelopmentChainOptions _options;
    private readonly string _origin;
    private readonly TimeProvider _time;
    private readonly RealDisk _disk = RealDisk.Instance;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _saving = new(1);
    private readonly DevelopmentKeys _keys;

    private volatile RunningChain? _running;
    private volatile string? _problem;
    private volatile TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;
    private Hash256 _savedBlock;
    private long _nextSave;

    /// <param name="origin">Origin line of the log that is anchored.</param>
    public DevelopmentChain(DevelopmentChainOptions options, string origin, TimeProvider time)
    {
        (_options, _origin, _time) = (options, origin, time);
        _disk.CreateFolder(options.Folder);
        _keys = DevelopmentKeys.ReadOrMake(_disk, Path.Combine(options.Folder, "key"), origin);
        Name = EthereumAnchor.NameOf(DevelopmentChainOptions.ChainId, _keys.CheckpointAnchor);
    }

    public string Name { get; }

    /// <summary>Address of the contract HealthRegistry. Its owner is <see cref="RegistryOwner"/>.</summary>
    public EthereumAddress Registry => _keys.HealthRegistry;

    /// <summary>Owns the registry and the anchor contract; may be used for calls of its own.</summary>
    public IEthereumSigner RegistryOwner => _keys.Owner;

    /// <summary>The node's JSON-RPC; null while it is not up.</summary>
    public Uri? Endpoint => _running?.Node.Endpoint;

    /// <summary>Process id of the node; null while it is not up.</summary>
    public int? ProcessId => _running?.Node.Id;

    /// <summary>Why it is not up; null when it is, or when nothing went wrong yet.</summary>
    public string? Problem => _problem;

    /// <summary>
    /// The JSON-RPC of the chain that a process keeps in this folder, for another process that wants to read it; null when none is up. After
    /// a crash it may be one that is no more.
    /// </summary>
    public static Uri? EndpointIn(string folder) =>
        RealDisk.Instance.Read(Path.Combine(folder, EndpointFile)) is { } text && Uri.TryCreate(Encoding.ASCII.GetString(text), UriKind.Absolute, out Uri? endpoint) && endpoint.IsLoopback
            ? endpoint
            : null;

    /// <summary>Begins to run it in the background.</summary>
    public void Start() => _loop = RunAsync();

    public Task WaitUntilUpAsync(CancellationToken cancellationToken) => _up.Task.WaitAsync(cancellationToken);

    public ValueTask<TreeHead> ReadHeadAsync(CancellationToken cancellationToken) =>
        AskAsync(running => running.Anchor.ReadHeadAsync(cancellationToken), cancellationToken);

    public ValueTask<AnchorSubmission> SubmitAsync(TreeHead previous, TreeHead next, CancellationToken cancellationToken) =>
        AskAsync(running => running.Anchor.SubmitAsync(previous, next, cancellationToken), cancellationToken);

    public ValueTask<AnchorStatus> StatusOfAsync(AnchorSubmission submission, CancellationToken cancellationToken) => AskAsync(
        async running =>
        {
            AnchorStatus status = await running.Anchor.StatusOfAsync(submission, cancellationToken);
            return status.State == AnchorState.Final && !await TrySaveAsync(running, isUrgent: false, cancellationToken) ? status with { State = AnchorState.Mined } : status;
        },
        cancellationToken);

    string IIdentityRegistrar.Name => EthereumAnchor.NameOf(DevelopmentChainOptions.ChainId, Registry);

    /// <inheritdoc/>
    public ValueTask<RegistrationProgress> AdvanceAsync(RegistryStatement statement, RegistrationProgress progress, long least, CancellationToken cancellationToken) => AskAsync(
        async running =>
        {
            RegistrationProgress next = await running.Registrar.AdvanceAsync(statement, progress, least, cancellationToken);
            return next with { IsFinal = next.IsFinal && await TrySaveAsync(running, isUrgent: false, cancellationToken) };
        },
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> SaysAsync(RegistryStatement statement, CancellationToken cancellationToken) =>
        AskAsync(running => running.Registrar.SaysAsync(statement, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public TypedDataDomain Domain => HealthRegistryContract.DomainOf(DevelopmentChainOptions.ChainId, Registry);

    /// <inheritdoc/>
    public ValueTask<PatientAccount> PatientAsync(EthereumAddress patient, CancellationToken cancellationToken) =>
        AskAsync(running => running.Registrar.PatientAsync(patient, cancellationToken), cancellationToken);

    /// <summary>Brings the chain as it is now to disk, if it changed.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken) =>
        await AskAsync(running => TrySaveAsync(running, isUrgent: true, cancellationToken), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _loop;
        _saving.Dispose();
        _keys.Dispose();
    }

    private async ValueTask<T> AskAsync<T>(Func<RunningChain, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        RunningChain running = _running ?? throw new AnchorUnavailableException("The development chain is not up" + (_problem is { } problem ? $": {problem}" : "."));
        try
        {
            return await ask(running);
        }
        catch (Exception e) when (e is EthereumException or IOException or ObjectDisposedException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new AnchorUnavailableException($"The development chain failed during a request: {e.Message}", e);
        }
    }

    private async Task RunAsync()
    {
        TimeSpan pause = _firstPause;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await using RunningChain running = await StartNodeAsync(_stopping.Token);
                await TrySaveAsync(running, isUrgent: true, _stopping.Token);
                _disk.Replace(Path.Combine(_options.Folder, EndpointFile), Encoding.ASCII.GetBytes(running.Node.Endpoint.AbsoluteUri));
                (_running, _problem, pause) = (running, null, _firstPause);
                _up.TrySetResult();
                await StayUpAsync(running);
                GoDown("It has ended.");
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // Whatever it was: this loop is all that brings the chain back.
                GoDown(e.Message);
            }

            await Task.Delay(pause, _time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
        }

        _up.TrySetCanceled(CancellationToken.None);
    }

    // In this order: who sees that it is down and then waits until it is up must not be told that it is.
    private void GoDown(string problem)
    {
        if (_up.Task.IsCompleted)
        {
            _up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        (_problem, _running) = (problem, null);
        try
        {
            _disk.Delete(Path.Combine(_options.Folder, EndpointFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who reads it then finds nobody there.
        }
    }

    private async Task StayUpAsync(RunningChain running)
    {
        try
        {
            await running.Node.Ended.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            await TrySaveAsync(running, isUrgent: true, CancellationToken.None);
        }
    }

    private async Task<RunningChain> StartNodeAsync(CancellationToken cancellationToken)
    {
        // Old states are kept in memory, and only some: by default anvil writes thousands of them into the user's home.
        string[] arguments = ["--chain-id", $"{DevelopmentChainOptions.ChainId}", "--accounts", "0", "--prune-history", "64", .. _options.Arguments];
        AnvilProcess node = await AnvilProcess.StartAsync(Executable(), _options.Port, arguments, cancellationToken);
        var running = new RunningChain(node, _keys, _origin, _time);
        try
        {
            if (_disk.Read(Path.Combine(_options.Folder, StateFile)) is { } state)
            {
                await running.RestoreAsync(state, cancellationToken);
            }

            await running.PrepareAsync(cancellationToken);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves the chain as it is now, if it changed and its turn has come; false when it has to wait.</summary>
    private async ValueTask<bool> TrySaveAsync(RunningChain running, bool isUrgent, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken);
        try
        {
            // Asked before: what comes in between is saved too, but is not taken for saved.
            Hash256 newest = await running.NewestBlockAsync(cancellationToken);
            long begun = _time.GetTimestamp();
            if (newest == _savedBlock || (begun < _nextSave && !isUrgent))
            {
                return newest == _savedBlock;
            }

            _disk.Replace(Path.Combine(_options.Folder, StateFile), await running.StateAsync(cancellationToken));
            _savedBlock = newest;
            long ended = _time.GetTimestamp();
            _nextSave = ended + ((ended - begun) * SavingShare);
            return true;
        }
        finally
        {
            _saving.Release();
        }
    }

    private string Executable()
    {
        if (_options.Executable is { } configured)
        {
            return configured;
        }

        string beside = Path.Combine(AppContext.BaseDirectory, "anvil");
        return File.Exists(beside) ? beside : "anvil";
    }
}
