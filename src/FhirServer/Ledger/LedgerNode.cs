using System.Security.Cryptography;
using System.Text;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Registry;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Ledger;

/// <summary>
/// The ledger of this server: the worker over the store's leaves, the witness for others' logs, and mirrors of them. All of it runs beside the
/// requests; nothing that happens here stops them.
/// </summary>
internal sealed class LedgerNode : BackgroundService
{
    private const string ChainFolder = "chain";
    private const string MirrorFolder = "mirrors";
    private const string RegistryFolder = "registry";
    private const string WitnessKeyFile = "witness.key";

    private static readonly TimeSpan OutsideTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    // The first requests come first: starting a chain takes a processor for a moment.
    private static readonly TimeSpan StartPause = TimeSpan.FromMilliseconds(200);

    private readonly IHostApplicationLifetime _lifetime;
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LedgerNode> _logger;
    private readonly HttpClient _http;
    private readonly Stores _stores;
    private readonly OrganisationDirectory _organisations;
    private readonly string? _origin;

    public LedgerNode(Stores stores, OrganisationDirectory organisations, ServerOptions options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<LedgerNode> logger)
    {
        _organisations = organisations;
        _lifetime = lifetime;
        _stores = stores;
        _origin = stores.Resources.LedgerOrigin;
        _options = options;
        _time = time;
        _logger = logger;
        _http = NewClient(time);
        Leaves = new StoreLeaves(stores.Resources);
    }

    public LedgerSettings Settings => _options.Ledger;

    public ILeafSource Leaves { get; }

    /// <summary>Null while the ledger is off, and in the first moments.</summary>
    public LedgerWorker? Worker { get; private set; }

    /// <summary>Null when this server witnesses nobody.</summary>
    public WitnessServer? Witness { get; private set; }

    public IReadOnlyList<Mirror> Mirrors { get; private set; } = [];

    /// <summary>Null when organisations are registered nowhere.</summary>
    public RegistryWorker? Registry { get; private set; }

    /// <summary>What patients' wallets sign for the registry; null when there is none.</summary>
    public WalletSignatures? Signatures { get; private set; }

    /// <summary>Logs of others that showed two histories.</summary>
    public IReadOnlyList<string> Forks => [.. (Witness?.Forked ?? []).Union(Mirrors.Where(mirror => mirror.Fork is not null).Select(mirror => mirror.Origin))];

    public bool IsEnabled => _origin is not null;

    public TimeSpan CheckpointInterval => WorkerOptionsOf(_options).CheckpointInterval;

    /// <summary>Why the ledger could not be begun; null when it was.</summary>
    public string? StartProblem { get; private set; }

    /// <summary>The tiles of this server's log.</summary>
    public TileFolder Tiles => new(Folder);

    private string Folder => Path.Combine(_options.Folder(""), Settings.Folder);

    /// <summary>What the worker works with; the command line checks a log by the same.</summary>
    public static LedgerParts PartsOf(ServerOptions options, string origin, ILeafSource leaves, TimeProvider time)
    {
        LedgerSettings settings = options.Ledger;
        string folder = Path.Combine(options.Folder(""), settings.Folder);
        PrivateFolder.Make(folder);
        var signer = new NoteSigner(origin, LedgerKeyFile.ReadOrMake(Path.Combine(folder, settings.KeyFile)));
        return new LedgerParts(folder, leaves, signer, WorkerOptionsOf(options), time);
    }

    /// <summary>Reaches other servers' logs and witnesses.</summary>
    public static HttpClient NewClient(TimeProvider time) =>
        new(new PatientHandler(new SocketsHttpHandler { AllowAutoRedirect = false }, time)) { Timeout = OutsideTimeout };

    public static IReadOnlyList<WitnessClient> WitnessesOf(ServerOptions options, HttpClient http) =>
        [.. options.Ledger.Witnesses.Select(witness => new WitnessClient(http, witness.Address, witness.Key))];

    /// <summary>Checks the whole ledger while it goes on.</summary>
    public Task<AuditReport> AuditAsync(bool isDeep, Action<double> onProgress, CancellationToken cancellationToken) =>
        new LedgerAudit(_stores, _options, _http, Worker?.Target, _time).RunAsync(isDeep, onProgress, cancellationToken);

    /// <summary>The folder of a mirror: origins may have letters that file names may not.</summary>
    public static string MirrorName(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    public override void Dispose()
    {
        Worker?.Dispose();
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_origin is null)
        {
            return;
        }

        DevelopmentChain? chain = null;
        try
        {
            await WaitForStartAsync(stoppingToken);
            LedgerParts parts = PartsOf(_options, _origin, Leaves, _time);
            chain = Settings.Chain == LedgerChain.Development ? StartChain(_origin) : null;

            // Who sees the worker sees all of the ledger.
            Witness = OpenWitness();
            Worker = new LedgerWorker(parts with
            {
                Witnesses = WitnessesOf(_options, _http),
                Target = TargetOf(chain),
                OnAlarm = alarm => LedgerLog.Alarm(_logger, alarm.Finding),
                OnFailure = new FailureReports(_logger, _time).Report,
            });
            LedgerLog.Started(_logger, _origin, parts.Signer.Verifier);
            Registry = OpenRegistry(chain);
            await Task.WhenAll([Worker.RunAsync(stoppingToken), Registry?.RunAsync(stoppingToken) ?? Task.CompletedTask, .. OpenMirrors().Select(mirror => FollowAsync(mirror, stoppingToken))]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops before the ledger began.
        }
        catch (Exception unusable) when (!stoppingToken.IsCancellationRequested)
        {
            // A key or folder that cannot be used, or whatever else: FHIR goes on, and health says what is wrong.
            StartProblem = unusable.Message;
            LedgerLog.CannotStart(_logger, unusable.Message);
        }
        finally
        {
            if (chain is not null)
            {
                await chain.DisposeAsync();
            }
        }
    }

    private async Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = _lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(cancellationToken);
        await Task.Delay(StartPause, _time, cancellationToken);
    }

    private static LedgerOptions WorkerOptionsOf(ServerOptions options) => new()
    {
        CheckpointInterval = options.Ledger.CheckpointInterval ?? TimeSpan.FromSeconds(options.Development ? 1 : 10),
        AnchorInterval = options.Ledger.AnchorInterval,
        FeePerDay = options.Ledger.FeePerDay,
        WitnessesNeeded = options.Ledger.WitnessesNeeded,
    };

    private DevelopmentChain StartChain(string origin)
    {
        var chain = new DevelopmentChain(new DevelopmentChainOptions { Folder = Path.Combine(Folder, ChainFolder) }, origin, _time);
        chain.Start();
        return chain;
    }

    private Func<CancellationToken, ValueTask<IAnchorTarget>>? TargetOf(DevelopmentChain? chain) => Settings.Chain switch
    {
        LedgerChain.Development => token => WhenUpAsync(chain!, token),
        LedgerChain.Rpc => _ => new(AnchorTargets.OfRpc(Settings.Rpc, _origin!, _time)),
        _ => null,
    };

    /// <summary>A chain that is being started is no failure to tell the operator of; one that does not come up says why when it is asked.</summary>
    private async ValueTask<IAnchorTarget> WhenUpAsync(DevelopmentChain chain, CancellationToken cancellationToken)
    {
        try
        {
            await chain.WaitUntilUpAsync(cancellationToken).WaitAsync(StartPatience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The first question to it is answered with what is wrong.
        }

        return chain;
    }

    private RegistryWorker? OpenRegistry(DevelopmentChain? chain)
    {
        IIdentityRegistrar? registrar = Settings.Chain switch
        {
            LedgerChain.Development => chain,
            LedgerChain.Rpc when Settings.Registry.Contract is not null => AnchorTargets.RegistrarOf(Settings, _time),
            _ => null,
        };
        if (registrar is null)
        {
            return null;
        }

        string folder = Path.Combine(Folder, RegistryFolder);
        var names = new RegistryNames(_stores.Resources, _stores.Keys);
        var wallets = new Wallets(_stores.Resources, names);
        ConsentOutbox outbox = ConsentOutbox.Open(folder, registrar.Name);
        Signatures = new WalletSignatures(names, wallets, registrar, outbox, _time);
        return new RegistryWorker(
            _organisations,
            _stores.Resources,
            _stores.Keys,
            registrar,
            RegistryBook.Open(folder, registrar.Name),
            _time,
            new FailureReports(_logger, _time).ReportRegistry,
            new ConsentRegister(_stores.Resources, names, wallets, registrar, outbox, _options.BaseUrl, _time));
    }

    private WitnessServer? OpenWitness()
    {
        if (Settings.WitnessFor.Count == 0)
        {
            return null;
        }

        // A key of its own: what a log signs and what a witness signs must not be taken for one another.
        var cosigner = new Cosigner(_origin + "/witness", LedgerKeyFile.ReadOrMake(Path.Combine(Folder, WitnessKeyFile)));
        return new WitnessServer(Path.Combine(Folder, WitnessServer.FolderName), cosigner, Settings.WitnessFor, _time);
    }

    private IReadOnlyList<Mirror> OpenMirrors() => Mirrors =
    [
        .. Settings.Mirrors.Select(log => Mirror.Open(Path.Combine(Folder, MirrorFolder, MirrorName(log.Key.Name)), log.Key, _http, log.Address)),
    ];

    private async Task FollowAsync(Mirror mirror, CancellationToken cancellationToken)
    {
        var reports = new FailureReports(_logger, _time);
        try
        {
            while (mirror.Fork is null)
            {
                try
                {
                    await mirror.FollowAsync(cancellationToken);
                }
                catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
                {
                    reports.ReportMirror(mirror.Origin, failure);
                }

                await Task.Delay(Settings.MirrorInterval, _time, cancellationToken);
            }

            LedgerLog.Forked(_logger, mirror.Fork.Detail);
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    /// <summary>Tells the operator of what does not work, but not with every attempt.</summary>
    private sealed class FailureReports(ILogger logger, TimeProvider time)
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

        private readonly Lock _lock = new();
        private string? _last;
        private DateTimeOffset _at;

        public void Report(Exception failure)
        {
            if (IsNews(failure.Message))
            {
                LedgerLog.Failed(logger, failure.Message);
            }
        }

        public void ReportRegistry(Exception failure)
        {
            if (IsNews(failure.Message))
            {
                LedgerLog.RegistryFailed(logger, failure.Message);
            }
        }

        public void ReportMirror(string origin, Exception failure)
        {
            if (IsNews(failure.Message))
            {
                LedgerLog.MirrorFailed(logger, origin, failure.Message);
            }
        }

        private bool IsNews(string message)
        {
            lock (_lock)
            {
                DateTimeOffset now = time.GetUtcNow();
                bool isNews = message != _last || now - _at > Pause;
                (_last, _at) = isNews ? (message, now) : (_last, _at);
                return isNews;
            }
        }
    }
}
