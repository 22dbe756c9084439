using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.FhirServer.Server;

/// <summary>Which engine keeps the resources.</summary>
internal enum StoreEngine
{
    Sqlite,
    Cosmos,
}

/// <summary>How much is checked before a resource is taken.</summary>
internal enum ValidationLevel
{
    /// <summary>What reading checks: elements, types, cardinality, formats of values.</summary>
    Structure,

    /// <summary>And everything that R4 says of the type: invariants, bindings, references.</summary>
    Base,

    /// <summary>And the profiles in <c>meta.profile</c> that the server knows.</summary>
    Profiles,
}

internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>
/// What an operator may set, with its defaults; <see cref="Settings"/> says how each is called and what it means. Read once and checked
/// before anything starts.
/// </summary>
internal sealed record ServerOptions
{
    /// <summary>Addresses to listen on, separated by semicolons.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>The FHIR base that clients see, without the last slash; null when it is the address they sent the request to.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Folder of everything that is kept; folders of the parts are relative to it.</summary>
    public string Data { get; init; } = "data";

    public StoreEngine Engine { get; init; } = StoreEngine.Sqlite;

    public ValidationLevel Validation { get; init; } = ValidationLevel.Profiles;

    /// <summary>Whether an update may create a resource under an id that the client chose.</summary>
    public bool ClientIds { get; init; } = true;

    /// <summary>Whether that holds for those too from whom resources of the type may be withheld, who learn by it which ids are taken.</summary>
    public bool ClientAssignedIds { get; init; }

    /// <summary>Open access without login, on loopback addresses only.</summary>
    public bool Development { get; init; }

    /// <summary>Fixed bearer tokens, on loopback addresses only.</summary>
    public IReadOnlyList<TokenOptions> Tokens { get; init; } = [];

    /// <summary>Whether each interaction leaves an access record. Off for measurements and trials on this machine alone.</summary>
    public bool AccessLog { get; init; } = true;

    /// <summary>What holds for patients without consents, by the uri of <see cref="Consents.ConsentPolicy"/>.</summary>
    public string ConsentPolicy { get; init; } = Consents.ConsentPolicy.HoldingOrganisation;

    /// <summary>Sample patients to load into an empty store.</summary>
    public int Sample { get; init; }

    public LimitOptions Limits { get; init; } = new();

    public LabelOptions Labels { get; init; } = new();

    /// <summary>The embedded engine.</summary>
    public SqliteStoreOptions Sqlite { get; init; } = new() { Folder = "database" };

    /// <summary>Connections for reading; 0 for two per processor, at least four.</summary>
    public int SqliteReaders { get; init; }

    public KeyStoreOptions Keys { get; init; } = new() { Folder = "keys", TenantKeyFolder = "tenant-key" };

    public BlobOptions Blobs { get; init; } = new() { Folder = "blobs" };

    /// <summary>Time from one removal of blobs that no version refers to, to the next.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Least free space on the disk with the data for the server to call itself ready.</summary>
    public long ReadyDiskBytes { get; init; } = 256 << 20;

    public LedgerSettings Ledger { get; init; } = new();

    public SmartOptions Smart { get; init; } = new();

    public SubscriptionOptions Subscriptions { get; init; } = new();

    public BootstrapOptions Bootstrap { get; init; } = new();

    public TlsOptions Tls { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>A folder of a part, made absolute.</summary>
    public string Folder(string part) => Path.GetFullPath(Path.Combine(Data, part));

    /// <summary>How long somebody who broke the glass sees the patient's record.</summary>
    public TimeSpan BreakGlassLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often one requester may break the glass, or try to, within an hour.</summary>
    public int BreakGlassPerHour { get; init; } = 10;

    /// <summary>How long running requests may take to end once the process is asked to stop.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What bounds requests; searches and the reader of resources have their own parts.</summary>
internal sealed record LimitOptions
{
    /// <summary>Longest body of a request, Binary content and large data of attachments not counted.</summary>
    public long BodyBytes { get; init; } = 128 << 20;

    /// <summary>Most entries of a batch or transaction.</summary>
    public int BundleEntries { get; init; } = 20_000;

    /// <summary>Most resources that one conditional delete may delete; with 1, several matches are refused.</summary>
    public int ConditionalDeletes { get; init; } = 1_000;

    /// <summary>Requests that are worked on at the same time; more are answered 503.</summary>
    public int RequestsInFlight { get; init; } = 2_000;

    /// <summary>Requests of one client in a second, over time; 0 for no limit.</summary>
    public int ClientRequestsPerSecond { get; init; }

    /// <summary>Requests that one client may send at once after a pause; 0 for twice the rate.</summary>
    public int ClientBurst { get; init; }

    public ReadLimits Reading { get; init; } = ReadLimits.Default;

    public SearchLimits Search { get; init; } = new();
}

/// <summary>How https addresses are served.</summary>
internal sealed record TlsOptions
{
    /// <summary>File with the certificate and its chain (PEM), or with certificate and key (PKCS #12).</summary>
    public string? Certificate { get; init; }

    /// <summary>File with the private key (PEM), when it is not in the certificate's.</summary>
    public string? Key { get; init; }

    /// <summary>What opens the key, when it is encrypted.</summary>
    public string? Password { get; init; }
}

/// <summary>Where measurements and traces go; nowhere by default.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>An OpenTelemetry collector.</summary>
    public Uri? Endpoint { get; init; }

    public OtlpTransport Transport { get; init; } = OtlpTransport.Grpc;

    /// <summary>Of 100 requests that bring no decision of their own, how many are traced.</summary>
    public int TracePercent { get; init; } = 10;

    public TimeSpan MetricInterval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How the collector is spoken to: https://opentelemetry.io/docs/specs/otlp/</summary>
internal enum OtlpTransport
{
    Grpc,
    Http,
}

/// <summary>A fixed bearer token and on whose behalf its bearer acts.</summary>
internal sealed record TokenOptions
{
    public string Token { get; init; } = "";

    /// <summary>What metrics and access records call its bearer.</summary>
    public string Name { get; init; } = "";

    public Role? Role { get; init; }

    public string? FhirUser { get; init; }

    public string? Organisation { get; init; }

    public string? Purpose { get; init; }

    /// <summary>Whether a practitioner may break the glass, for a patient's safety.</summary>
    public bool MayBreakGlass { get; init; }

    public string Scopes { get; init; } = "";
}
